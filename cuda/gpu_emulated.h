#pragma once
// The names of gpu.h on the host, by cuda/emulation.

#include <math.h>

#include <bit>
#include <cstring>
#include <type_traits>

#include "cuda/emulation/emulator.h"
#include "cuda/emulation/shared_pointer.h"
#include "cuda/emulation/thread_index.h"
#include "tensor/bf16.h"

// NOLINTBEGIN: CUDA's names
#define __global__
#define __device__
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define AIO_SHARED(T, name, count) \
  static char name##_key;          \
  const ::aio::cuda::SharedPointer<T> name(::aio::emulation::shared_range(&name##_key, sizeof(T) * (count)))
#define AIO_DYNAMIC_SHARED(T, name) const ::aio::cuda::SharedPointer<T> name(::aio::emulation::shared_range(nullptr, 0))

inline void __syncthreads(int line = __builtin_LINE()) { aio::emulation::block_barrier(line); }
inline void __syncwarp(unsigned mask = 0xFFFFFFFFU) { aio::emulation::warp_barrier(mask); }

namespace aio::emulation {

template <class T>
struct ShuffleIn {
  T value;
  int from;  // lane
};

/// Each lane gets the value of lane `from`, or its own where that is outside of its group of `width` or of the mask.
template <class T>
T shuffle(unsigned mask, T value, int from, int width, const char* name) {
  static_assert(std::is_trivially_copyable_v<T>);
  const int lane = current_lane();
  if (from < 0 || from > 31 || from / width != lane / width) from = lane;
  if ((mask >> lane & 1U) != 0 && (mask >> from & 1U) == 0) fault("takes a value from a lane outside of the mask");
  const ShuffleIn<T> in{value, from};
  T out;
  exchange(mask, name, &in, &out, [](const void* const* ins, void* const* outs) {
    for (int i = 0; i < 32; ++i) {
      if (ins[i] == nullptr) continue;
      const int source = static_cast<const ShuffleIn<T>*>(ins[i])->from;
      *static_cast<T*>(outs[i]) = static_cast<const ShuffleIn<T>*>(ins[source])->value;
    }
  });
  return out;
}

}  // namespace aio::emulation

template <class T>
T __shfl_sync(unsigned mask, T value, int from, int width = 32) {
  const int lane = aio::emulation::current_lane();
  return aio::emulation::shuffle(mask, value, lane / width * width + from % width, width, "__shfl_sync");
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
  return aio::emulation::shuffle(mask, value, aio::emulation::current_lane() ^ bits, width, "__shfl_xor_sync");
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, int distance, int width = 32) {
  return aio::emulation::shuffle(mask, value, aio::emulation::current_lane() + distance, width, "__shfl_down_sync");
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, int distance, int width = 32) {
  return aio::emulation::shuffle(mask, value, aio::emulation::current_lane() - distance, width, "__shfl_up_sync");
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  unsigned result = 0;
  aio::emulation::exchange(mask, "__ballot_sync", &predicate, &result, [](const void* const* ins, void* const* outs) {
    unsigned bits = 0;
    for (int i = 0; i < 32; ++i)
      if (ins[i] != nullptr && *static_cast<const int*>(ins[i]) != 0) bits |= 1U << i;
    for (int i = 0; i < 32; ++i)
      if (outs[i] != nullptr) *static_cast<unsigned*>(outs[i]) = bits;
  });
  return result;
}
inline float rsqrtf(float x) { return 1.0F / sqrtf(x); }
// NOLINTEND

namespace aio::cuda {

using Dim3 = emulation::Dim3;
template <class T>
using SharedPointer = emulation::SharedPointer<T>;

inline float bits_to_float(std::uint32_t bits) { return std::bit_cast<float>(bits); }
inline std::uint32_t float_to_bits(float x) { return std::bit_cast<std::uint32_t>(x); }
inline bf16 round_to_bf16(float x) { return bf16(x); }
inline std::uint32_t pack_bf16(float low, float high) {
  return static_cast<std::uint32_t>(bf16(low).bits) | static_cast<std::uint32_t>(bf16(high).bits) << 16;
}

inline int lowest_bit(unsigned x) { return std::countr_zero(x); }

inline void check_aligned(const void* p, std::size_t bytes) {
  if (reinterpret_cast<std::uintptr_t>(p) % bytes != 0)
    emulation::fault("makes an access of " + std::to_string(bytes) + " bytes to a misaligned address");
}
template <std::size_t N>
void load_words(std::uint32_t (&w)[N], const void* p) {
  check_aligned(p, sizeof w);
  std::memcpy(w, p, sizeof w);
}
template <std::size_t N>
void store_words(void* p, const std::uint32_t (&w)[N]) {
  check_aligned(p, sizeof w);
  std::memcpy(p, w, sizeof w);
}

void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]);
void ldmatrix_x4(std::uint32_t (&r)[4], SharedPointer<const bf16> row);
void ldmatrix_x4_transposed(std::uint32_t (&r)[4], SharedPointer<const bf16> row);

template <class T>
void cp_async16(SharedPointer<T> to, const T* from) {
  emulation::async_copy(to.range(), to.address(), from, 16);
}
inline void cp_async_commit() { emulation::async_commit(); }
template <int N>
void cp_async_wait() {
  emulation::async_wait(N);
}
inline float exp2_approx(float x) { return exp2f(x); }
inline float reciprocal_approx(float x) { return 1 / x; }

/// Kernels have ended when this returns, whatever the stream, unless it is captured. Throws Error{cuda} for what the
/// emulator finds wrong.
template <class... Parameters>
void start_kernel(const char* name, Stream, Dim3 blocks, Dim3 threads, std::size_t shared,
                  void (*kernel)(Parameters...), Parameters... parameters) {
  emulation::run_grid(name, blocks, threads, shared, [=] { kernel(parameters...); });
}

}  // namespace aio::cuda
