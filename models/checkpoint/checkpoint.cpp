#include "models/checkpoint/checkpoint.h"

#include "models/checkpoint/file_kind.h"
#include "models/checkpoint/lightning.h"
#include "models/checkpoint/text.h"
#include "tensor/error.h"
#include "tensor/storage.h"

namespace aio::weights {
namespace {

void add(Checkpoint& checkpoint, FileTensor tensor, const OpenOptions& options) {
  const std::string name = printable(tensor.name);
  check(tensor.name.size() <= options.name_bytes, ErrorCode::format, checkpoint.path, ": the tensor name ", name,
        " has ", tensor.name.size(), " bytes, at most ", options.name_bytes, " are allowed");
  check(checkpoint.tensors.size() < options.tensors, ErrorCode::format, checkpoint.path, ": more than ",
        options.tensors, " tensors");
  const bool is_new = checkpoint.index.emplace(tensor.name, checkpoint.tensors.size()).second;
  check(is_new, ErrorCode::format, checkpoint.path, ": two tensors are named ", name);
  checkpoint.tensors.push_back(std::move(tensor));
}

void read_torch(Checkpoint& checkpoint, std::shared_ptr<Storage> mapping, const OpenOptions& options) {
  const std::size_t file_bytes = mapping->bytes();
  const TorchFile file(checkpoint.path, std::move(mapping), options.torch);
  const ValueTree& tree = file.tree();
  const StateDict found = find_state_dict(file, checkpoint.path);
  checkpoint.wrapper = found.wrapper;
  checkpoint.metadata = found.metadata;
  checkpoint.sections = found.sections;
  if (found.hyper_parameters != nullptr) checkpoint.hyper_parameters = tree.to_json(*found.hyper_parameters);
  for (const auto& [key, value] : tree.node(*found.tensors).entries) {
    const std::string name(tree.text(key));
    auto tensor = key.kind == ValueKind::text ? file.tensor(name, value) : std::nullopt;
    if (tensor) {
      add(checkpoint, std::move(*tensor), options);
    } else {
      checkpoint.skipped.push_back(key.kind == ValueKind::text ? name : tree.to_json(key));
    }
  }
  // Tensors may share storages (tied weights), but not so that a small file becomes a huge one.
  constexpr std::size_t kSharing = 16;
  check(checkpoint.bytes() / kSharing <= file_bytes, ErrorCode::format, checkpoint.path,
        ": its tensors share storages ", "so that they take ", checkpoint.bytes(), " bytes, the file has ", file_bytes);
}

void read_safetensors(Checkpoint& checkpoint, const OpenOptions& options) {
  const SafetensorsFile file(checkpoint.path, options.safetensors);
  checkpoint.metadata = file.metadata();
  if (const auto found = checkpoint.metadata.find("hyper_parameters"); found != checkpoint.metadata.end()) {
    checkpoint.hyper_parameters = found->second;
    checkpoint.metadata.erase(found);
  }
  for (const auto& entry : file.entries()) add(checkpoint, file.file_tensor(entry.name), options);
}

}  // namespace

const FileTensor* Checkpoint::find(std::string_view name) const {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : &tensors[found->second];
}

Tensor Checkpoint::tensor(std::string_view name) const {
  const FileTensor* const found = find(name);
  check(found != nullptr, ErrorCode::value, path, ": has no tensor ", name);
  return to_tensor(*found, path);
}

std::map<std::string, Tensor> Checkpoint::all_tensors() const {
  std::map<std::string, Tensor> result;
  for (const FileTensor& tensor : tensors) result.emplace(tensor.name, to_tensor(tensor, path));
  return result;
}

std::size_t Checkpoint::bytes() const {
  std::size_t total = 0;
  for (const FileTensor& tensor : tensors) total += tensor.bytes();
  return total;
}

Checkpoint open_checkpoint(const std::string& path, const OpenOptions& options) {
  Checkpoint checkpoint;
  checkpoint.path = path;
  std::shared_ptr<Storage> mapping = map_file(path);
  const FileType type = detect_file_type(bytes_of(*mapping));
  switch (type.kind) {
    case FileKind::safetensors:
      checkpoint.container = "safetensors";
      read_safetensors(checkpoint, options);
      break;
    case FileKind::torch_zip:
      checkpoint.container = "torch zip";
      read_torch(checkpoint, std::move(mapping), options);
      break;
    case FileKind::torch_legacy:
      checkpoint.container = "torch legacy";
      read_torch(checkpoint, std::move(mapping), options);
      break;
    case FileKind::other:
      fail(ErrorCode::format, path, ": not a checkpoint, but ", type.name,
           "; expected a PyTorch .ckpt or .pth, or safetensors");
  }
  return checkpoint;
}

}  // namespace aio::weights
