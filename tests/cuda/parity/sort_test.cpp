// cuda/sort.cu against the CPU: the same indices.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

/// Few different values, so that many are equal; some NaN and infinities.
std::vector<double> with_ties(DType dtype, std::int64_t n) {
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<double> x;
  for (std::int64_t i = 0; i < n; ++i) x.push_back(static_cast<double>(i * 7919 % 1009 % 23));
  if (is_float(dtype)) {
    for (std::size_t i = 3; i < x.size(); i += 5) x[i] = -x[i];
    for (std::size_t i = 5; i < x.size(); i += 41) x[i] = std::nan("");
    for (std::size_t i = 7; i < x.size(); i += 43) x[i] = -inf;
    for (std::size_t i = 9; i < x.size(); i += 47) x[i] = inf;
  }
  return x;
}

TEST_CASE("cuda sort: rows in both directions, top-k, argmax, with ties and NaN") {
  if (!have_device()) return;
  const struct {
    std::int64_t R, C, k;
  } shapes[] = {{1, 1, 1}, {9, 7, 3}, {5, 32, 5}, {4, 33, 33}, {3, 237, 10}, {2, 1025, 1}, {0, 5, 2}, {3, 40, 0}};
  for (const DType dtype : {DType::f32, DType::bf16, DType::i64, DType::u8}) {
    for (const auto& [R, C, k] : shapes) {
      Parity p(dtype);
      const int x = p.values(dtype, {R, C}, with_ties(dtype, R * C)), best = p.integer_output(DType::i64, {R}),
                most = p.integer_output(dtype, {R, k}), where = p.integer_output(DType::i64, {R, k});
      const int up = p.integer_output(dtype, {R, C}), up_from = p.integer_output(DType::i64, {R, C}),
                down = p.integer_output(dtype, {R, C}), down_from = p.integer_output(DType::i64, {R, C});
      p.run([&](Backend& backend, const Views& v) {
        backend.argmax_rows(v[best], v[x]);
        backend.topk_rows(v[most], v[where], v[x]);
        backend.sort_rows(v[up], v[up_from], v[x], false);
        backend.sort_rows(v[down], v[down_from], v[x], true);
      });
    }
  }
}

TEST_CASE("cuda argmax: the first of equals, wherever in the row they are") {
  if (!have_device()) return;
  std::vector<double> x(2 * 100, 1);
  x[77] = x[45] = x[99] = 2;
  Parity p(DType::f32);
  const int in = p.values(DType::f32, {2, 100}, x), best = p.integer_output(DType::i64, {2});
  p.run([&](Backend& k, const Views& v) { k.argmax_rows(v[best], v[in]); });
  CHECK(p.result(best).values() == std::vector<double>{45, 0});
}

}  // namespace
}  // namespace aio::test
