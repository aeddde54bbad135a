#pragma once
// Where the tensors of a torch.save file stand: Lightning's "state_dict", DeiT's "model", or the dictionary itself.

#include <map>
#include <string>
#include <vector>

#include "models/checkpoint/torch_file.h"

namespace aio::weights {

struct StateDict {
  const Value* tensors = nullptr;  ///< a mapping from names to tensors, of the file's tree
  std::string wrapper;             ///< its key: "state_dict", "model", or empty
  const Value* hyper_parameters = nullptr;
  std::map<std::string, std::string> metadata;  ///< epoch, global_step, pytorch-lightning_version
  std::vector<std::string> sections;            ///< all other top-level keys
};

/// Throws Error{format} "path: ..." that says what the file holds instead.
StateDict find_state_dict(const TorchFile& file, const std::string& path);

}  // namespace aio::weights
