#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

namespace {

struct Reduction {
  Tensor (*all)(const Tensor&);
  Tensor (*some)(const Tensor&, const std::vector<int>&, bool);
};

std::vector<OpCase> reduction_cases(const Reduction& op) {
  const auto over = [op](const Shape& shape, const std::vector<int>& dims, bool keepdim, const std::string& name) {
    return make_case(name, {values(shape)},
                     [=](const std::vector<Tensor>& in) { return op.some(in[0], dims, keepdim); });
  };
  return {
      make_case("all of [3, 5]", {values({3, 5})}, [op](const std::vector<Tensor>& in) { return op.all(in[0]); }),
      make_case("a scalar", {values({})}, [op](const std::vector<Tensor>& in) { return op.all(in[0]); }),
      make_case("all of a transpose", {values({3, 5})},
                [op](const std::vector<Tensor>& in) { return op.all(transposed(in[0])); }),
      over({3, 5}, {0}, false, "rows of [3, 5]"),
      over({3, 5}, {-1}, true, "columns, kept"),
      over({2, 3, 4}, {1}, false, "middle of [2, 3, 4]"),
      over({2, 3, 4}, {0, 1}, true, "leading two, kept"),
      over({2, 3, 4}, {2, 0}, false, "outer two"),
      over({2, 3, 4, 2}, {0, 2}, true, "every other of four, kept"),
      over({2, 3}, {}, false, "no dimension"),
      over({0, 3}, {1}, false, "size 0 [0, 3] over 3"),
      over({17, 71}, {0}, false, "larger [17, 71]"),
      make_case("every second column", {values({4, 9})},
                [op](const std::vector<Tensor>& in) { return op.some(every_second(in[0]), {1}, false); }),
      make_case("of an expanded tensor", {values({3, 1})},
                [op](const std::vector<Tensor>& in) {
                  return op.some(expand(in[0], {3, 4}), {0}, false);
                }),
  };
}

}  // namespace

std::vector<OpEntry> reduce_cases() {
  std::vector<OpCase> sums = reduction_cases({sum, sum});
  sums.push_back(make_case("nothing: [0, 3] over 0", {values({0, 3})},
                           [](const std::vector<Tensor>& in) { return sum(in[0], {0}); }));
  return {{"sum", sums}, {"mean", reduction_cases({mean, mean})}};
}

}  // namespace aio
