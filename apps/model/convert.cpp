// aio_model convert IN OUT: the tensors of a checkpoint into another container, to the bit unless asked otherwise.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/model/commands.h"
#include "models/checkpoint/adapt.h"
#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/known_names.h"
#include "models/checkpoint/text.h"
#include "models/checkpoint/torch_writer.h"
#include "tensor/error.h"
#include "tensor/safetensors.h"

namespace aio::apps {
namespace {

using weights::Checkpoint;
using weights::printable;

struct ConvertOptions {
  std::string in, out;
  bool known_names = false;
  std::vector<std::string> renames, drops;
  std::int64_t frames = 0;
  std::int64_t image_size = 0;
  bool no_crc = false;
  bool json = false;
};

bool is_torch_name(const std::string& path) {
  for (const char* const end : {".pth", ".pt", ".ckpt", ".bin"}) {
    if (path.ends_with(end)) return true;
  }
  check(path.ends_with(".safetensors"), ErrorCode::config, path,
        ": which format? expected a name that ends with .safetensors, .pth, .pt, .ckpt or .bin");
  return false;
}

weights::Rename parse_rename(const std::string& text) {
  const std::size_t equals = text.find('=');
  check(equals != std::string::npos && equals > 0, ErrorCode::config, "--rename ", text, ": expected FROM=TO");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// The tensors under the names asked for, in the file's order unless names are mapped.
std::vector<FileTensor> named_tensors(const Checkpoint& checkpoint, const ConvertOptions& options,
                                      std::vector<std::string>& notes) {
  std::vector<weights::Rename> renames;
  for (const std::string& rename : options.renames) renames.push_back(parse_rename(rename));
  std::vector<FileTensor> tensors;
  if (options.known_names || !renames.empty()) {
    const auto rules = options.known_names ? weights::KnownNames::apply : weights::KnownNames::ignore;
    const weights::NamedFileTensors named = weights::map_names(checkpoint, renames, rules);
    notes = named.notes;
    for (const auto& [name, tensor] : named.tensors) {
      tensors.push_back(*tensor);
      tensors.back().name = name;
    }
    for (const auto& [name, why] : named.dropped) notes.push_back(printable(name) + " dropped: " + why);
  } else {
    tensors = checkpoint.tensors;
  }
  for (const std::string& prefix : options.drops) {
    const auto matches = [&](const FileTensor& tensor) { return tensor.name.starts_with(prefix); };
    const auto count = std::erase_if(tensors, matches);
    check(count > 0, ErrorCode::config, "--drop ", prefix, ": no tensor's name starts so");
    notes.push_back(message(count, " tensors ", printable(prefix), "* dropped"));
  }
  return tensors;
}

FileTensor& find_ending(std::vector<FileTensor>& tensors, const std::string& path, std::string_view end,
                        std::size_t rank) {
  for (FileTensor& tensor : tensors) {
    if (tensor.name.ends_with(end) && tensor.shape.size() == rank) return tensor;
  }
  fail(ErrorCode::format, path, ": has no tensor *", end, " of ", rank, " dimensions to adapt");
}

/// --frames and --image-size. Adapted tables become f32.
void resize_tables(std::vector<FileTensor>& tensors, const ConvertOptions& options, std::vector<std::string>& notes) {
  if (options.frames > 0) {
    FileTensor& table = find_ending(tensors, options.in, "temporal_embed", 3);
    notes.push_back(message(printable(table.name), ": ", table.shape[1], " to ", options.frames, " frames"));
    table = to_file_tensor(table.name, weights::resize_temporal_table(to_tensor(table, options.in), options.frames));
  }
  if (options.image_size > 0) {
    const auto patch =
        static_cast<std::int64_t>(find_ending(tensors, options.in, "patch_embed.proj.weight", 4).shape[3]);
    check(patch > 0 && options.image_size % patch == 0, ErrorCode::config, "--image-size ", options.image_size,
          ": not a multiple of the patch size ", patch);
    const bool distilled = std::any_of(tensors.begin(), tensors.end(),
                                       [](const FileTensor& tensor) { return tensor.name.ends_with("dist_token"); });
    FileTensor& table = find_ending(tensors, options.in, "pos_embed", 3);
    notes.push_back(message(printable(table.name), ": interpolated to ", options.image_size / patch, " x ",
                            options.image_size / patch, " patches"));
    table = to_file_tensor(table.name, weights::resize_position_table(to_tensor(table, options.in), distilled ? 2 : 1,
                                                                      options.image_size / patch));
  }
}

/// What safetensors can keep of the rest of a file: facts and hyper-parameters, as texts.
std::map<std::string, std::string> safetensors_metadata(const Checkpoint& checkpoint) {
  std::map<std::string, std::string> metadata = checkpoint.metadata;
  if (!checkpoint.hyper_parameters.empty()) metadata["hyper_parameters"] = checkpoint.hyper_parameters;
  metadata.emplace("format", "pt");
  return metadata;
}

int convert(const ConvertOptions& options) {
  const bool torch = is_torch_name(options.out);
  weights::OpenOptions open;
  open.torch.verify_crc = !options.no_crc;
  const Checkpoint checkpoint = weights::open_checkpoint(options.in, open);
  std::vector<std::string> notes;
  std::vector<FileTensor> tensors = named_tensors(checkpoint, options, notes);
  resize_tables(tensors, options, notes);
  if (!checkpoint.skipped.empty()) {
    notes.push_back("no tensors, left out: " + printable(weights::listed(checkpoint.skipped, ", ", 5), 500));
  }
  if (!checkpoint.sections.empty()) {
    notes.push_back("not converted: " + printable(weights::listed(checkpoint.sections, ", ", 5), 500));
  }
  if (torch) {
    weights::save_torch(options.out, tensors);
  } else {
    save_file_tensors(options.out, tensors, safetensors_metadata(checkpoint));
  }
  std::size_t bytes = 0;
  for (const FileTensor& tensor : tensors) bytes += tensor.bytes();
  if (options.json) {
    const nlohmann::ordered_json document = {
        {"in", options.in},          {"out", options.out}, {"container", torch ? "torch zip" : "safetensors"},
        {"tensors", tensors.size()}, {"bytes", bytes},     {"notes", notes}};
    std::printf("%s\n", document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return kOk;
  }
  std::printf("%s: %zu tensors, %zu bytes, from %s (%s%s%s)\n", options.out.c_str(), tensors.size(), bytes,
              options.in.c_str(), checkpoint.container.c_str(), checkpoint.wrapper.empty() ? "" : ", ",
              checkpoint.wrapper.c_str());
  for (const std::string& note : notes) std::printf("  %s\n", note.c_str());
  return kOk;
}

}  // namespace

void add_convert(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("convert", "a checkpoint's tensors into safetensors or for torch.load");
  auto options = std::make_shared<ConvertOptions>();
  command->add_option("in", options->in, "Lightning .ckpt, PyTorch .pth, timm, DeiT, safetensors")->required();
  command->add_option("out", options->out, "NAME.safetensors, or NAME.pth for torch.load")->required();
  command->add_flag("--known-names", options->known_names,
                    "All-in-one's names: wrapper prefixes, timm's and CoTrain's names mapped");
  command->add_option("--rename", options->renames, "FROM=TO: names that start with FROM start with TO");
  command->add_option("--drop", options->drops, "leave out names that start so");
  command->add_option("--frames", options->frames, "cut the temporal table, or extend it with zeros")
      ->check(CLI::Range(1, 4096));
  command->add_option("--image-size", options->image_size, "interpolate the position table")
      ->check(CLI::Range(1, 65536));
  command->add_flag("--no-crc", options->no_crc, "do not compare checksums (files saved without them)");
  command->add_flag("--json", options->json, "one JSON document on standard output");
  command->callback([options, &action] { action = [options] { return convert(*options); }; });
}

}  // namespace aio::apps
