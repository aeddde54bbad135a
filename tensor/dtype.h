#pragma once
// The five element types of a Tensor and the one way to turn a DType into a C++ type.

#include <cstdint>
#include <string_view>

#include "tensor/bf16.h"
#include "tensor/error.h"

namespace aio {

/// f64 exists for gradient checks (CPU only); i64 holds ids and labels; u8 holds masks and pixels.
enum class DType : std::uint8_t { f32, f64, bf16, i64, u8 };

std::string_view to_string(DType dtype);
/// "f32", "f64", "bf16", "i64", "u8"; throws Error{config} that lists them.
DType parse_dtype(std::string_view name);

constexpr std::int64_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return 4;
    case DType::f64: return 8;
    case DType::bf16: return 2;
    case DType::i64: return 8;
    case DType::u8: return 1;
  }
  return 0;
}

constexpr bool is_float(DType dtype) { return dtype == DType::f32 || dtype == DType::f64 || dtype == DType::bf16; }

template <class T>
inline constexpr DType dtype_of = [] {
  static_assert(sizeof(T) == 0, "not an element type of Tensor");
  return DType::f32;
}();
template <>
inline constexpr DType dtype_of<float> = DType::f32;
template <>
inline constexpr DType dtype_of<double> = DType::f64;
template <>
inline constexpr DType dtype_of<bf16> = DType::bf16;
template <>
inline constexpr DType dtype_of<std::int64_t> = DType::i64;
template <>
inline constexpr DType dtype_of<std::uint8_t> = DType::u8;

/// The type sums, statistics and losses are kept in: f64 for f64, f32 for f32 and bf16.
template <class T>
struct accumulator {
  using type = float;
};
template <>
struct accumulator<double> {
  using type = double;
};
template <class T>
using accumulator_t = typename accumulator<T>::type;

constexpr DType accumulator_of(DType dtype) { return dtype == DType::f64 ? DType::f64 : DType::f32; }

/// Calls body.operator()<T>() with T = float, double or bf16: `dispatch_float(x.dtype, [&]<class T>() { ... });`
template <class Body>
decltype(auto) dispatch_float(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::f32: return body.template operator()<float>();
    case DType::f64: return body.template operator()<double>();
    case DType::bf16: return body.template operator()<bf16>();
    default: fail(ErrorCode::dtype, "expected a floating dtype (f32, f64 or bf16), got ", dtype);
  }
}

/// As dispatch_float, over all five types.
template <class Body>
decltype(auto) dispatch_all(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::i64: return body.template operator()<std::int64_t>();
    case DType::u8: return body.template operator()<std::uint8_t>();
    default: return dispatch_float(dtype, body);
  }
}

}  // namespace aio
