#pragma once
// The names of hopper.h on a GPU, for sm_90a.

#include "cuda/tensor_map.h"

#define AIO_GRID_CONSTANT __grid_constant__

namespace aio::cuda {

template <class T>
__device__ inline std::uint32_t shared_address(SharedPointer<T> p) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(p));
}

// ---- numbers in shared memory, several in one access

__device__ inline void store_shared(SharedPointer<float> p, float x, float y) {
  *reinterpret_cast<float2*>(p) = make_float2(x, y);
}
__device__ inline void load_shared(float (&x)[8], SharedPointer<const float> p) {
#pragma unroll
  for (int i = 0; i < 8; i += 4) {
    const float4 v = *reinterpret_cast<const float4*>(p + i);
    x[i] = v.x, x[i + 1] = v.y, x[i + 2] = v.z, x[i + 3] = v.w;
  }
}

// ---- barriers

__device__ inline void mbarrier_init(SharedPointer<std::uint64_t> barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0],%1;" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory");
}
/// Between the last mbarrier_init and the __syncthreads after it.
__device__ inline void mbarrier_init_fence() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }

__device__ inline void mbarrier_arrive(SharedPointer<std::uint64_t> barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _,[%0];" ::"r"(shared_address(barrier)) : "memory");
}
/// Arrives, and has the phase wait for this many bytes of bulk copies, too.
__device__ inline void mbarrier_expect(SharedPointer<std::uint64_t> barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _,[%0],%1;" ::"r"(shared_address(barrier)), "r"(bytes)
               : "memory");
}
/// Until the phase of this parity is over; that before the first has parity 1.
__device__ inline void mbarrier_wait(SharedPointer<std::uint64_t> barrier, int parity) {
  asm volatile(
      "{.reg .pred over;\n"
      "again: mbarrier.try_wait.parity.shared::cta.b64 over,[%0],%1;\n"
      "@!over bra again;}" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
}

// ---- copies

__device__ inline void bulk_load(SharedPointer<bf16> to, const TensorMap& map, int column, int row,
                                 SharedPointer<std::uint64_t> barrier) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0],[%1,{%3,%4}],[%2];" ::"r"(
          shared_address(to)),
      "l"(&map), "r"(shared_address(barrier)), "r"(column), "r"(row)
      : "memory");
}

// ---- products

__device__ inline void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ inline void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int N>
__device__ inline void wgmma_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(N) : "memory");
}

/// After the wait for a product, before its sums are read: the compiler must not read them earlier.
template <int N>
__device__ inline void wgmma_settle(float (&d)[N]) {
#pragma unroll
  for (int i = 0; i < N; ++i) asm volatile("" : "+f"(d[i])::"memory");
}

#define AIO_SUMS8(d, i)                                                                                       \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), \
      "+f"(d[i + 7])
/// D = A B, plus D if `add`.
template <bool kRowsOfB>
__device__ inline void wgmma_m64n192k16(float (&d)[96], std::uint64_t a, std::uint64_t b, bool add) {
  asm volatile(
      "{.reg .pred add;\n"
      "setp.ne.b32 add,%98,0;\n"
      "wgmma.mma_async.sync.aligned.m64n192k16.f32.bf16.bf16 {"
      "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,"
      "%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31,"
      "%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,"
      "%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63,"
      "%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79,"
      "%80,%81,%82,%83,%84,%85,%86,%87,%88,%89,%90,%91,%92,%93,%94,%95"
      "},%96,%97,add,1,1,0,%99;}"
      : AIO_SUMS8(d, 0), AIO_SUMS8(d, 8), AIO_SUMS8(d, 16), AIO_SUMS8(d, 24), AIO_SUMS8(d, 32), AIO_SUMS8(d, 40),
        AIO_SUMS8(d, 48), AIO_SUMS8(d, 56), AIO_SUMS8(d, 64), AIO_SUMS8(d, 72), AIO_SUMS8(d, 80), AIO_SUMS8(d, 88)
      : "l"(a), "l"(b), "r"(static_cast<int>(add)), "n"(kRowsOfB ? 1 : 0));
}
#undef AIO_SUMS8

/// All threads of a warp group: from here on it has this many registers a thread; fewer than it had, or more.
template <int N>
__device__ inline void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(N));
}
template <int N>
__device__ inline void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(N));
}

/// x. What is computed from it in a loop, the compiler does not compute before the loop: registers may be too few.
__device__ inline int made_anew(int x) {
  asm volatile("" : "+r"(x));
  return x;
}

}  // namespace aio::cuda
