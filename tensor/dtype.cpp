#include "tensor/dtype.h"

#include <array>

namespace aio {

namespace {
constexpr std::array kNames = {std::string_view("f32"), std::string_view("f64"), std::string_view("bf16"),
                               std::string_view("i64"), std::string_view("u8")};
}  // namespace

std::string_view to_string(DType dtype) { return kNames[static_cast<std::size_t>(dtype)]; }

DType parse_dtype(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<DType>(i);
  }
  fail(ErrorCode::config, "dtype: got \"", name, "\", expected one of f32, f64, bf16, i64, u8");
}

}  // namespace aio
