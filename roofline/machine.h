#pragma once
// How long a kernel takes on a GPU at least, and about.

#include <string_view>

#include "roofline/kernel.h"

namespace aio::roofline {

/// Rates of a GPU. Products and copies are measured on such machines: 8192^3 in bf16 on random data, and the bytes read
/// and written by a large copy. Attention's are published: FlashAttention-2 at head size 64 and 512 keys, which uses
/// the same instructions as ours (mma.sync), in FLOPs that it executes.
///
/// Our own products (cuda/gemm_hopper.cu) are supposed to make 500 TFLOP/s of sums; nobody has measured them. Published
/// with the same instructions: CUTLASS 553 at 4096^3 and 641 at 8192^3 (github.com/waynehacking8/
/// blackwell-tensorcore-kernels), one from scratch 763 and 808 (github.com/pranjalssh/fast.cu). Both let two blocks
/// share a copy; ours do not, and take 6.5 TB/s from the L2 cache at 500, about what it gives (5.5 to 6 on the PCIe
/// model with 114 of the 132 multiprocessors: chipsandcheese.com, 2023). Their ends are counted apart: 132
/// multiprocessors x 128 lanes x 1.7 GHz, of which four warps issue 60 %.
struct Machine {
  std::string_view name;
  double product;             ///< FLOP/s
  double own_product;         ///< FLOP/s
  double copy;                ///< bytes/s
  double attention_forward;   ///< FLOP/s
  double attention_backward;  ///< FLOP/s
  double finishing;           ///< instructions of threads/s, at the end of our own products
};

/// "h100", "h200"; throws Error{config}.
const Machine& machine(std::string_view name);

/// What a good kernel reaches of the rates above, and what lies between two kernels.
struct Efficiency {
  double product = 1, memory = 1;
  double gap = 0;  ///< seconds from the end of a kernel to the beginning of the next
};
/// No kernel can be faster.
inline constexpr Efficiency kCeiling{};
/// As good libraries and kernels are, replayed from a graph: 85 % of a product's rate, 90 % of a copy's, 1 us.
inline constexpr Efficiency kGood{0.85, 0.90, 1e-6};
/// Real steps take longer than the sum of good kernels: a GPT-2 by hand-written kernels 140 ms where the model above
/// says 123, a ViT-S by a compiler 1.18 times the model. Their mean.
inline constexpr double kCalibration = 0.86;

struct Estimate {
  double seconds = 0;        ///< with the gap
  bool memory_bound = true;  ///< else by products
};
Estimate estimate(const Kernel& kernel, const Machine& machine, const Efficiency& efficiency);

}  // namespace aio::roofline
