// cuda/gather_rows.cu against the CPU in f64.
#include <doctest/doctest.h>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

std::vector<double> indices(std::int64_t n, std::int64_t below) {
  std::vector<double> index;
  for (std::int64_t i = 0; i < n; ++i) index.push_back(static_cast<double>(i * i % 11 % below));  // with repetitions
  return index;
}

TEST_CASE("cuda gather_rows and scatter_add_rows: shared and own indices, long lists") {
  if (!have_device()) return;
  const struct {
    std::int64_t B, N, V, C;
  } shapes[] = {{1, 5, 7, 16}, {2, 70, 4, 9}, {3, 6, 3, 40}, {1, 100, 1, 3}, {2, 0, 3, 4}};
  for (const DType dtype : kGpuFloats) {
    for (const auto& [B, N, V, C] : shapes) {
      Parity p(dtype);
      const int shared = p.values(DType::i64, {N}, indices(N, V)),
                own = p.values(DType::i64, {B, N}, indices(B * N, V));
      const int x = p.input({B, V, C}), dy = p.input({B, N, C}), y = p.output({B, N, C}), z = p.output({B, N, C}),
                dx = p.inout({B, V, C}), dz = p.inout({B, V, C});
      p.run([&](Backend& k, const Views& v) {
        k.gather_rows(v[y], v[x], v[shared]);
        k.gather_rows(v[z], v[x], v[own]);
        k.scatter_add_rows(v[dx], v[dy], v[shared]);
        k.scatter_add_rows(v[dz], v[dy], v[own]);
      });
    }
  }
}

TEST_CASE("cuda gather_rows: bytes and integers") {
  if (!have_device()) return;
  for (const DType dtype : {DType::i64, DType::u8}) {
    Parity p(dtype);
    const int x = p.values(dtype, {1, 3, 2}, {1, 2, 3, 4, 5, 6}), index = p.values(DType::i64, {4}, {2, 0, 0, 1}),
              y = p.integer_output(dtype, {1, 4, 2});
    p.run([&](Backend& k, const Views& v) { k.gather_rows(v[y], v[x], v[index]); });
  }
}

TEST_CASE("cuda index_range") {
  if (!have_device()) return;
  for (const std::int64_t n : {1, 40, 1500}) {
    Parity p(DType::f32);
    std::vector<double> ids = indices(n, 11);
    ids[static_cast<std::size_t>(n / 2)] = -7;
    ids[static_cast<std::size_t>(n - 1)] += 5e9;
    const int index = p.values(DType::i64, {n}, ids);
    p.run([&](Backend& k, const Views& v) {
      std::int64_t low = 0, high = 0;
      k.index_range(low, high, v[index]);
      CHECK(low == (n == 1 ? static_cast<std::int64_t>(ids[0]) : -7));
      CHECK(high >= 4999999993);
    });
  }
}

}  // namespace
}  // namespace aio::test
