#pragma once
// Checkpoint: named tensors out of any file that All-in-one's weights come in.
//
// Opens PyTorch Lightning .ckpt and torch.save .pth (zip and legacy container), timm, DeiT and ViT weights, and
// safetensors; the type is found by content. Nothing in a file is executed. Tensors stay in the mapped file until they
// are asked for.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/checkpoint/torch_file.h"
#include "tensor/file_tensor.h"
#include "tensor/safetensors.h"

namespace aio::weights {

struct OpenOptions {
  TorchOptions torch;
  SafetensorsLimits safetensors;
  std::size_t tensors = 100'000;
  std::size_t name_bytes = 1024;
};

struct Checkpoint {
  std::string path;
  std::string container;            ///< "safetensors", "torch zip" or "torch legacy"
  std::string wrapper;              ///< key under which the tensors stand: "state_dict", "model", or empty
  std::vector<FileTensor> tensors;  ///< in the order of the file; each name once
  /// Short facts: epoch, global_step, pytorch-lightning_version; of safetensors its __metadata__.
  std::map<std::string, std::string> metadata;
  std::string hyper_parameters;       ///< JSON on one line; empty if the file has none
  std::vector<std::string> sections;  ///< other keys beside the tensors (optimizer_states, ...), which are not read
  std::vector<std::string> skipped;   ///< keys among the tensors whose values are no tensors

  bool contains(std::string_view name) const { return find(name) != nullptr; }
  const FileTensor* find(std::string_view name) const;
  /// As to_tensor() (tensor/file_tensor.h); throws Error{value} for an unknown name.
  Tensor tensor(std::string_view name) const;
  std::map<std::string, Tensor> all_tensors() const;
  std::size_t bytes() const;  ///< of all tensors

  std::map<std::string, std::size_t, std::less<>> index;  ///< name -> place in `tensors`
};

/// Throws Error{io} if the file cannot be read; Error{format} "path: ..." if it is damaged, hostile or of another type,
/// which the message then names.
Checkpoint open_checkpoint(const std::string& path, const OpenOptions& options = {});

}  // namespace aio::weights
