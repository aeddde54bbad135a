#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

namespace {

using Inputs = std::vector<Tensor>;

std::vector<OpCase> layer_norm_cases() {
  const auto plain = [](const Inputs& in) { return layer_norm(in[0], in[1], in[2], 1e-6); };
  const auto shapes = [&](const std::string& name, const Shape& x) {
    return make_case(name, {values(x), values({x.back()}), values({x.back()})}, plain);
  };
  return {
      shapes("[3, 7]", {3, 7}),
      shapes("[2, 3, 5]", {2, 3, 5}),
      shapes("one row [9]", {9}),
      shapes("size 0 [0, 4]", {0, 4}),
      shapes("larger [11, 67]", {11, 67}),
      make_case("transposed x", {values({7, 3}), values({7}), values({7})},
                [](const Inputs& in) { return layer_norm(transposed(in[0]), in[1], in[2], 1e-12); }),
      make_case("sliced x, gamma, beta", {values({3, 10}), values({10}), values({7})},
                [](const Inputs& in) {
                  return layer_norm(every_second(in[0]), every_second(in[1]), inner_columns(in[2]), 1e-5);
                }),
      make_case("in a residual branch", {values({3, 7}), values({7}), values({7})},  // Node::take_pending
                [](const Inputs& in) {
                  const Tensor x = scale(in[0], 2);
                  return x + scale(layer_norm(x, in[1], in[2], 1e-6), 3);
                }),
      // One channel has variance 0: y = beta whatever x is, and a large eps keeps rstd (so the error) small.
      make_case("one channel [4, 1]", {values({4, 1}), values({1}), values({1})},
                [](const Inputs& in) { return layer_norm(in[0], in[1], in[2], 0.1); }),
  };
}

std::vector<OpCase> cosine_cases() {
  const auto plain = [](const Inputs& in) { return cosine_similarity(in[0], in[1], 1e-8); };
  return {
      make_case("[3, 5]", {values({3, 5}), values({3, 5})}, plain),
      make_case("all pairs [3, 1, 5] with [4, 5]", {values({3, 1, 5}), values({4, 5})}, plain),
      make_case("one pair [5]", {values({5}), values({5})}, plain),
      make_case("clamped norms", {values({3, 4}, -0.1, 0.1), values({3, 4})},
                [](const Inputs& in) { return cosine_similarity(in[0], in[1], 0.9); }),
      make_case("transposed", {values({5, 3}), values({3, 5})},
                [](const Inputs& in) { return cosine_similarity(transposed(in[0]), in[1], 1e-8); }),
      make_case("size 0 [0, 4]", {values({0, 4}), values({4})}, plain),
      make_case("larger [13, 31]", {values({13, 31}), values({31})}, plain),
  };
}

}  // namespace

std::vector<OpEntry> norm_cases() {
  const DrawShape any = [](const Shape& shape) { return values(shape); };
  const DrawShape wide = [](const Shape& shape) { return values(shape, -5, 5); };
  const DrawShape away_from_origin = [](const Shape& shape) { return nonzero_values(shape); };
  std::vector<OpCase> normalize = row_cases([](const Tensor& x) { return l2_normalize(x, 1e-12); }, away_from_origin);
  normalize.push_back(
      make_case("below eps", {values({3, 4}, -0.1, 0.1)}, [](const Inputs& in) { return l2_normalize(in[0], 1); }));
  return {
      {"layer_norm", layer_norm_cases()},
      {"softmax", one_tensor_cases(softmax, wide)},
      {"log_softmax", one_tensor_cases(log_softmax, any)},
      {"l2_normalize", normalize},
      {"cosine_similarity", cosine_cases()},
  };
}

}  // namespace aio
