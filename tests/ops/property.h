#pragma once
// Property tests: rapidcheck draws shapes, broadcasts and memory layouts; each op must agree with its textbook form and
// its gradient with central differences.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "tests/ops/oracle.h"

namespace aio::test {

/// Runs `property` on 300 drawn inputs, always the same ones; RC_PARAMS="seed=..." in the environment draws others. A
/// property throws (rapidcheck's RC_ASSERT) where it does not hold; the drawn values are shrunk and printed.
void holds(const std::string& name, const std::function<void()>& property);

// ---- to be called inside a property ---------------------------------------------------------------------------------
std::int64_t draw(std::int64_t low, std::int64_t high);  ///< low <= n <= high
Shape draw_shape(int min_rank, int max_rank);            ///< sizes 0..5, 0 seldom
/// A shape that broadcasts to `target`: leading dimensions dropped, some sizes 1.
Shape draw_broadcastable(const Shape& target);

/// An f64 input in a drawn memory layout: the leaf that holds the numbers and the views that make it look like `shape`.
class Operand {
 public:
  /// Numbers with low <= |x| <= high, of either sign if `low` is 0 or `both_signs`.
  static Operand draw(const Shape& shape, double low = 0, double high = 2, bool both_signs = true);
  const Tensor& leaf() const { return leaf_; }
  /// The operand, made from its leaf with history.
  Tensor view(const Tensor& leaf) const;
  Tensor view() const { return view(leaf_); }
  Array array() const { return Array(view()); }

 private:
  enum class Layout { plain, transposed, every_second, inner, expanded };
  Shape shape_;
  Layout layout_ = Layout::plain;
  int dim_ = 0;  // the expanded one
  Tensor leaf_;
};

using Op = std::function<Tensor(const std::vector<Tensor>& operands)>;
/// op(operands) equals `expected`, and its gradient with respect to the leaves is right.
void assert_op(const Op& op, const std::vector<Operand>& operands, const Array& expected, double tolerance = 1e-13);

}  // namespace aio::test
