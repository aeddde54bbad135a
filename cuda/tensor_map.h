#pragma once
// What a bulk copy knows of a matrix in global memory (hopper.h).

#include <cuda.h>

#include <cstdint>

#include "tensor/bf16.h"

namespace aio::cuda {

using TensorMap = CUtensorMap;
/// A matrix [rows, columns], `stride` elements from row to row, to be taken in boxes of box_rows x 64. Throws
/// Error{cuda} where the driver does not take it: data and rows must lie on 16 bytes.
TensorMap tile_map(const bf16* data, std::int64_t rows, std::int64_t columns, std::int64_t stride, int box_rows);

}  // namespace aio::cuda
