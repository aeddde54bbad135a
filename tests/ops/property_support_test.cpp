#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <rapidcheck/detail/TestListenerAdapter.h>

#include <cstdlib>
#include <sstream>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/ops/property.h"

namespace aio::test {

namespace {
rc::detail::TestResult check_property(const std::string& name, const std::function<void()>& property) {
  rc::detail::TestParams params;
  params.seed = 20230618;
  params.maxSuccess = 300;
  if (std::getenv("RC_PARAMS") != nullptr) params = rc::detail::configuration().testParams;
  rc::detail::TestMetadata metadata;
  metadata.description = name;
  rc::detail::TestListenerAdapter silent;  // else the seed that the environment did not set is printed
  return rc::detail::checkTestable(property, metadata, params, silent,
                                   std::unordered_map<std::string, rc::detail::Reproduce>());
}
}  // namespace

void holds(const std::string& name, const std::function<void()>& property) {
  const rc::detail::TestResult result = check_property(name, property);
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  CHECK_MESSAGE(result.is<rc::detail::SuccessResult>(), name, ": ", text.str());
}

// At full size from the first draw on: rapidcheck would start with the lower end of the range.
std::int64_t draw(std::int64_t low, std::int64_t high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::int64_t>(low, high + 1));
}

Shape draw_shape(int min_rank, int max_rank) {
  Shape shape;
  for (auto rank = draw(min_rank, max_rank); rank > 0; --rank) {
    shape.push_back(*rc::gen::weightedElement<std::int64_t>({{1, 0}, {4, 1}, {4, 2}, {4, 3}, {2, 4}, {2, 5}}));
  }
  return shape;
}

Shape draw_broadcastable(const Shape& target) {
  Shape shape;
  const auto dropped = draw(0, 1) == 0 ? 0 : draw(0, target.rank());
  for (auto i = static_cast<int>(dropped); i < target.rank(); ++i) {
    shape.push_back(draw(0, 3) == 0 ? 1 : target[i]);
  }
  return shape;
}

Operand Operand::draw(const Shape& shape, double low, double high, bool both_signs) {
  Operand operand;
  operand.shape_ = shape;
  const int rank = shape.rank();
  if (rank > 0) operand.layout_ = static_cast<Layout>(test::draw(0, rank > 1 ? 4 : 3));
  if (rank == 1 && operand.layout_ == Layout::transposed) operand.layout_ = Layout::expanded;
  Shape leaf_shape = shape;
  switch (operand.layout_) {
    case Layout::plain: break;
    case Layout::transposed: std::swap(leaf_shape[rank - 1], leaf_shape[rank - 2]); break;
    case Layout::every_second: leaf_shape[rank - 1] *= 2; break;
    case Layout::inner: leaf_shape[rank - 1] += 2; break;
    case Layout::expanded:
      operand.dim_ = static_cast<int>(test::draw(0, rank - 1));
      leaf_shape[operand.dim_] = 1;
      break;
  }
  const RngKey key{static_cast<std::uint64_t>(test::draw(0, 1 << 20)), 0, 0};
  operand.leaf_ = uniform(leaf_shape, low, high, key, {DType::f64});
  const Tensor sides = uniform(leaf_shape, -1, 1, {key.seed, 0, 1}, {DType::f64});
  for (std::int64_t i = 0; both_signs && i < operand.leaf_.numel(); ++i) {
    if (sides.data<double>()[i] < 0) operand.leaf_.data<double>()[i] *= -1;
  }
  set_requires_grad(operand.leaf_);
  return operand;
}

Tensor Operand::view(const Tensor& leaf) const {
  switch (layout_) {
    case Layout::plain: return leaf;
    case Layout::transposed: return transpose(leaf, -1, -2);
    case Layout::every_second: return slice(leaf, -1, 0, leaf.dim(-1), 2);
    case Layout::inner: return slice(leaf, -1, 1, leaf.dim(-1) - 1);
    case Layout::expanded: return expand(leaf, shape_);
  }
  return {};
}

void assert_op(const Op& op, const std::vector<Operand>& operands, const Array& expected, double tolerance) {
  std::vector<Tensor> leaves;
  for (const Operand& operand : operands) leaves.push_back(operand.leaf());
  const auto from_leaves = [&](const std::vector<Tensor>& inputs) {
    std::vector<Tensor> views;
    for (std::size_t i = 0; i < inputs.size(); ++i) views.push_back(operands[i].view(inputs[i]));
    return op(views);
  };
  for (const Operand& operand : operands) {
    RC_LOG() << "operand of shape " << to_string(operand.view().shape()) << ", strides "
             << to_string(operand.view().strides()) << "\n";
  }
  RC_ASSERT(difference(from_leaves(leaves), expected, tolerance) == std::string());
  const GradcheckResult result = gradcheck(from_leaves, leaves);
  RC_ASSERT(result.message == std::string());
  RC_ASSERT(result.ok);
}

TEST_CASE("property: a false one is found, and layouts show what they should") {
  const auto result = check_property("false", [] { RC_ASSERT(draw_shape(0, 3).numel() != 6); });
  CHECK_FALSE(result.is<rc::detail::SuccessResult>());
  holds("an operand's view has the drawn shape", [] {
    const Shape shape = draw_shape(0, 4);
    RC_ASSERT(Operand::draw(shape).view().shape() == shape);
  });
}

}  // namespace aio::test
