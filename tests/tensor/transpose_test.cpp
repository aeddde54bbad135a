// The transposition in registers, on whatever vectors the build has.

#include "tensor/cpu/transpose.h"

#include <doctest/doctest.h>

namespace aio::cpu {
namespace {

TEST_CASE_TEMPLATE("transpose: lane j of register i and lane i of register j change places", A, float, double) {
  using V = Vec<A>;
  constexpr int W = V::kWidth;
  V x[W];
  for (int i = 0; i < W; ++i) {
    A row[W];
    for (int j = 0; j < W; ++j) row[j] = static_cast<A>(W * i + j);
    x[i] = V::load(row);
  }
  transpose(x);
  for (int i = 0; i < W; ++i) {
    A row[W];
    x[i].store(row);
    for (int j = 0; j < W; ++j) CHECK(row[j] == static_cast<A>(W * j + i));
  }
}

}  // namespace
}  // namespace aio::cpu
