#pragma once
// The names of gpu.h on a GPU. All inline PTX of the project is here and in hopper_nvcc.h.

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#define AIO_SHARED(T, name, count)                                          \
  __shared__ __align__(16) unsigned char name##_bytes[sizeof(T) * (count)]; \
  const ::aio::cuda::SharedPointer<T> name = reinterpret_cast<T*>(name##_bytes)
#define AIO_DYNAMIC_SHARED(T, name)                                   \
  extern __shared__ __align__(128) unsigned char aio_dynamic_bytes[]; \
  const ::aio::cuda::SharedPointer<T> name = reinterpret_cast<T*>(aio_dynamic_bytes)

namespace aio::cuda {

using Dim3 = dim3;
template <class T>
using SharedPointer = T*;

__device__ inline float bits_to_float(std::uint32_t bits) { return __uint_as_float(bits); }
__device__ inline std::uint32_t float_to_bits(float x) { return __float_as_uint(x); }

__device__ inline bf16 round_to_bf16(float x) {
  bf16 result;
  result.bits = __bfloat16_as_ushort(__float2bfloat16_rn(x));
  return result;
}
/// `low` in the lower half.
__device__ inline std::uint32_t pack_bf16(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

/// Number of the lowest bit that is set.
__device__ inline int lowest_bit(unsigned x) { return __ffs(static_cast<int>(x)) - 1; }

// Through uint4: a struct of four pairs is copied by four loads of 4 bytes.
__device__ inline void load_words(std::uint32_t (&w)[1], const void* p) {
  w[0] = *static_cast<const std::uint32_t*>(p);
}
__device__ inline void load_words(std::uint32_t (&w)[2], const void* p) {
  const uint2 v = *static_cast<const uint2*>(p);
  w[0] = v.x, w[1] = v.y;
}
__device__ inline void load_words(std::uint32_t (&w)[4], const void* p) {
  const uint4 v = *static_cast<const uint4*>(p);
  w[0] = v.x, w[1] = v.y, w[2] = v.z, w[3] = v.w;
}
__device__ inline void store_words(void* p, const std::uint32_t (&w)[1]) { *static_cast<std::uint32_t*>(p) = w[0]; }
__device__ inline void store_words(void* p, const std::uint32_t (&w)[2]) {
  *static_cast<uint2*>(p) = make_uint2(w[0], w[1]);
}
/// An ordinary store by its intrinsic: as an assignment the optimizer may take it apart into four (tests/cuda/sass.sh).
__device__ inline void store_words(void* p, const std::uint32_t (&w)[4]) {
  __stwb(static_cast<uint4*>(p), make_uint4(w[0], w[1], w[2], w[3]));
}

/// D += A B, A 16 x 16 row-major, B 16 x 8 column-major, in the fragments of PTX's mma.m16n8k16 for bf16.
__device__ inline void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

/// Four 8 x 8 matrices of 16-bit elements; lane i gives the address of row i % 8 of matrix i / 8 (16-byte aligned).
__device__ inline void ldmatrix_x4(std::uint32_t (&r)[4], SharedPointer<const bf16> row) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3},[%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
}
/// The same, each matrix transposed.
__device__ inline void ldmatrix_x4_transposed(std::uint32_t (&r)[4], SharedPointer<const bf16> row) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3},[%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
}

/// 16 bytes to shared memory in the background; both addresses 16-byte aligned.
template <class T>
__device__ inline void cp_async16(SharedPointer<T> to, const T* from) {
  asm volatile(
      "cp.async.cg.shared.global [%0],[%1],16;" ::"r"(static_cast<std::uint32_t>(__cvta_generic_to_shared(to))),
      "l"(from)
      : "memory");
}
__device__ inline void cp_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Waits for this thread's copies of all groups but the last N.
template <int N>
__device__ inline void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

/// 2^x to 2 ulp; 0 for -inf.
__device__ inline float exp2_approx(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0,%1;" : "=f"(y) : "f"(x));
  return y;
}

/// 1 / x to 1 ulp.
__device__ inline float reciprocal_approx(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0,%1;" : "=f"(y) : "f"(x));
  return y;
}

template <class... Parameters>
void start_kernel(const char* name, Stream stream, Dim3 blocks, Dim3 threads, std::size_t shared,
                  void (*kernel)(Parameters...), Parameters... parameters) {
  constexpr std::size_t kWithoutAsking = 48 << 10;
  if (shared > kWithoutAsking)
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared));
  kernel<<<blocks, threads, shared, stream>>>(parameters...);
  check_launch(name);
}

}  // namespace aio::cuda
