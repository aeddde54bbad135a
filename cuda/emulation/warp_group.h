#pragma once
// Products of a warp group (PTX: wgmma.m64n192k16, bf16, sums in f32), for hopper.h. Descriptors are decoded from their
// bits and operands found by the bits of their addresses.
//
// A product is made as late as it can be: at the wait for its group, from what lies in shared memory then. From its
// issue until that wait the sums are NaN. Faults: no wgmma_fence before the first product, warps of a group that ask
// for different products, a product that is never waited for, descriptors of another layout than hopper.h's.

#include <cstdint>

namespace aio::emulation {

struct GroupProduct {
  float* d;  ///< 96 of each thread
  std::uint64_t a, b;
  bool add;
  bool rows_of_b;
};

// All lanes of a warp.
void warp_group_fence();
void warp_group_product(const GroupProduct& product);
void warp_group_commit();
/// Completes all groups but the last `left`.
void warp_group_wait(int left);

}  // namespace aio::emulation
