#pragma once
// A DType as a C++ type, for what lives on a GPU: there is no f64 there.

#include "tensor/dtype.h"

namespace aio::cuda {

/// body.operator()<T>() with T = float or bf16.
template <class Body>
void dispatch_gpu_float(DType dtype, Body&& body) {
  if (dtype == DType::bf16) {
    body.template operator()<bf16>();
  } else {
    check(dtype == DType::f32, ErrorCode::dtype, "cuda: got ", dtype, ", expected f32 or bf16 (f64 is for the CPU)");
    body.template operator()<float>();
  }
}

/// The same with i64 and u8.
template <class Body>
void dispatch_gpu_all(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::i64: return body.template operator()<std::int64_t>();
    case DType::u8: return body.template operator()<std::uint8_t>();
    default: return dispatch_gpu_float(dtype, body);
  }
}

/// body.operator()<Word>() with the unsigned integer of a dtype's size, for kernels that move elements.
template <class Body>
void dispatch_gpu_word(DType dtype, Body&& body) {
  switch (size_of(dtype)) {
    case 1: return body.template operator()<std::uint8_t>();
    case 2: return body.template operator()<std::uint16_t>();
    case 4: return body.template operator()<std::uint32_t>();
    default: return body.template operator()<std::uint64_t>();
  }
}

/// True if all addresses are multiples of 16 bytes.
template <class... Pointers>
bool aligned16(const Pointers*... pointers) {
  return (... && (reinterpret_cast<std::uintptr_t>(pointers) % 16 == 0));
}

}  // namespace aio::cuda
