// cuda/gather_rows.cu against the CPU in f64.
#include <doctest/doctest.h>

#include "tests/cuda/parity.h"
#include "tests/expect_error.h"

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

TEST_CASE("cuda scatter_add_rows of lists so long that they are sorted: short runs, runs over many chunks, one run") {
  if (!have_device()) return;
  const struct { std::int64_t B, N, V, C; } shapes[] = {{1, 2049, 700, 8}, {2, 2100, 11, 5}, {1, 2080, 1, 3}};
  for (const DType dtype : kGpuFloats) {
    for (const auto& [B, N, V, C] : shapes) {
      std::vector<double> mixed;  // place i % 7 == 0 names row 0: a run over ten chunks among short ones
      for (std::int64_t i = 0; i < B * N; ++i) mixed.push_back(static_cast<double>(i % 7 == 0 ? 0 : i * 37 % V));
      Parity p(dtype);
      const int shared = p.values(DType::i64, {N}, {mixed.begin(), mixed.begin() + N}),
                own = p.values(DType::i64, {B, N}, mixed);
      const int dy = p.input({B, N, C}), dx = p.inout({B, V, C}), dz = p.inout({B, V, C});
      p.run([&](Backend& k, const Views& v) {
        k.scatter_add_rows(v[dx], v[dy], v[shared]);
        k.scatter_add_rows(v[dz], v[dy], v[own]);
      });
    }
  }
}

constexpr Device kDevice{Device::Kind::cuda, 0};

TEST_CASE("cuda check_indices: the first one outside is an error when the host next waits, and harmless until then") {
  if (!have_device()) return;
  const auto checked = [](std::vector<std::int64_t> ids, std::int64_t size) {
    const auto n = static_cast<std::int64_t>(ids.size());
    const Tensor index = Tensor::from(ids, {n}, kDevice);
    backend_for(kDevice).check_indices("op", "id", index.view(), size);
    backend_for(kDevice).synchronize();
  };
  std::vector<std::int64_t> ids(1500);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<std::int64_t>(i % 11);
  checked(ids, 11);
  checked({}, 0);
  ids[1300] = 5'000'000'000;
  ids[1400] = -7;
  EXPECT_ERROR(checked(ids, 11), index, "op: id 5000000000 at position 1300 is outside 0..10");
  ids[35] = -1;
  EXPECT_ERROR(checked(ids, 11), index, "op: id -1 at position 35 is outside 0..10");
  checked({0}, 1);  // said once

  for (const std::int64_t n : {4, 2050}) {  // searched, and sorted
    std::vector<std::int64_t> places(static_cast<std::size_t>(n), 1);
    places.front() = 99;
    places.back() = -1;
    const TensorOptions options{DType::f32, kDevice};
    const Tensor index = Tensor::from(places, {n}, kDevice), table = Tensor::full({1, 3, 4}, 2, options);
    const Tensor rows = Tensor::full({1, n, 4}, 1, options);
    Backend& k = backend_for(kDevice);
    k.scatter_add_rows(table.view(), rows.view(), index.view());
    k.gather_rows(rows.view(), table.view(), index.view());
    const float sum = 2 + static_cast<float>(n - 2);
    CHECK(table.to_vector<float>() == std::vector<float>{2, 2, 2, 2, sum, sum, sum, sum, 2, 2, 2, 2});
    const std::vector<float> read = rows.to_vector<float>();
    CHECK(read[0] == 0);
    CHECK(read[4] == sum);
    CHECK(read.back() == 0);
  }
}

}  // namespace
}  // namespace aio::test
