#pragma once
// Instructions of compute capability 9.0 (sm_90a) for kernels that are compiled for it alone: bulk copies of tiles from
// global to shared memory, barriers that such copies arrive at, and products of a group of four warps with operands in
// shared memory. On a GPU hopper_nvcc.h, in the emulation hopper_emulated.h.
//
//   tile_map(data, rows, columns, stride, box_rows)   host: a bf16 matrix, taken in boxes of box_rows x 64
//   bulk_load(to, map, column, row, barrier)          one thread: a box to shared memory, swizzled, zeros outside
//   mbarrier_init, mbarrier_init_fence, mbarrier_arrive, mbarrier_expect, mbarrier_wait
//   tile_descriptor(address, leading, stride)         where a product finds its operand
//   wgmma_fence, wgmma_m64n192k16<kRowsOfB>, wgmma_commit, wgmma_wait<n>, wgmma_settle(sums)
//   give_registers<n>, take_registers<n>              setmaxnreg
//   made_anew(x)                                      x, for what shall not be kept in registers from round to round
//
// A box lies in shared memory as rows of 128 bytes (64 numbers) one after another, on a multiple of 1024 bytes; the 16
// bytes c of row r are at c ^ r % 8. Addresses are those of the block's shared memory (shared_address).
//
// A product C += A B takes A [64, 16] from rows of K, and B [16, 192] either from rows of K, one for each column of C
// (kRowsOfB = false), or from rows of 64 columns, one for each K (true). Of a descriptor, `stride` are the bytes from
// eight rows of a box to the next eight, `leading` those from 64 columns of C to the next 64 (only for kRowsOfB).
// Thread t of the group gets, of C's rows t / 32 * 16 + t % 32 / 4 and eight more, columns 8 n + 2 (t % 4) and the next
// in sums 4 n, 4 n + 1 and 4 n + 2, 4 n + 3. Neither may the sums be touched nor the operands be written before
// wgmma_wait<n> has returned, which leaves the last n committed groups under way.

#include "cuda/gpu.h"

#if defined(__CUDACC__)
#include "cuda/hopper_nvcc.h"
#else
#include "cuda/hopper_emulated.h"
#endif

namespace aio::cuda {

inline constexpr int kWarpGroup = 128;
inline constexpr int kBoxColumns = 64;       // of bf16: 128 bytes
inline constexpr int kSwizzledAlign = 1024;  // bytes after which the swizzle repeats

/// Bits 0-13 the address, 16-29 `leading`, 32-45 `stride`, each in units of 16 bytes; 62-63 the swizzle of 128 bytes.
__device__ inline std::uint64_t tile_descriptor(std::uint32_t address, std::uint32_t leading, std::uint32_t stride) {
  const auto units = [](std::uint32_t bytes) { return static_cast<std::uint64_t>((bytes & 0x3FFFF) >> 4); };
  return units(address) | units(leading) << 16 | units(stride) << 32 | std::uint64_t{1} << 62;
}

}  // namespace aio::cuda
