// Largest elements and orders of rows.
//
// argmax_rows  index of the largest of each row; the first of equals
// topk_rows    the k largest of each row, descending
// sort_rows    each row sorted, with the indices; stable
// Order:       NaN counts as larger than every number (PyTorch's rule); equal values keep the order of their indices.
//              So the result is unique and deterministic.
// Shapes:      x [R, C]; index i64 [R]; values, indices [R, k] or [R, C]. Any dtype. Not differentiable by themselves.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/parallel.h"

namespace aio {

namespace {

/// True if a comes before b in descending order: a is larger, or only a is NaN.
template <class T>
bool above(T a, T b) {
  if constexpr (std::is_same_v<T, bf16>) {
    return above(static_cast<float>(a), static_cast<float>(b));
  } else if constexpr (std::is_floating_point_v<T>) {
    return a > b || (std::isnan(a) && !std::isnan(b));
  } else {
    return a > b;
  }
}

/// body(row) for all rows, about 16,000 elements a piece.
template <class Body>
void for_rows(std::int64_t rows, std::int64_t cols, Body&& body) {
  parallel_for(rows, std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, cols)), body);
}

/// The first `kept` of each row of x in the order `before`, ties by index: values and indices [R, kept].
template <class T, class Before>
void order_rows(const View& values, const View& indices, const View& x, Before before) {
  const std::int64_t cols = x.cols(), kept = values.cols();
  for_rows(x.rows(), cols, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(cols));
    for (std::int64_t r = begin; r < end; ++r) {
      const T* const row = x.as<T>() + r * cols;
      const auto precedes = [&](std::int64_t i, std::int64_t j) {
        return before(row[i], row[j]) || (i < j && !before(row[j], row[i]));
      };
      std::iota(order.begin(), order.end(), std::int64_t{0});
      if (kept < cols) std::nth_element(order.begin(), order.begin() + kept, order.end(), precedes);
      std::sort(order.begin(), order.begin() + kept, precedes);
      for (std::int64_t j = 0; j < kept; ++j) {
        const std::int64_t i = order[static_cast<std::size_t>(j)];
        values.as<T>()[r * kept + j] = row[i];
        indices.as<std::int64_t>()[r * kept + j] = i;
      }
    }
  });
}

}  // namespace

void CpuBackend::argmax_rows(const View& index, const View& x) {
  const std::int64_t cols = x.cols();
  dispatch_all(x.dtype, [&]<class T>() {
    for_rows(x.rows(), cols, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        const T* const row = x.as<T>() + r * cols;
        std::int64_t best = 0;
        for (std::int64_t i = 1; i < cols; ++i)
          if (above(row[i], row[best])) best = i;
        index.as<std::int64_t>()[r] = best;
      }
    });
  });
}

void CpuBackend::topk_rows(const View& values, const View& indices, const View& x) {
  dispatch_all(x.dtype, [&]<class T>() { order_rows<T>(values, indices, x, above<T>); });
}

void CpuBackend::sort_rows(const View& values, const View& indices, const View& x, bool descending) {
  dispatch_all(x.dtype, [&]<class T>() {
    if (descending) {
      order_rows<T>(values, indices, x, above<T>);
    } else {
      order_rows<T>(values, indices, x, [](T a, T b) { return above(b, a); });
    }
  });
}

}  // namespace aio
