#pragma once
// What a .cu file includes: CUDA's kernel language plus a few names that nvcc and the emulation (cuda/emulation) both
// have. A kernel that keeps to them, and to barriers, __shfl_*_sync, __ballot_sync and __syncwarp, compiles as CUDA by
// nvcc and as C++ by g++ and clang. Inline PTX stands in gpu_nvcc.h, beside its emulation in gpu_emulated.h,
// and, for an H100 alone, in hopper.h's two files.
//
//   AIO_SHARED(T, name, count)   an array in shared memory, `name` a SharedPointer<T>
//   AIO_DYNAMIC_SHARED(T, name)  the launch's dynamic shared memory
//   load_words<n>, store_words<n>  4, 8 or 16 bytes in one access
//   mma_m16n8k16, ldmatrix_x4, cp_async16, cp_async_commit, cp_async_wait<n>, exp2_approx, reciprocal_approx
//   launch(name, stream, {blocks, threads, shared bytes}, kernel, arguments...)

#include <cstddef>
#include <cstdint>

#include "cuda/runtime.h"
#include "tensor/bf16.h"

#if defined(__CUDACC__)
#include "cuda/gpu_nvcc.h"
#else
#include "cuda/gpu_emulated.h"
#endif

namespace aio::cuda {

inline constexpr int kWarp = 32;
inline constexpr unsigned kAllLanes = 0xFFFFFFFFU;

// ---- who am I
// --------------------------------------------------------------------------------------------------------

/// Blocks are one-dimensional or have kWarp threads in x: lanes run along x.
__device__ inline int lane_id() { return static_cast<int>(threadIdx.x) % kWarp; }
__device__ inline int thread_id() { return static_cast<int>(threadIdx.x); }
__device__ inline std::int64_t block_id() { return static_cast<std::int64_t>(blockIdx.x); }
/// Number of this thread in a one-dimensional grid.
__device__ inline std::int64_t global_thread_id() {
  return block_id() * static_cast<std::int64_t>(blockDim.x) + thread_id();
}
/// Number of this warp in a one-dimensional grid.
__device__ inline std::int64_t global_warp_id() { return global_thread_id() / kWarp; }

// ---- elements as f32
// -------------------------------------------------------------------------------------------------

__device__ inline float to_float(float x) { return x; }
__device__ inline float to_float(bf16 x) { return bits_to_float(static_cast<std::uint32_t>(x.bits) << 16); }

template <class T>
__device__ inline T from_float(float x) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return x;
  } else {
    return round_to_bf16(x);
  }
}

/// Elements of T in one access of 16 bytes.
template <class T>
inline constexpr int kVector = 16 / static_cast<int>(sizeof(T));

/// x[0..N) = p[0..N) as f32 in accesses of up to 16 bytes; p is aligned to them.
template <int N, class T>
__device__ inline void load_vector(float (&x)[N], const T* p) {
  if constexpr (N == 1) {
    x[0] = to_float(*p);
  } else {
    constexpr int kBytes = N * static_cast<int>(sizeof(T)), kStep = kBytes < 16 ? kBytes : 16;
    constexpr int kEach = kStep / static_cast<int>(sizeof(T));
#pragma unroll
    for (int i = 0; i < N; i += kEach) {
      std::uint32_t words[kStep / 4];
      load_words(words, p + i);
#pragma unroll
      for (int j = 0; j < kEach; ++j) {
        if constexpr (sizeof(T) == 4) {
          x[i + j] = bits_to_float(words[j]);
        } else {
          x[i + j] = bits_to_float(j % 2 == 0 ? words[j / 2] << 16 : words[j / 2] & 0xFFFF0000U);
        }
      }
    }
  }
}

/// p[0..N) = x[0..N), rounded; p is aligned as for load_vector.
template <int N, class T>
__device__ inline void store_vector(T* p, const float (&x)[N]) {
  if constexpr (N == 1) {
    *p = from_float<T>(x[0]);
  } else {
    constexpr int kBytes = N * static_cast<int>(sizeof(T)), kStep = kBytes < 16 ? kBytes : 16;
    constexpr int kEach = kStep / static_cast<int>(sizeof(T));
#pragma unroll
    for (int i = 0; i < N; i += kEach) {
      std::uint32_t words[kStep / 4];
#pragma unroll
      for (int j = 0; j < kStep / 4; ++j) {
        if constexpr (sizeof(T) == 4) {
          words[j] = float_to_bits(x[i + j]);
        } else {
          words[j] = pack_bf16(x[i + 2 * j], x[i + 2 * j + 1]);
        }
      }
      store_words(p + i, words);
    }
  }
}

// ---- warps and blocks
// ------------------------------------------------------------------------------------------------

/// Sum over the warp, in every lane: the same bits in all of them, for the pairs are added in the same order.
__device__ inline float warp_sum(float x) {
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) x += __shfl_xor_sync(kAllLanes, x, step);
  return x;
}

__device__ inline float warp_max(float x) {
#pragma unroll
  for (int step = kWarp / 2; step > 0; step /= 2) x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, step));
  return x;
}

// ---- launch
// ----------------------------------------------------------------------------------------------------------

struct Grid {
  Dim3 blocks;
  Dim3 threads;
  std::size_t shared = 0;  ///< bytes of dynamic shared memory
};

/// Blocks that cover n units, `each` a block.
inline unsigned blocks_for(std::int64_t n, std::int64_t each) { return static_cast<unsigned>((n + each - 1) / each); }

/// Runs the kernel for every thread of the grid, after what `stream` has been given before. An empty grid is none.
/// Throws Error{cuda} that names the kernel if it could not be started.
template <class... Parameters, class... Arguments>
void launch(const char* name, Stream stream, const Grid& grid, void (*kernel)(Parameters...), Arguments... arguments) {
  if (grid.blocks.x == 0 || grid.blocks.y == 0 || grid.blocks.z == 0) return;
  start_kernel(name, stream, grid.blocks, grid.threads, grid.shared, kernel, static_cast<Parameters>(arguments)...);
}

}  // namespace aio::cuda
