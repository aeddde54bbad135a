// cuda/gemm.cu against the CPU in f64.
#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "cuda/hopper_switch.h"
#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

View transposed(View x) {
  const int last = x.rank - 1;
  std::swap(x.dim[last], x.dim[last - 1]);
  std::swap(x.stride[last], x.stride[last - 1]);
  return x;
}

TEST_CASE("cuda gemm: both layouts of both operands, alpha, beta") {
  if (!have_device()) return;
  const struct {
    std::int64_t M, N, K;
  } shapes[] = {{5, 7, 3}, {16, 24, 32}, {1, 9, 17}, {33, 1, 8}, {4, 6, 0}, {0, 3, 2}};
  for (const DType dtype : kGpuFloats) {
    for (const auto& [M, N, K] : shapes) {
      Parity p(dtype);
      const int a = p.input({M, K}), at = p.input({K, M}), b = p.input({K, N}), bt = p.input({N, K});
      const int y = p.output({M, N}), z = p.inout({M, N}), w = p.output({M, N}), wide = p.wide_output({M, N});
      p.run([&](Backend& k, const Views& v) {
        k.gemm(v[y], v[a], v[b], {});
        k.gemm(v[z], v[a], transposed(v[bt]), {0.5, -1.5});
        k.gemm(v[w], transposed(v[at]), transposed(v[bt]), {});
        k.gemm(v[wide], transposed(v[at]), v[b], {});
      });
    }
  }
}

TEST_CASE("cuda gemm: every part of the epilogue, alone and together") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    for (const std::int64_t N : {7, 16}) {
      Parity p(dtype);
      const int a = p.input({6, 10}), b = p.input({10, N}, -1, 1), bias = p.wide_input({N}), x = p.input({6, N}),
                residual = p.input({6, N});
      const int narrow = p.input({N});
      const DropoutMask mask{0.3, {5, 6, 7}};
      std::vector<int> y, pre;
      for (int parts = 0; parts < 64; ++parts) y.push_back(p.inout({6, N})), pre.push_back(p.output({6, N}));
      p.run([&](Backend& k, const Views& v) {
        for (std::size_t parts = 0; parts < 64; ++parts) {
          const auto at = [&](int i) { return &v[static_cast<std::size_t>(i)]; };
          GemmEpilogue e;
          e.beta = parts % 3 == 0 ? 0 : 0.5;
          if (parts & 1) e.bias = at(parts & 2 ? narrow : bias);
          if (parts & 2) e.preactivation_out = at(pre[parts]);
          if (parts & 4) e.gelu_backward_of = at(x);
          if (parts & 8) e.residual = at(residual);
          e.gelu = (parts & 16) != 0;
          if (parts & 32) e.dropout = &mask;
          if (!(parts & 2)) k.fill(*at(pre[parts]), 0);
          k.gemm(*at(y[parts]), *at(a), *at(b), e);
        }
      });
    }
  }
}

/// Products on an H100's own instructions, or not, until the end of the scope.
struct HopperProducts {
  explicit HopperProducts(bool on) { cuda::use_hopper_products(on); }
  ~HopperProducts() { cuda::use_hopper_products(true); }
};

TEST_CASE("cuda gemm: our own products, several tiles, both layouts of B") {
  if (!have_device()) return;
  const struct {
    std::int64_t M, N, K;
  } shapes[] = {{130, 136, 32}, {7, 8, 96}, {130, 192, 64}, {1, 200, 8}, {260, 392, 72}, {129, 24, 328}};
  for (const bool hopper : {false, true}) {
    const HopperProducts products(hopper);
    for (const auto& [M, N, K] : shapes) {
      Parity p(DType::bf16);
      const int a = p.input({M, K}, -1, 1), b = p.input({K, N}, -1, 1), bt = p.input({N, K}, -1, 1);
      const int bias = p.wide_input({N}), x = p.input({M, N}), residual = p.input({M, N});
      const int y = p.output({M, N}), pre = p.output({M, N}), z = p.inout({M, N}), w = p.output({M, N});
      const DropoutMask mask{0.3, {5, 6, 7}};
      p.run([&](Backend& k, const Views& v) {
        GemmEpilogue forward{0.5, 0, &v[bias], &v[pre]};
        forward.gelu = true;
        k.gemm(v[y], v[a], transposed(v[bt]), forward);
        GemmEpilogue backward{1, 0.5};
        backward.gelu_backward_of = &v[x];
        backward.residual = &v[residual];
        k.gemm(v[z], v[a], v[b], backward);
        GemmEpilogue dropped;
        dropped.dropout = &mask;
        dropped.residual = &v[residual];
        k.gemm(v[w], v[a], v[b], dropped);
      });
    }
  }
}

TEST_CASE("cuda gemm: our own product inside of wider rows") {
  if (!have_device()) return;
  for (const bool hopper : {false, true}) {
    const HopperProducts products(hopper);
    Parity p(DType::bf16);
    const int a = p.input({140, 96}, -1, 1), b = p.input({96, 224}, -1, 1), y = p.inout({140, 224});
    p.run([&](Backend& k, const Views& v) {
      const auto part = [](View x, std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) {
        x.data = x.as<char>() + (row * x.stride[0] + column) * size_of(x.dtype);
        x.dim[0] = rows, x.dim[1] = columns;
        return x;
      };
      GemmEpilogue e;
      e.gelu = true;
      k.gemm(part(v[y], 3, 133, 16, 200), part(v[a], 5, 133, 8, 64), part(v[b], 1, 64, 24, 200), e);
    });
  }
}

TEST_CASE("cuda gemm: the sums of A's rows beside the product") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    Parity p(dtype);
    const int at = p.input({10, 8}), b = p.input({10, 16}), dw = p.wide_inout({8, 16}), db = p.wide_output({8, 1});
    const int ones = p.values(dtype, {10, 1}, std::vector<double>(10, 1));
    p.run([&](Backend& k, const Views& v) {
      if (k.gemm_with_row_sums(v[dw], v[db], transposed(v[at]), v[b], 1)) return;
      k.gemm(v[dw], transposed(v[at]), v[b], {1, 1});
      k.gemm(v[db], transposed(v[at]), v[ones], {});
    });
  }
}

TEST_CASE("cuda gemm_batched: repeated and overlapping operands") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    Parity p(dtype);
    const int a = p.input({3, 5, 8}), b = p.input({3, 8, 4}), y = p.output({3, 5, 4}), z = p.output({3, 5, 4}),
              w = p.output({3, 5, 4}), e = p.inout({3, 5, 4});
    p.run([&](Backend& k, const Views& v) {
      k.gemm_batched(v[y], v[a], v[b], 2, 0);
      View repeated = v[b];
      repeated.stride[0] = 0;
      k.gemm_batched(v[z], v[a], repeated, 1, 0);
      View expanded = v[a];  // one row for all
      expanded.stride[0] = expanded.stride[1] = 0;
      k.gemm_batched(v[w], expanded, v[b], 1, 0);
      View none_a = v[a], none_b = v[b];
      none_a.dim[2] = none_b.dim[1] = 0;
      k.gemm_batched(v[e], none_a, none_b, 1, 0.5);
    });
  }
}

}  // namespace
}  // namespace aio::test
