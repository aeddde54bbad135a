#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

namespace {

using Inputs = std::vector<Tensor>;

std::vector<OpCase> reshape_cases() {
  return {
      make_case("[2, 6] to [3, -1]", {values({2, 6})},
                [](const Inputs& in) {
                  return reshape(in[0], {3, -1});
                }),
      make_case("[1] to []", {values({1})}, [](const Inputs& in) { return reshape(in[0], {}); }),
      make_case("transposed [4, 3] to [12] (a copy)", {values({3, 4})},
                [](const Inputs& in) { return reshape(transposed(in[0]), {12}); }),
      make_case("slice [4, 3] of [4, 5] to [2, 2, 3] (a view)", {values({4, 5})},
                [](const Inputs& in) {
                  return reshape(inner_columns(in[0]), {2, 2, 3});
                }),
      make_case("size 0 [0, 3] to [3, 0, 2]", {values({0, 3})},
                [](const Inputs& in) {
                  return reshape(in[0], {3, 0, 2});
                }),
      make_case("larger [32, 48] to [6, 256]", {values({32, 48})},
                [](const Inputs& in) {
                  return reshape(in[0], {6, 256});
                }),
  };
}

std::vector<OpCase> permute_cases() {
  return {
      make_case("[2, 3, 4] by (2, 0, 1)", {values({2, 3, 4})},
                [](const Inputs& in) {
                  return permute(in[0], {2, 0, 1});
                }),
      make_case("negative dims", {values({2, 3, 4})},
                [](const Inputs& in) {
                  return permute(in[0], {-1, -2, -3});
                }),
      make_case("of a slice", {values({3, 8})},
                [](const Inputs& in) {
                  return permute(every_second(in[0]), {1, 0});
                }),
      make_case("scalar", {values({})}, [](const Inputs& in) { return permute(in[0], {}); }),
      make_case("size 0 [2, 0]", {values({2, 0})},
                [](const Inputs& in) {
                  return permute(in[0], {1, 0});
                }),
      make_case("rank 6", {values({2, 1, 3, 2, 1, 2})},
                [](const Inputs& in) {
                  return permute(in[0], {5, 3, 1, 0, 2, 4});
                }),
  };
}

std::vector<OpCase> transpose_cases() {
  return {
      make_case("[3, 4]", {values({3, 4})}, [](const Inputs& in) { return transpose(in[0], 0, 1); }),
      make_case("[2, 3, 4] outer", {values({2, 3, 4})}, [](const Inputs& in) { return transpose(in[0], 0, -1); }),
      make_case("a dimension with itself", {values({3, 4})}, [](const Inputs& in) { return transpose(in[0], 1, 1); }),
      make_case("size 0 [0, 3]", {values({0, 3})}, [](const Inputs& in) { return transpose(in[0], 0, 1); }),
  };
}

std::vector<OpCase> slice_cases() {
  return {
      make_case("rows 1..3 of [4, 5]", {values({4, 5})}, [](const Inputs& in) { return slice(in[0], 0, 1, 3); }),
      make_case("columns 1..-1", {values({4, 5})}, [](const Inputs& in) { return slice(in[0], -1, 1, -1); }),
      make_case("every third of 10", {values({2, 10})}, [](const Inputs& in) { return slice(in[0], 1, 0, 10, 3); }),
      make_case("all of it", {values({4, 5})}, [](const Inputs& in) { return slice(in[0], 0, 0, 4); }),
      make_case("nothing of it", {values({4, 5})}, [](const Inputs& in) { return slice(in[0], 0, 2, 2); }),
      make_case("of a transpose", {values({4, 5})},
                [](const Inputs& in) { return slice(transposed(in[0]), 0, 1, 5, 2); }),
      make_case("two slices of one tensor", {values({4, 5})},
                [](const Inputs& in) { return mul(slice(in[0], 0, 0, 2), slice(in[0], 0, 1, 3)); }),
  };
}

std::vector<OpCase> select_cases() {
  return {
      make_case("row 2 of [4, 5]", {values({4, 5})}, [](const Inputs& in) { return select(in[0], 0, 2); }),
      make_case("last column", {values({4, 5})}, [](const Inputs& in) { return select(in[0], -1, -1); }),
      make_case("middle of [2, 3, 4]", {values({2, 3, 4})}, [](const Inputs& in) { return select(in[0], 1, 1); }),
      make_case("to a scalar", {values({3})}, [](const Inputs& in) { return select(in[0], 0, 1); }),
      make_case("size 0 [3, 0]", {values({3, 0})}, [](const Inputs& in) { return select(in[0], 0, 1); }),
      make_case("of a transpose", {values({4, 5})}, [](const Inputs& in) { return select(transposed(in[0]), 0, 3); }),
  };
}

std::vector<OpCase> expand_cases() {
  return {
      make_case("[3, 1] to [3, 4]", {values({3, 1})},
                [](const Inputs& in) {
                  return expand(in[0], {3, 4});
                }),
      make_case("[4] to [2, 3, 4]", {values({4})},
                [](const Inputs& in) {
                  return expand(in[0], {2, 3, 4});
                }),
      make_case("[1, 3, 1] to [2, 3, 4]", {values({1, 3, 1})},
                [](const Inputs& in) {
                  return expand(in[0], {2, 3, 4});
                }),
      make_case("scalar to [2, 2]", {values({})},
                [](const Inputs& in) {
                  return expand(in[0], {2, 2});
                }),
      make_case("to itself", {values({2, 3})},
                [](const Inputs& in) {
                  return expand(in[0], {2, 3});
                }),
      make_case("[1, 3] to [0, 3]", {values({1, 3})},
                [](const Inputs& in) {
                  return expand(in[0], {0, 3});
                }),
      make_case("transposed [1, 5] to [4, 5]", {values({5, 1})},
                [](const Inputs& in) {
                  return expand(transposed(in[0]), {4, 5});
                }),
  };
}

std::vector<OpCase> squeeze_cases() {
  return {
      make_case("[3, 1, 4]", {values({3, 1, 4})}, [](const Inputs& in) { return squeeze(in[0], 1); }),
      make_case("[1] to []", {values({1})}, [](const Inputs& in) { return squeeze(in[0], 0); }),
      make_case("of a transpose", {values({3, 1})}, [](const Inputs& in) { return squeeze(transposed(in[0]), 0); }),
      make_case("size 0 [0, 1]", {values({0, 1})}, [](const Inputs& in) { return squeeze(in[0], -1); }),
  };
}

std::vector<OpCase> concat_cases() {
  const auto rows = [](const Inputs& in) { return concat(in, 0); };
  const auto columns = [](const Inputs& in) { return concat(in, -1); };
  return {
      make_case("rows", {values({2, 3}), values({1, 3}), values({4, 3})}, rows),
      make_case("columns", {values({2, 3}), values({2, 5})}, columns),
      make_case("middle", {values({2, 1, 3}), values({2, 2, 3})}, [](const Inputs& in) { return concat(in, 1); }),
      make_case("one part", {values({2, 3})}, rows),
      make_case("an empty part", {values({2, 3}), values({2, 0}), values({2, 1})}, columns),
      make_case("strided parts", {values({3, 4}), values({4, 6})},
                [](const Inputs& in) {
                  return concat({transposed(in[0]), every_second(in[1])}, 1);
                }),
      make_case("the same part twice", {values({2, 3})},
                [](const Inputs& in) {
                  return concat({in[0], in[0]}, 0);
                }),
      make_case("a constant between", {values({2, 3}), probabilities({1, 3}), values({2, 3})}, rows),
      make_case("larger", {values({11, 37}), values({23, 37})}, rows),
  };
}

std::vector<OpCase> split_cases() {
  // Parts come back in another order and one is used twice, so a mix-up of the parts' gradients shows.
  const auto swapped = [](const Tensor& x, const std::vector<std::int64_t>& sizes, int dim) {
    const auto parts = split(x, sizes, dim);
    return concat({parts[1], parts[0], parts[1]}, dim);
  };
  return {
      make_case("rows [2, 1] of [3, 4]", {values({3, 4})},
                [swapped](const Inputs& in) {
                  return swapped(in[0], {2, 1}, 0);
                }),
      make_case("columns [1, 3]", {values({3, 4})},
                [swapped](const Inputs& in) {
                  return swapped(in[0], {1, 3}, -1);
                }),
      make_case("a part that nobody uses", {values({2, 6})},
                [](const Inputs& in) {
                  return split(in[0], {2, 3, 1}, 1)[1];
                }),
      make_case("an empty part", {values({3, 4})},
                [swapped](const Inputs& in) {
                  return swapped(in[0], {0, 3}, 0);
                }),
      make_case("of a transpose", {values({4, 3})},
                [swapped](const Inputs& in) {
                  return swapped(transposed(in[0]), {1, 2}, 0);
                }),
      make_case("larger [15, 48] in three", {values({15, 48})},
                [](const Inputs& in) {
                  const auto qkv = split(in[0], {16, 16, 16}, 1);
                  return add(mul(qkv[0], qkv[1]), qkv[2]);
                }),
  };
}

std::vector<OpCase> temporal_roll_cases() {
  const auto plain = [](const Inputs& in) { return temporal_roll(in[0], in[1]); };
  return {
      make_case("[2, 3, 4, 5]", {values({2, 3, 4, 5}), integers({4}, -1, 2)}, plain),
      make_case("shifts beyond T", {values({1, 3, 5, 2}), integers({5}, -9, 10)}, plain),
      make_case("one frame", {values({2, 1, 3, 2}), integers({3}, -1, 2)}, plain),
      make_case("transposed", {values({2, 3, 5, 4}), integers({4}, -1, 2)},
                [](const Inputs& in) { return temporal_roll(transposed(in[0]), in[1]); }),
      make_case("size 0 [0, 3, 2, 2]", {values({0, 3, 2, 2}), integers({2}, 0, 2)}, plain),
      make_case("larger [2, 3, 49, 7]", {values({2, 3, 49, 7}), integers({49}, -1, 2)}, plain),
  };
}

}  // namespace

