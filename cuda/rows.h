#pragma once
// What the row kernels share: one warp a row, its lanes side by side along the columns, N columns an access.

#include "cuda/dispatch.h"
#include "cuda/gpu.h"

namespace aio::cuda {

inline constexpr int kRowThreads = 128;  // four rows a block: a block's last warp keeps few others waiting

/// The grid with one warp for each of R rows.
inline Grid row_grid(std::int64_t R) { return {blocks_for(R, kRowThreads / kWarp), kRowThreads}; }

/// body(c) for the columns c, c + 1, ... c + N - 1 that are this lane's. N divides C.
template <int N, class Body>
__device__ inline void for_columns(std::int64_t C, Body body) {
  for (std::int64_t c = lane_id() * N; c < C; c += kWarp * N) body(c);
}

/// body.operator()<N>() with the most columns an access can take: a vector of T if all rows begin on 16 bytes, else 1.
template <class T, class Body, class... Pointers>
void dispatch_columns(std::int64_t C, Body&& body, const Pointers*... pointers) {
  if (C % kVector<T> == 0 && aligned16(pointers...)) {
    body.template operator()<kVector<T>>();
  } else {
    body.template operator()<1>();
  }
}

}  // namespace aio::cuda
