// argmax, top-k and sorting of rows: equal values in the order of their indices, NaN above everything.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/kernel_test.h"

namespace aio::test {
namespace {

/// Row r's indices, largest first (or smallest first), by std::stable_sort over pairs (is NaN, value).
std::vector<std::int64_t> order(const Buffer& x, std::int64_t r, bool descending) {
  const std::int64_t cols = x.dims()[1];
  std::vector<std::int64_t> indices(static_cast<std::size_t>(cols));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  const auto rank = [&](std::int64_t i) {
    const double v = x.at(r * cols + i);
    return std::pair{std::isnan(v), std::isnan(v) ? 0 : v};
  };
  std::stable_sort(indices.begin(), indices.end(),
                   [&](std::int64_t i, std::int64_t j) { return descending ? rank(j) < rank(i) : rank(i) < rank(j); });
  return indices;
}

/// Few different values, so that many are equal; some NaN and infinities.
Buffer with_ties(DType dtype, std::int64_t rows, std::int64_t cols) {
  Buffer x = random(dtype, {rows, cols}, 4, 0, 20);
  for (std::int64_t i = 0; i < x.numel(); ++i) x.set(i, std::floor(x.at(i)));
  if (is_float(dtype)) {
    for (std::int64_t i = 5; i < x.numel(); i += 41) x.set(i, std::nan(""));
    for (std::int64_t i = 7; i < x.numel(); i += 43) x.set(i, -std::numeric_limits<double>::infinity());
    for (std::int64_t i = 9; i < x.numel(); i += 47) x.set(i, std::numeric_limits<double>::infinity());
  }
  return x;
}

void check_rows(const Buffer& values, const Buffer& indices, const Buffer& x, bool descending) {
  const std::int64_t kept = values.dims()[1], cols = x.dims()[1];
  std::int64_t wrong = 0;
  for (std::int64_t r = 0; r < x.dims()[0]; ++r) {
    const std::vector<std::int64_t> expected = order(x, r, descending);
    for (std::int64_t j = 0; j < kept; ++j) {
      const std::int64_t i = expected[static_cast<std::size_t>(j)];
      const double v = values.at(r * kept + j), e = x.at(r * cols + i);
      wrong += indices.view().as<std::int64_t>()[r * kept + j] != i || !(v == e || (std::isnan(v) && std::isnan(e)));
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("sort: rows in both directions, top-k, argmax") {
  for (const DType dtype : kAllTypes) {
    for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {3, 7}, {20, 237}, {300, 769}}) {
      const Buffer x = with_ties(dtype, rows, cols);
      INFO(describe(x));
      Buffer values(dtype, {rows, cols}), indices(DType::i64, {rows, cols});
      for (const bool descending : {false, true}) {
        on_threads({&values, &indices},
                   [&] { kernels().sort_rows(values.view(), indices.view(), x.view(), descending); });
        check_rows(values, indices, x, descending);
      }
      for (const std::int64_t k : {std::int64_t{0}, std::int64_t{1}, std::min<std::int64_t>(cols, 10), cols}) {
        Buffer top(dtype, {rows, k}), where(DType::i64, {rows, k});
        on_threads({&top, &where}, [&] { kernels().topk_rows(top.view(), where.view(), x.view()); });
        check_rows(top, where, x, true);
      }
      Buffer index(DType::i64, {rows});
      on_threads({&index}, [&] { kernels().argmax_rows(index.view(), x.view()); });
      for (std::int64_t r = 0; r < rows; ++r) CHECK(index.view().as<std::int64_t>()[r] == order(x, r, true)[0]);
    }
  }
}

TEST_CASE("argmax: one largest element at any position of a long row") {
  for (const std::int64_t cols : {1000, 1024, 30522}) {
    for (std::int64_t at = 0; at < cols; at += cols / 7) {
      Buffer x = random(DType::f32, {1, cols});
      x.set(at, 100);
      Buffer index(DType::i64, {1});
      kernels().argmax_rows(index.view(), x.view());
      CHECK(index.at(0) == static_cast<double>(at));
    }
  }
}

TEST_CASE("sort: no rows") {
  const Buffer x(DType::f32, {0, 5});
  Buffer values(DType::f32, {0, 5}), indices(DType::i64, {0, 5}), index(DType::i64, {0});
  kernels().sort_rows(values.view(), indices.view(), x.view(), true);
  kernels().argmax_rows(index.view(), x.view());
  CHECK(values.guards_intact());
}

}  // namespace
}  // namespace aio::test
