#pragma once
// The three tables of a model that depend on the size of its input, made to fit another size. All return f32.

#include <cstdint>

#include "tensor/tensor.h"

namespace aio::weights {

/// [1, S, C] -> [1, frames, C]: the first rows, then zeros, as the reference's load of temporal_embed.
Tensor resize_temporal_table(const Tensor& table, std::int64_t frames);

/// [1, prefix + g g, C] -> [1, prefix + grid grid, C]: the prefix tokens' rows stay, the square grid of the patches is
/// interpolated (bilinear, without aligned corners), as the reference's and DeiT's load. The reference does so for one
/// prefix token only; here a distilled model's two work as well. Throws Error{shape} if the grid is not square.
Tensor resize_position_table(const Tensor& table, std::int64_t prefix, std::int64_t grid);

/// [L, C] -> rows.dim(0) rows: those of `table`, as far as they reach, then those of `rows`. (The reference keeps none
/// and draws a new table.)
Tensor resize_text_table(const Tensor& table, const Tensor& rows);

/// [R, C] -> rows.dim(0) rows, where `table` has fewer: its last row repeated (ViLT's third token type, for the second
/// image of NLVR2, starts as the second).
Tensor repeat_last_row(const Tensor& table, std::int64_t rows);

/// Side of a square of `count` places; -1 if it is not one.
std::int64_t square_side(std::int64_t count);

}  // namespace aio::weights
