#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

namespace {

using Inputs = std::vector<Tensor>;

std::vector<OpCase> cross_entropy_cases() {
  const auto plain = [](const Inputs& in) { return cross_entropy(in[0], in[1]); };
  return {
      make_case("[4, 5]", {values({4, 5}), integers({4}, 0, 5)}, plain),
      make_case("[2, 3, 4]", {values({2, 3, 4}), integers({2, 3}, 0, 4)}, plain),
      make_case("one row [7]", {values({7}), integers({}, 0, 7)}, plain),
      make_case("one class [3, 1]", {values({3, 1}), integers({3}, 0, 1)}, plain),
      // Class 0 is ignored, whichever rows that hits; the first row always counts.
      make_case("ignored rows", {values({9, 3}), integers({8}, 0, 3), integers({1}, 1, 3)},
                [](const Inputs& in) {
                  return cross_entropy(in[0], concat({in[2], in[1]}, 0), 0);
                }),
      make_case("large logits", {values({4, 5}, -300, 300), integers({4}, 0, 5)}, plain),
      make_case("transposed logits", {values({5, 4}), integers({4}, 0, 5)},
                [](const Inputs& in) { return cross_entropy(transposed(in[0]), in[1]); }),
      make_case("scaled", {values({4, 5}), integers({4}, 0, 5)},
                [](const Inputs& in) { return scale(cross_entropy(in[0], in[1]), -2.5); }),
      make_case("larger [17, 61]", {values({17, 61}), integers({17}, 0, 61)}, plain),
  };
}

std::vector<OpCase> binary_cross_entropy_cases() {
  const auto plain = [](const Inputs& in) { return binary_cross_entropy_with_logits(in[0], in[1]); };
  return {
      make_case("[3, 4]", {values({3, 4}), probabilities({3, 4})}, plain),
      make_case("one", {values({1}), probabilities({1})}, plain),
      make_case("scalar", {values({}), probabilities({})}, plain),
      make_case("wide logits", {values({3, 4}, -20, 20), probabilities({3, 4})}, plain),
      make_case("transposed", {values({4, 3}), probabilities({3, 4})},
                [](const Inputs& in) { return binary_cross_entropy_with_logits(transposed(in[0]), in[1]); }),
      make_case("sliced targets", {values({3, 4}), probabilities({3, 8})},
                [](const Inputs& in) { return binary_cross_entropy_with_logits(in[0], every_second(in[1])); }),
      make_case("larger [23, 19]", {values({23, 19}), probabilities({23, 19})}, plain),
  };
}

}  // namespace

std::vector<OpEntry> loss_cases() {
  return {
      {"cross_entropy", cross_entropy_cases()},
      {"binary_cross_entropy_with_logits", binary_cross_entropy_cases()},
  };
}

}  // namespace aio
