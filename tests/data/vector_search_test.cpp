#include "data/vector_search.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tensor/raw.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

/// By sorting all rows, the scores summed in double.
std::vector<std::int64_t> sorted_rows(const Tensor& gallery, const Tensor& queries, std::int64_t query) {
  const std::int64_t width = gallery.dim(1);
  const auto rows = gallery.to_vector<float>(), asked = queries.to_vector<float>();
  std::vector<double> scores(static_cast<std::size_t>(gallery.dim(0)), 0);
  for (std::size_t r = 0; r < scores.size(); ++r) {
    for (std::int64_t i = 0; i < width; ++i) {
      scores[r] += static_cast<double>(rows[r * static_cast<std::size_t>(width) + static_cast<std::size_t>(i)]) *
                   asked[static_cast<std::size_t>(query * width + i)];
    }
  }
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  return order;
}

std::vector<std::int64_t> rows_of(const std::vector<Neighbour>& found) {
  std::vector<std::int64_t> rows;
  for (const Neighbour& one : found) rows.push_back(one.row);
  return rows;
}

/// Small integers: products are exact, and many scores are equal.
Tensor integers(const Shape& shape, std::uint64_t seed) {
  return raw::cast(random_integers(shape, -2, 3, {seed}), DType::f32);
}

TEST_CASE("nearest rows: what sorting finds, ties by row, for any width, height and number of queries") {
  for (const std::int64_t rows : {1, 3, 4, 50, 5000}) {
    for (const std::int64_t width : {1, 15, 16, 65}) {
      const Tensor gallery = integers({rows, width}, 1);
      for (const std::int64_t count : {1, 2, 5}) {
        const Tensor queries = integers({count, width}, 2);
        for (const std::int64_t k : {1, 7, 100}) {
          const auto found = nearest_rows(gallery, queries, k);
          REQUIRE(found.size() == static_cast<std::size_t>(count));
          for (std::int64_t q = 0; q < count; ++q) {
            std::vector<std::int64_t> expected = sorted_rows(gallery, queries, q);
            expected.resize(static_cast<std::size_t>(std::min(k, rows)));
            CHECK(rows_of(found[static_cast<std::size_t>(q)]) == expected);
          }
        }
      }
    }
  }
}

TEST_CASE("nearest rows: more queries than fit a block of rows, strided inputs") {
  const Tensor gallery = integers({300, 8}, 3), queries = integers({20'000, 8}, 4);
  const auto found = nearest_rows(gallery, queries, 3);  // blocks of 209 rows
  for (const std::int64_t q : {0, 9'999, 19'999}) {
    std::vector<std::int64_t> expected = sorted_rows(gallery, queries, q);
    expected.resize(3);
    CHECK(rows_of(found[static_cast<std::size_t>(q)]) == expected);
  }
  const Tensor strided = raw::transpose(raw::contiguous(raw::transpose(gallery, 0, 1)), 0, 1);
  const Tensor one = raw::slice(queries, 0, 7, 8);
  CHECK(rows_of(nearest_rows(strided, one, 9)[0]) == rows_of(nearest_rows(gallery, one, 9)[0]));
}

TEST_CASE("nearest rows: the same bits for any number of threads; one query and many agree") {
  const Tensor gallery = normal({4001, 70}, 0, 1, {5}), queries = normal({3, 70}, 0, 1, {6});
  const Tensor one = raw::slice(queries, 0, 0, 1);
  const auto alone = nearest_rows(gallery, one, 50)[0];
  const auto together = nearest_rows(gallery, queries, 50)[0];
  CHECK(rows_of(alone) == rows_of(together));
  const int threads = num_threads();
  for (const int count : {1, 3}) {
    set_num_threads(count);
    const auto again = nearest_rows(gallery, one, 50)[0];
    for (std::size_t i = 0; i < 50; ++i) {
      CHECK(again[i].row == alone[i].row);
      CHECK(again[i].score == alone[i].score);
      CHECK(std::abs(together[i].score - alone[i].score) < 1e-5F);
    }
  }
  set_num_threads(threads);
}

TEST_CASE("nearest rows: NaN is never near, and what is refused") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor gallery = Tensor::from(std::vector<float>{nan, 1, -5, 2}, {4, 1});
  const Tensor query = Tensor::from(std::vector<float>{1}, {1, 1});
  CHECK(rows_of(nearest_rows(gallery, query, 2)[0]) == std::vector<std::int64_t>{3, 1});
  CHECK(rows_of(nearest_rows(gallery, query, 9)[0]) == std::vector<std::int64_t>{3, 1, 2, 0});
  CHECK(nearest_rows(gallery, Tensor::zeros({0, 1}), 2).empty());
  CHECK(nearest_rows(Tensor::zeros({0, 1}), query, 2)[0].empty());
  EXPECT_ERROR(nearest_rows(gallery, query, 0), value, "k is 0");
  EXPECT_ERROR(nearest_rows(gallery, Tensor::zeros({1, 2}), 1), shape, "gallery f32[4, 1], queries f32[1, 2]");
  EXPECT_ERROR(nearest_rows(gallery, Tensor::zeros({1, 1}, {DType::f64, {}}), 1), dtype, "expected f32");
}

}  // namespace
}  // namespace aio
