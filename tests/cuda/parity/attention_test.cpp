// cuda/attention*.cu against the CPU in f64.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

struct Sizes {
  std::int64_t B, Nq, Nk, H, D;
};

/// Forward and backward with the given mask; `mask_of` makes it from the views.
template <class MaskOf>
void run(Parity& p, const Sizes& n, MaskOf&& mask_of) {
  const auto [B, Nq, Nk, H, D] = n;
  const int q = p.input({B, Nq, H, D}), k = p.input({B, Nk, H, D}), v = p.input({B, Nk, H, D}),
            dout = p.input({B, Nq, H, D});
  const int out = p.output({B, Nq, H, D}), lse = p.wide_output({B, H, Nq}), dq = p.output({B, Nq, H, D}),
            dk = p.output({B, Nk, H, D}), dv = p.output({B, Nk, H, D});
  const double scale = 1 / std::sqrt(static_cast<double>(D));
  // bf16: the backward pass begins with the rounded output.
  p.run(
      [&](Backend& backend, const Views& x) {
        const AttentionMask mask = mask_of(x);
        backend.attention_forward(x[out], x[lse], x[q], x[k], x[v], mask, scale);
        backend.attention_backward(x[dq], x[dk], x[dv], x[dout], x[q], x[k], x[v], x[out], x[lse], mask, scale);
      },
      p.dtype() == DType::bf16 ? 4 : 10);
}

TEST_CASE("cuda attention: sizes") {
  if (!have_device()) return;
  // On the tensor cores 256 keys fit into one block.
  const Sizes all[] = {{1, 150, 210, 1, 64}, {1, 19, 257, 1, 64}, {2, 5, 7, 2, 8}, {1, 37, 70, 1, 16},
                       {1, 33, 33, 2, 64},   {1, 3, 2, 1, 5},     {1, 4, 4, 1, 96}};
  for (const DType dtype : kGpuFloats) {
    for (const Sizes& n : all) {
      if (n.Nk > 100 && dtype == DType::f32) continue;  // several tiles of the tensor cores
      Parity p(dtype);
      run(p, n, [](const Views&) { return AttentionMask{}; });
    }
  }
}

TEST_CASE("cuda attention: key lengths, one of them 0, causality, allowed pairs") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    for (const std::int64_t D : {8, 64}) {
      if ((D == 64) != (dtype == DType::bf16)) continue;
      const Sizes n{3, 34, 40, 1, D};
      {
        Parity p(dtype);
        const int lengths = p.values(DType::i64, {3}, {40, 0, 33});
        run(p, n, [=](const Views& x) { return AttentionMask{&x[static_cast<std::size_t>(lengths)]}; });
      }
      {
        Parity p(dtype);
        const int lengths = p.values(DType::i64, {3}, {5, 40, 17});
        run(p, n, [=](const Views& x) { return AttentionMask{&x[static_cast<std::size_t>(lengths)], true}; });
      }
      {
        Parity p(dtype);
        std::vector<double> pairs;
        for (std::int64_t i = 0; i < n.Nq * n.Nk; ++i) pairs.push_back(i / n.Nk != 3 && i * 7 % 5 < 3 ? 1 : 0);
        const int allowed = p.values(DType::u8, {1, 1, n.Nq, n.Nk}, pairs);  // query 3 attends to nothing
        View shared;
        run(p, n, [&, allowed](const Views& x) {
          shared = x[static_cast<std::size_t>(allowed)];
          shared.dim[0] = n.B;
          shared.dim[1] = n.H;
          shared.stride[0] = shared.stride[1] = 0;
          return AttentionMask{nullptr, false, &shared};
        });
      }
    }
  }
}

TEST_CASE("cuda attention: packed qkv is read, and its gradient written, in place") {
  if (!have_device()) return;
  const std::int64_t B = 2, N = 19, H = 2, D = 64;
  for (const DType dtype : kGpuFloats) {
    Parity p(dtype);
    const int qkv = p.input({B, N, 3, H, D}), dout = p.input({B, N, H, D}), out = p.output({B, N, H, D}),
              lse = p.wide_output({B, H, N}), dqkv = p.output({B, N, 3, H, D});
    const auto part = [](const View& packed, int which) {
      View x = packed;
      x.rank = 4;
      x.dim[2] = x.dim[3];
      x.dim[3] = x.dim[4];
      x.stride[2] = x.stride[3];
      x.stride[3] = 1;
      x.data = x.as<char>() + which * packed.stride[2] * size_of(x.dtype);
      return x;
    };
    p.run(
        [&](Backend& k, const Views& x) {
          k.attention_forward(x[out], x[lse], part(x[qkv], 0), part(x[qkv], 1), part(x[qkv], 2), {}, 0.125);
          k.attention_backward(part(x[dqkv], 0), part(x[dqkv], 1), part(x[dqkv], 2), x[dout], part(x[qkv], 0),
                               part(x[qkv], 1), part(x[qkv], 2), x[out], x[lse], {}, 0.125);
        },
        dtype == DType::bf16 ? 4 : 10);
  }
}

}  // namespace
}  // namespace aio::test
