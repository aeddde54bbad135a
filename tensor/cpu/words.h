#pragma once
// Moving elements without looking at them: storage types as unsigned words of their size.

#include <cstdint>

#include "tensor/dtype.h"

namespace aio::cpu {

/// Calls body.operator()<Word>() with the unsigned type of `dtype`'s size: four instances serve five types, and floats
/// that travel as integers keep their bits (a NaN's payload, too).
template <class Body>
decltype(auto) dispatch_word(DType dtype, Body&& body) {
  switch (size_of(dtype)) {
    case 1: return body.template operator()<std::uint8_t>();
    case 2: return body.template operator()<std::uint16_t>();
    case 4: return body.template operator()<std::uint32_t>();
    default: return body.template operator()<std::uint64_t>();
  }
}

}  // namespace aio::cpu
