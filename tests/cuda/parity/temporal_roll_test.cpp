// cuda/temporal_roll.cu against the CPU: the same elements.
#include <doctest/doctest.h>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

TEST_CASE("cuda temporal_roll: both directions, every dtype, shifts beyond the clip") {
  if (!have_device()) return;
  const struct {
    std::int64_t B, T, N, C;
  } shapes[] = {{2, 3, 7, 16}, {1, 4, 7, 3}, {1, 6, 7, 4}, {3, 1, 7, 40}, {2, 3, 7, 600}, {0, 3, 7, 8}, {2, 3, 7, 0}};
  for (const DType dtype : {DType::f32, DType::bf16, DType::i64, DType::u8}) {
    for (const auto& [B, T, N, C] : shapes) {
      for (const std::int64_t offset : {0, 1}) {
        Parity p(dtype);
        const int shift = p.values(DType::i64, {N}, {0, 1, -1, 2, 5, -7, 1000000007});
        p.misalign(offset);
        std::vector<double> numbers;
        for (std::int64_t i = 0; i < B * T * N * C; ++i) numbers.push_back(static_cast<double>(i % 251));
        const int x = p.values(dtype, {B, T, N, C}, numbers);
        const int y = p.integer_output(dtype, {B, T, N, C}), back = p.integer_output(dtype, {B, T, N, C});
        p.run([&](Backend& k, const Views& v) {
          k.temporal_roll(v[y], v[x], v[shift], 1);
          k.temporal_roll(v[back], v[x], v[shift], -1);
          k.temporal_roll(v[back], v[back], v[shift], 1);
          k.temporal_roll(v[back], v[back], v[shift], 1);
        });
      }
    }
  }
}

}  // namespace
}  // namespace aio::test
