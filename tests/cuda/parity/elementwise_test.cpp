// cuda/elementwise.cu against the CPU in f64.
#include <doctest/doctest.h>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

TEST_CASE("cuda binary: full, trailing and scalar operands, aligned or not") {
  if (!have_device()) return;
  struct Shapes {
    std::vector<std::int64_t> y, a, b;
  };
  const Shapes all[] = {{{7, 769}, {7, 769}, {7, 769}}, {{3, 5, 48}, {3, 5, 48}, {48}}, {{3, 5, 7}, {7}, {3, 5, 7}},
                        {{2, 3, 16}, {3, 16}, {16}},    {{5, 9}, {5, 9}, {1}},          {{0, 3}, {0, 3}, {3}}};
  for (const DType dtype : kGpuFloats) {
    for (const Shapes& shapes : all) {
      for (const std::int64_t offset : {0, 1}) {
        for (const BinaryOp op : {BinaryOp::add, BinaryOp::sub, BinaryOp::mul, BinaryOp::div}) {
          Parity p(dtype);
          p.misalign(offset);
          const int a = p.input(shapes.a), b = p.input(shapes.b, 0.5, 2), y = p.output(shapes.y);
          p.run([&](Backend& k, const Views& v) { k.binary(op, v[y], v[a], v[b]); });
        }
      }
    }
  }
}

TEST_CASE("cuda binary in place, axpby, affine") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    for (const std::int64_t n : {1, 255, 2048, 5000}) {
      Parity p(dtype);
      const int x = p.input({n}), y = p.inout({n}), z = p.inout({n}), w = p.output({n}), u = p.inout({n});
      p.run([&](Backend& k, const Views& v) {
        k.binary(BinaryOp::mul, v[y], v[y], v[x]);
        k.axpby(v[z], 0.5, v[x], -1.5);
        k.axpby(v[w], 3, v[x], 0);
        k.affine(v[u], v[u], 2, -0.25);
      });
    }
  }
}

TEST_CASE("cuda scale_rows, where, masked_fill") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    for (const std::int64_t cols : {1, 7, 48}) {
      Parity p(dtype);
      std::vector<double> bits;
      for (std::int64_t i = 0; i < 9 * cols; ++i) bits.push_back(i % 3 == 0 ? 1 : 0);
      const int x = p.input({9, cols}), z = p.input({9, cols}), s = p.wide_input({9});
      const int mask = p.values(DType::u8, {9, cols}, bits);
      const int y = p.output({9, cols}), w = p.output({9, cols}), f = p.inout({9, cols});
      p.run([&](Backend& k, const Views& v) {
        k.scale_rows(v[y], v[x], v[s]);
        k.where(v[w], v[mask], v[x], v[z]);
        k.masked_fill(v[f], v[f], v[mask], -1.5);
      });
    }
  }
}

}  // namespace
}  // namespace aio::test
