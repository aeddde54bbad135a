#include "models/checkpoint/torch_dtype.h"

#include <algorithm>
#include <array>

namespace aio::weights {
namespace {

struct TypeNames {
  std::string_view dtype, torch_name, storage_class;
};
constexpr std::array kTypes = {
    TypeNames{"F32", "torch.float32", "torch.FloatStorage"},
    TypeNames{"F64", "torch.float64", "torch.DoubleStorage"},
    TypeNames{"F16", "torch.float16", "torch.HalfStorage"},
    TypeNames{"BF16", "torch.bfloat16", "torch.BFloat16Storage"},
    TypeNames{"I64", "torch.int64", "torch.LongStorage"},
    TypeNames{"I32", "torch.int32", "torch.IntStorage"},
    TypeNames{"I16", "torch.int16", "torch.ShortStorage"},
    TypeNames{"I8", "torch.int8", "torch.CharStorage"},
    TypeNames{"U8", "torch.uint8", "torch.ByteStorage"},
    TypeNames{"BOOL", "torch.bool", "torch.BoolStorage"},
    TypeNames{"C64", "torch.complex64", "torch.ComplexFloatStorage"},
    TypeNames{"U16", "torch.uint16", ""},
    TypeNames{"U32", "torch.uint32", ""},
    TypeNames{"U64", "torch.uint64", ""},
    TypeNames{"F8_E4M3", "torch.float8_e4m3fn", ""},
    TypeNames{"F8_E5M2", "torch.float8_e5m2", ""},
    TypeNames{"F8_E4M3FNUZ", "torch.float8_e4m3fnuz", ""},
    TypeNames{"F8_E5M2FNUZ", "torch.float8_e5m2fnuz", ""},
    TypeNames{"F8_E8M0", "torch.float8_e8m0fnu", ""},
};

/// The row whose `key` is `name`; a row of empty names if there is none.
constexpr TypeNames row(std::string_view TypeNames::*key, std::string_view name) {
  const auto* const found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeNames& type) { return type.*key == name; });
  return found == kTypes.end() || name.empty() ? TypeNames{} : *found;
}

}  // namespace

std::string_view dtype_of_storage_class(std::string_view class_name) {
  constexpr std::string_view kCuda = "torch.cuda.";
  if (!class_name.starts_with(kCuda)) return row(&TypeNames::storage_class, class_name).dtype;
  const std::string_view plain = class_name.substr(kCuda.size());
  const auto* const found = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeNames& type) {
    return !type.storage_class.empty() && type.storage_class.substr(6) == plain;  // behind "torch."
  });
  return found == kTypes.end() ? std::string_view{} : found->dtype;
}

std::string_view storage_class_of_dtype(std::string_view dtype) { return row(&TypeNames::dtype, dtype).storage_class; }

std::string_view dtype_of_torch_name(std::string_view name) { return row(&TypeNames::torch_name, name).dtype; }

std::string_view torch_name_of_dtype(std::string_view dtype) { return row(&TypeNames::dtype, dtype).torch_name; }

bool is_untyped_storage(std::string_view class_name) {
  return class_name == "torch.storage.UntypedStorage" || class_name == "torch.UntypedStorage" ||
         class_name == "torch.storage._UntypedStorage";
}

}  // namespace aio::weights
