#pragma once
// The pieces from which the table of autograd/op_table.h is put together: one function per family of ops, and the
// vocabulary its cases are written in.
//
// Values are generic (random, not round) and keep away from kinks, where a central difference means nothing: relu at 0,
// sqrt and log near 0, a divisor near 0. Strided operands are made inside the checked function, from contiguous leaves:
// so the gradient of the view is checked along with the op's.

#include <functional>
#include <string>
#include <vector>

#include "autograd/op_table.h"

namespace aio {

// ---- drawing inputs -------------------------------------------------------------------------------------------------
using Draw = std::function<Tensor(RngStream&)>;

/// f64 leaves, uniform in [low, high].
Draw values(const Shape& shape, double low = -2, double high = 2);
/// f64 leaves with 0.3 <= |x| <= 2: for divisors and functions with a kink at 0.
Draw nonzero_values(const Shape& shape);
/// i64 constants, low <= x < high.
Draw integers(const Shape& shape, std::int64_t low, std::int64_t high);
/// u8 constants, 0 or 1.
Draw mask(const Shape& shape);
/// f64 constants in [0, 1].
Draw probabilities(const Shape& shape);

OpCase make_case(const std::string& name, const std::vector<Draw>& inputs, DifferentiableFn function);

// ---- ops of one tensor ----------------------------------------------------------------------------------------------
using UnaryFn = std::function<Tensor(const Tensor&)>;
using DrawShape = std::function<Draw(const Shape&)>;

/// What every op of one tensor is checked at: plain, transposed, every second column, size 1, a scalar, size 0, larger.
std::vector<OpCase> one_tensor_cases(const UnaryFn& op, const DrawShape& draw);
/// The same without the scalar, for ops that work along the last dimension.
std::vector<OpCase> row_cases(const UnaryFn& op, const DrawShape& draw);

/// Views with history, to feed an op something strided.
Tensor transposed(const Tensor& x);     ///< of the last two dimensions
Tensor every_second(const Tensor& x);   ///< along the last dimension
Tensor inner_columns(const Tensor& x);  ///< the last dimension without its first and last element

// ---- families, each in its file, together all of ops.h --------------------------------------------------------------
std::vector<OpEntry> arithmetic_cases();
std::vector<OpEntry> elementwise_cases();
std::vector<OpEntry> random_cases();
std::vector<OpEntry> shape_cases();
std::vector<OpEntry> reduce_cases();
std::vector<OpEntry> product_cases();
std::vector<OpEntry> norm_cases();
std::vector<OpEntry> attention_cases();
std::vector<OpEntry> index_cases();
std::vector<OpEntry> image_cases();
std::vector<OpEntry> loss_cases();

}  // namespace aio
