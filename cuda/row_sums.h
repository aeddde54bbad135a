#pragma once
// Sums and maxima over a row, by the warp that has it; all lanes get the result.

#include "cuda/rows.h"

namespace aio::cuda {

/// terms(c, t) sets t to the terms of columns c .. c + N - 1. The order of the sum depends on C and N only.
template <int N, class Terms>
__device__ inline float row_sum(std::int64_t C, Terms terms) {
  float sum = 0;
  for_columns<N>(C, [&](std::int64_t c) {
    float t[N];
    terms(c, t);
#pragma unroll
    for (int j = 0; j < N; ++j) sum += t[j];
  });
  return warp_sum(sum);
}

/// -inf for C = 0. A NaN may or may not win: the exponentials taken afterwards propagate it.
template <int N, class T>
__device__ inline float row_max(const T* row, std::int64_t C) {
  float most = bits_to_float(0xFF800000U);  // -inf
  for_columns<N>(C, [&](std::int64_t c) {
    float v[N];
    load_vector(v, row + c);
#pragma unroll
    for (int j = 0; j < N; ++j) most = fmaxf(most, v[j]);
  });
  return warp_max(most);
}

}  // namespace aio::cuda