std::vector<OpEntry> shape_cases() {
  const DrawShape any = [](const Shape& shape) { return values(shape); };
  return {
      {"reshape", reshape_cases()},
      {"permute", permute_cases()},
      {"transpose", transpose_cases()},
      {"slice", slice_cases()},
      {"select", select_cases()},
      {"expand", expand_cases()},
      {"unsqueeze", one_tensor_cases([](const Tensor& x) { return unsqueeze(x, -1); }, any)},
      {"squeeze", squeeze_cases()},
      {"contiguous", one_tensor_cases([](const Tensor& x) { return scale(contiguous(x), 2); }, any)},
      {"concat", concat_cases()},
      {"stack",
       {make_case("dim 0", {values({2, 3}), values({2, 3})}, [](const Inputs& in) { return stack(in, 0); }),
        make_case("dim 1", {values({2, 3}), values({2, 3})}, [](const Inputs& in) { return stack(in, 1); }),
        make_case("last", {values({2, 3}), values({2, 3}), values({2, 3})},
                  [](const Inputs& in) { return stack(in, -1); }),
        make_case("scalars", {values({}), values({})}, [](const Inputs& in) { return stack(in, 0); }),
        make_case("size 0", {values({0, 2}), values({0, 2})}, [](const Inputs& in) { return stack(in, 1); }),
        make_case("transposed", {values({3, 2}), values({2, 3})},
                  [](const Inputs& in) {
                    return stack({transposed(in[0]), in[1]}, 0);
                  })}},
      {"split", split_cases()},
      {"roll", row_cases([](const Tensor& x) { return add(roll(x, -1, 2), scale(roll(x, 0, -4), 3)); }, any)},
      {"temporal_roll", temporal_roll_cases()},
  };
}

}  // namespace aio
