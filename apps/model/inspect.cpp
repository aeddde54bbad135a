// aio_model inspect FILE: what a checkpoint holds, without executing anything in it.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/model/commands.h"
#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/text.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

using nlohmann::ordered_json;
using weights::Checkpoint;
using weights::printable;

struct InspectOptions {
  std::string file;
  bool json = false;
  bool no_crc = false;
};

std::string shape_text(const std::vector<std::uint64_t>& shape) {
  std::string text = "[";
  for (const std::uint64_t dim : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(dim);
  return text + "]";
}

std::uint64_t elements(const Checkpoint& checkpoint) {
  std::uint64_t total = 0;
  for (const FileTensor& tensor : checkpoint.tensors) total += tensor.numel();
  return total;
}

void print_text(const Checkpoint& checkpoint) {
  std::printf("%s: %s, %zu tensors%s%s, %llu elements, %zu bytes\n", checkpoint.path.c_str(),
              checkpoint.container.c_str(), checkpoint.tensors.size(), checkpoint.wrapper.empty() ? "" : " under ",
              checkpoint.wrapper.c_str(), static_cast<unsigned long long>(elements(checkpoint)), checkpoint.bytes());
  for (const auto& [key, value] : checkpoint.metadata) {
    std::printf("%s: %s\n", printable(key).c_str(), printable(value, 1000).c_str());
  }
  std::size_t width = 4;
  for (const FileTensor& tensor : checkpoint.tensors) width = std::max(width, printable(tensor.name).size());
  for (const FileTensor& tensor : checkpoint.tensors) {
    std::printf("  %-*s  %-5s %10zu bytes  %s%s\n", static_cast<int>(width), printable(tensor.name).c_str(),
                tensor.dtype.c_str(), tensor.bytes(), shape_text(tensor.shape).c_str(),
                tensor.is_contiguous() ? "" : message(" strides ", shape_text(tensor.strides)).c_str());
  }
  const auto print_names = [](const char* title, const std::vector<std::string>& names) {
    if (!names.empty()) std::printf("%s: %s\n", title, printable(weights::listed(names, ", ", 20), 2000).c_str());
  };
  print_names("not read", checkpoint.sections);
  print_names("no tensors", checkpoint.skipped);
  if (!checkpoint.hyper_parameters.empty()) {
    std::printf("hyper-parameters: %s\n", printable(checkpoint.hyper_parameters, 100'000).c_str());
  }
}

ordered_json to_json(const Checkpoint& checkpoint) {
  ordered_json tensors = ordered_json::array();
  for (const FileTensor& tensor : checkpoint.tensors) {
    tensors.push_back({{"name", tensor.name},
                       {"dtype", tensor.dtype},
                       {"shape", tensor.shape},
                       {"strides", tensor.strides},
                       {"bytes", tensor.bytes()}});
  }
  ordered_json document = {{"file", checkpoint.path},         {"container", checkpoint.container},
                           {"wrapper", checkpoint.wrapper},   {"elements", elements(checkpoint)},
                           {"bytes", checkpoint.bytes()},     {"metadata", checkpoint.metadata},
                           {"sections", checkpoint.sections}, {"skipped", checkpoint.skipped}};
  // A safetensors file may carry any text in the place of hyper-parameters.
  const ordered_json parsed = ordered_json::parse(checkpoint.hyper_parameters, nullptr, false);
  document["hyper_parameters"] = parsed.is_object() ? parsed : ordered_json::object();
  document["tensors"] = std::move(tensors);
  return document;
}

int inspect(const InspectOptions& options) {
  weights::OpenOptions open;
  open.torch.verify_crc = !options.no_crc;
  const Checkpoint checkpoint = weights::open_checkpoint(options.file, open);
  if (options.json) {
    std::printf("%s\n", to_json(checkpoint).dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
  } else {
    print_text(checkpoint);
  }
  return kOk;
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("inspect", "what a checkpoint holds; nothing in it is executed");
  auto options = std::make_shared<InspectOptions>();
  command->add_option("file", options->file, "Lightning .ckpt, PyTorch .pth, timm, DeiT, safetensors")->required();
  command->add_flag("--json", options->json, "one JSON document on standard output");
  command->add_flag("--no-crc", options->no_crc, "do not compare checksums (files saved without them)");
  command->callback([options, &action] { action = [options] { return inspect(*options); }; });
}

}  // namespace aio::apps
