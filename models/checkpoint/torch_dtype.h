#pragma once
// Names of element types: PyTorch's and safetensors'.

#include <string_view>

namespace aio::weights {

/// "torch.HalfStorage" -> "F16", also for "torch.cuda.HalfStorage"; empty if unknown.
std::string_view dtype_of_storage_class(std::string_view class_name);
/// "F16" -> "torch.HalfStorage"; empty for types that came after the typed storages.
std::string_view storage_class_of_dtype(std::string_view dtype);
/// "torch.uint16" -> "U16"; empty if unknown.
std::string_view dtype_of_torch_name(std::string_view name);
/// "U16" -> "torch.uint16"; empty if PyTorch has no such type.
std::string_view torch_name_of_dtype(std::string_view dtype);
/// Storages without a type, by the names that different versions give them.
bool is_untyped_storage(std::string_view class_name);

}  // namespace aio::weights
