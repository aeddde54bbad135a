#pragma once
// Writes tensors so that torch.load opens them with its defaults (weights_only=True): a dictionary from names to
// tensors in the zip container of torch.save. Types, shapes and bits stay as they are.

#include <string>
#include <vector>

#include "tensor/file_tensor.h"

namespace aio::weights {

/// In the order given. Atomic (tensor/atomic_file.h). Throws Error{value} if a name stands twice or is not UTF-8, or
/// if PyTorch lacks an element type; Error{io}; then an old file is untouched.
void save_torch(const std::string& path, const std::vector<FileTensor>& tensors);

}  // namespace aio::weights
