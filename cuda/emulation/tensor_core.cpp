// mma.m16n8k16 and ldmatrix: the fragments of the PTX manual, sections "Matrix Fragments for mma.m16n8k16 with floating
// point type" and "ldmatrix".

#include <cstring>

#include "cuda/gpu.h"

namespace aio::cuda {

namespace {

struct MmaIn {
  const std::uint32_t* a;
  const std::uint32_t* b;
};

float half(std::uint32_t word, int which) { return bits_to_float(which == 0 ? word << 16 : word & 0xFFFF0000U); }

/// Lane i holds rows i / 4 and i / 4 + 8, columns 2 (i % 4) and the next.
void multiply(const void* const* ins, void* const* outs) {
  float a[16][16], b[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const MmaIn& in = *static_cast<const MmaIn*>(ins[lane]);
    const int group = lane / 4, pair = lane % 4 * 2;
    for (int h = 0; h < 2; ++h) {
      for (int r = 0; r < 4; ++r) a[group + r % 2 * 8][pair + h + r / 2 * 8] = half(in.a[r], h);
      for (int r = 0; r < 2; ++r) b[pair + h + r * 8][group] = half(in.b[r], h);
    }
  }
  for (int lane = 0; lane < 32; ++lane) {
    auto* const d = static_cast<float*>(outs[lane]);
    for (int r = 0; r < 4; ++r) {
      float sum = d[r];
      for (int k = 0; k < 16; ++k) sum += a[lane / 4 + r / 2 * 8][k] * b[k][lane % 4 * 2 + r % 2];
      d[r] = sum;
    }
  }
}

void read_row(SharedPointer<const bf16> row) {
  if (reinterpret_cast<std::uintptr_t>(row.address()) % 16 != 0)
    emulation::fault("calls ldmatrix with a misaligned row");
  emulation::shared_read(row.range(), row.address(), 16);
}

/// Element (i, j) of matrix m, whose rows the lanes 8 m .. 8 m + 7 point at.
std::uint32_t element(const void* const* ins, int m, int i, int j) {
  return static_cast<const bf16*>(ins[m * 8 + i])[j].bits;
}

}  // namespace

void mma_m16n8k16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  const MmaIn in{a, b};
  emulation::exchange(kAllLanes, "mma", &in, d, multiply);
}

void ldmatrix_x4(std::uint32_t (&r)[4], SharedPointer<const bf16> row) {
  read_row(row);
  emulation::exchange(kAllLanes, "ldmatrix", row.address(), r, [](const void* const* ins, void* const* outs) {
    for (int lane = 0; lane < 32; ++lane)
      for (int m = 0; m < 4; ++m)
        static_cast<std::uint32_t*>(outs[lane])[m] =
            element(ins, m, lane / 4, lane % 4 * 2) | element(ins, m, lane / 4, lane % 4 * 2 + 1) << 16;
  });
}

void ldmatrix_x4_transposed(std::uint32_t (&r)[4], SharedPointer<const bf16> row) {
  read_row(row);
  emulation::exchange(kAllLanes, "ldmatrix.trans", row.address(), r, [](const void* const* ins, void* const* outs) {
    for (int lane = 0; lane < 32; ++lane)
      for (int m = 0; m < 4; ++m)
        static_cast<std::uint32_t*>(outs[lane])[m] =
            element(ins, m, lane % 4 * 2, lane / 4) | element(ins, m, lane % 4 * 2 + 1, lane / 4) << 16;
  });
}

}  // namespace aio::cuda
