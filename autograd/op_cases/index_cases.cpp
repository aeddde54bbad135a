#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

namespace {

using Inputs = std::vector<Tensor>;

std::vector<OpCase> embedding_cases() {
  const auto plain = [](const Inputs& in) { return embedding(in[0], in[1]); };
  return {
      make_case("[5, 3] at [4]", {values({5, 3}), integers({4}, 0, 5)}, plain),
      make_case("repeated ids [2, 3, 4] of 3", {values({3, 2}), integers({2, 3, 4}, 0, 3)}, plain),
      make_case("one id []", {values({5, 3}), integers({}, 0, 5)}, plain),
      // Not the derivative where the padding row itself is looked up: that row is a constant by definition.
      make_case("padding_idx not among the ids", {values({5, 3}), integers({6}, 1, 5)},
                [](const Inputs& in) { return embedding(in[0], in[1], 0); }),
      make_case("transposed table", {values({3, 5}), integers({4}, 0, 5)},
                [](const Inputs& in) { return embedding(transposed(in[0]), in[1]); }),
      make_case("transposed ids", {values({5, 3}), integers({2, 4}, 0, 5)},
                [](const Inputs& in) { return embedding(in[0], transposed(in[1])); }),
      make_case("no ids [0]", {values({5, 3}), integers({0}, 0, 5)}, plain),
      make_case("larger [67, 11] at [41]", {values({67, 11}), integers({41}, 0, 67)}, plain),
  };
}

std::vector<OpCase> index_select_cases() {
  const auto along = [](int dim) { return [dim](const Inputs& in) { return index_select(in[0], dim, in[1]); }; };
  return {
      make_case("rows of [5, 3]", {values({5, 3}), integers({4}, 0, 5)}, along(0)),
      make_case("columns, repeated", {values({5, 3}), integers({7}, 0, 3)}, along(-1)),
      make_case("middle of [2, 4, 3]", {values({2, 4, 3}), integers({3}, 0, 4)}, along(1)),
      make_case("rank 1 [6]", {values({6}), integers({3}, 0, 6)}, along(0)),
      make_case("of a transpose", {values({5, 3}), integers({4}, 0, 3)},
                [](const Inputs& in) { return index_select(transposed(in[0]), 0, in[1]); }),
      make_case("nothing", {values({5, 3}), integers({0}, 0, 5)}, along(0)),
      make_case("of nothing [4, 0]", {values({4, 0}), integers({2}, 0, 4)}, along(0)),
      make_case("larger [41, 17]", {values({41, 17}), integers({29}, 0, 41)}, along(0)),
  };
}

std::vector<OpCase> select_rows_cases() {
  const auto plain = [](const Inputs& in) { return select_rows(in[0], in[1]); };
  return {
      make_case("[2, 5, 3] at [2, 4]", {values({2, 5, 3}), integers({2, 4}, 0, 5)}, plain),
      make_case("repeated", {values({3, 2, 2}), integers({3, 7}, 0, 2)}, plain),
      make_case("one each", {values({2, 5, 1}), integers({2, 1}, 0, 5)}, plain),
      make_case("transposed", {values({2, 3, 5}), integers({2, 4}, 0, 5)},
                [](const Inputs& in) { return select_rows(transposed(in[0]), in[1]); }),
      make_case("nothing [2, 0]", {values({2, 5, 3}), integers({2, 0}, 0, 5)}, plain),
      make_case("empty batch", {values({0, 5, 3}), integers({0, 2}, 0, 5)}, plain),
      make_case("larger [3, 41, 7]", {values({3, 41, 7}), integers({3, 19}, 0, 41)}, plain),
  };
}

}  // namespace

std::vector<OpEntry> index_cases() {
  return {
      {"embedding", embedding_cases()},
      {"index_select", index_select_cases()},
      {"select_rows", select_rows_cases()},
  };
}

}  // namespace aio
