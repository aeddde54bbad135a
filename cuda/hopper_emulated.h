#pragma once
// The names of hopper.h on the host, by cuda/emulation.

#include "cuda/emulation/bulk_copy.h"
#include "cuda/emulation/warp_group.h"

#define AIO_GRID_CONSTANT

namespace aio::cuda {

using TensorMap = emulation::TileMap;
inline TensorMap tile_map(const bf16* data, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                          int box_rows) {
  return emulation::make_tile_map(data, rows, columns, stride, box_rows);
}

template <class T>
std::uint32_t shared_address(SharedPointer<T> p) {
  return emulation::bulk_copies().address(p.address());
}

inline void store_shared(SharedPointer<float> p, float x, float y) {
  check_aligned(p.address(), 8);
  p[0] = x;
  p[1] = y;
}
inline void load_shared(float (&x)[8], SharedPointer<const float> p) {
  check_aligned(p.address(), 16);
  for (int i = 0; i < 8; ++i) x[i] = p[i];
}

inline void mbarrier_init(SharedPointer<std::uint64_t> barrier, int arrivals) {
  emulation::bulk_copies().init(barrier.range(), barrier.address(), arrivals);
}
inline void mbarrier_init_fence() { emulation::bulk_copies().init_fence(); }
inline void mbarrier_arrive(SharedPointer<std::uint64_t> barrier) {
  emulation::bulk_copies().arrive(barrier.address(), 0);
}
inline void mbarrier_expect(SharedPointer<std::uint64_t> barrier, int bytes) {
  emulation::bulk_copies().arrive(barrier.address(), bytes);
}
inline void mbarrier_wait(SharedPointer<std::uint64_t> barrier, int parity) {
  emulation::bulk_copies().wait(barrier.address(), parity);
}
inline void bulk_load(SharedPointer<bf16> to, const TensorMap& map, int column, int row,
                      SharedPointer<std::uint64_t> barrier) {
  emulation::bulk_copies().load(to.range(), to.address(), map, column, row, barrier.address());
}

inline void wgmma_fence() { emulation::warp_group_fence(); }
inline void wgmma_commit() { emulation::warp_group_commit(); }
template <int N>
void wgmma_wait() {
  emulation::warp_group_wait(N);
}
template <int N>
void wgmma_settle(float (&)[N]) {}
template <bool kRowsOfB>
void wgmma_m64n192k16(float (&d)[96], std::uint64_t a, std::uint64_t b, bool add) {
  emulation::warp_group_product({d, a, b, add, kRowsOfB});
}

template <int N>
void give_registers() {
  static_assert(N % 8 == 0 && N >= 24 && N <= 256);
}
template <int N>
void take_registers() {
  static_assert(N % 8 == 0 && N >= 24 && N <= 256);
}

inline int made_anew(int x) { return x; }

}  // namespace aio::cuda
