// resize_bilinear kernels: values recorded from PyTorch, and the gradient as the exact transpose.

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::kernels;
using test::random;

// torch 2.15, f32: x[i] = ((7 i + 3) % 11) / 4 - 1 and dy[i] = ((5 i + 2) % 13) / 4 - 3/2 over the flat index,
// y = torch.nn.functional.interpolate(x, (H, W), mode="bilinear", align_corners=..., antialias=False), dx =
// y.backward(dy).
struct Recorded {
  std::int64_t h, w, H, W;
  bool align_corners;
  std::vector<double> y, dx;
};

const Recorded kRecorded[] = {
    {3,
     4,
     5,
     7,
     false,
     {-0.25,       0.37500006,   1.375,        0.999999881,  0.428571224,   -0.142857313, -0.5,
      0.350000054, 0.58214283,   0.953571439,  0.499999881,  0.00714281574, 0.0642857701, 0.100000061,
      1.25,        0.892857075,  0.321428537,  -0.250000119, -0.624999642,  0.375000298,  1,
      0.499999821, 0.142856926,  -0.428571641, -0.174999937, 0.157143041,   0.214285687,  0.249999821,
      0,           -0.357142895, -0.928571463, -0.124999806, 0.678571224,   0.107142672,  -0.25},
     {-0.250000089, 0.900000274, -0.375000119, -0.974999964, 1.28571439, -0.310714096, -0.857142627, 0.882142663,
      0.910714209, -0.910714328, 0.089285329, -0.13928549}},
    {3,
     4,
     5,
     7,
     true,
     {-0.25,   0.625, 1.5,    1,     0.5,  0,     -0.5,  0.5,    0.6875, 0.875, 0.375, -0.125,
      0.0625,  0.25,  1.25,   0.75,  0.25, -0.25, -0.75, 0.125,  1,      0.625, 0.125, -0.375,
      -0.1875, 0,     0.1875, 0.375, 0,    -0.5,  -1,    -0.125, 0.75,   0.25,  -0.25},
     {-0.4375, 1.0625, -0.375, -0.875, 1.1875, -0.375, -0.9375, 0.875, 1, -0.8125, 0.1875, -0.25}},
    {5,
     7,
     3,
     4,
     false,
     {0.479166627, -0.0104166288, 0.645833373, 0.0416666418, 0.15625, 0.125, 0.78125, -0.625, 0.0625000745, 0.375000238,
      0.229166523, 0.770833313},
     {-0.416666687,
      -0.25,
      0.145833343,
      0.145833343,
      0.87500006,
      -0.125,
      -0.208333343,
      -0.208333313,
      -0.124999993,
      0.0729166642,
      0.0729166642,
      0.4375,
      -0.0624999963,
      -0.104166657,
      0.46875,
      0.28125,
      -1.09375,
      -0.15625,
      0,
      0.46875,
      0.78125,
      -0.156250075,
      -0.0937500447,
      0.145833403,
      -0.0416666865,
      -0.437500209,
      -0.0312500149,
      -0.0520833582,
      -0.31249994,
      -0.187499955,
      0.291666597,
      -0.0833333135,
      -0.874999762,
      -0.0624999851,
      -0.104166642}},
    {5, 7, 3, 4, true, {-0.25, 0.5, 1.25, -0.75, -0.5, 0.25, 1, -1, -0.75, 0, 0.75, 1.5}, {-1,   0, 0.25, 0, 1.5,   0,
                                                                                           -0.5, 0, 0,    0, 0,     0,
                                                                                           0,    0, 0.75, 0, -1.25, 0,
                                                                                           0,    0, 1.25, 0, 0,     0,
                                                                                           0,    0, 0,    0, -0.75, 0,
                                                                                           0.5,  0, -1.5, 0, -0.25}}};

TEST_CASE("resize_bilinear: equals PyTorch, forward and backward") {
  for (const Recorded& k : kRecorded) {
    std::vector<double> in, cotangent;
    for (std::int64_t i = 0; i < k.h * k.w; ++i) in.push_back(static_cast<double>((7 * i + 3) % 11) / 4 - 1);
    for (std::int64_t i = 0; i < k.H * k.W; ++i) cotangent.push_back(static_cast<double>((5 * i + 2) % 13) / 4 - 1.5);
    for (const DType dtype : test::kFloats) {
      const Buffer x(dtype, {1, k.h, k.w}, in), y(dtype, {1, k.H, k.W}), dx(dtype, {1, k.h, k.w});
      const Buffer dy(dtype, {1, k.H, k.W}, cotangent);
      kernels().resize_bilinear_forward(y.view(), x.view(), k.align_corners);
      kernels().resize_bilinear_backward(dx.view(), dy.view(), k.align_corners);
      const double bound = dtype == DType::bf16 ? 6e-3 : 1e-6;  // observed 4e-3 (one rounding near 1.4), 4e-7
      CHECK(test::max_error(y.values(), k.y) < bound);
      CHECK(test::max_error(dx.values(), k.dx) < bound);
      CHECK((y.guards_intact() && dx.guards_intact()));
    }
  }
}

TEST_CASE("resize_bilinear: the gradient's matrix is the transpose, entry by entry") {
  struct Case {
    std::int64_t h, w, H, W;
  };
  for (const bool align_corners : {false, true}) {
    for (const Case& k : {Case{3, 5, 7, 2}, Case{7, 2, 3, 5}, Case{1, 1, 4, 3}, Case{4, 3, 1, 1}, Case{1, 9, 3, 3},
                          Case{6, 6, 6, 6}, Case{2, 3, 13, 1}}) {
      const std::int64_t in = k.h * k.w, out = k.H * k.W;
      // in planes hold the unit images: plane i of y is then column i of the matrix; likewise for the gradient.
      const auto identity = [](std::int64_t n) {
        std::vector<double> values(static_cast<std::size_t>(n * n), 0);
        for (std::int64_t i = 0; i < n; ++i) values[static_cast<std::size_t>(i * n + i)] = 1;
        return values;
      };
      const Buffer x(DType::f64, {in, k.h, k.w}, identity(in)), y(DType::f64, {in, k.H, k.W});
      const Buffer dy(DType::f64, {out, k.H, k.W}, identity(out)), dx(DType::f64, {out, k.h, k.w});
      kernels().resize_bilinear_forward(y.view(), x.view(), align_corners);
      kernels().resize_bilinear_backward(dx.view(), dy.view(), align_corners);
      const std::vector<double> a = y.values(), at = dx.values();
      double difference = 0, row_sums = 0;
      for (std::int64_t i = 0; i < in; ++i)
        for (std::int64_t j = 0; j < out; ++j)
          difference = std::max(difference, std::abs(a[static_cast<std::size_t>(i * out + j)] -
                                                     at[static_cast<std::size_t>(j * in + i)]));
      for (const double entry : a) row_sums += entry;
      CHECK(difference <= 2.3e-16);  // observed 1.1e-16: the order of two products
      CHECK(row_sums == doctest::Approx(static_cast<double>(out)).epsilon(1e-14));  // weights of a place add to 1
      CHECK((y.guards_intact() && dx.guards_intact()));
    }
  }
}

TEST_CASE("resize_bilinear: the same size is the identity; no planes is no work") {
  const Buffer x = random(DType::f32, {2, 5, 7}), y(DType::f32, {2, 5, 7}), none(DType::f32, {0, 5, 7});
  for (const bool align_corners : {false, true}) {
    kernels().resize_bilinear_forward(y.view(), x.view(), align_corners);
    CHECK((y.bytes() == x.bytes()));
    kernels().resize_bilinear_forward(none.view(), none.view(), align_corners);
    kernels().resize_bilinear_backward(none.view(), none.view(), align_corners);
  }
}

TEST_CASE("resize_bilinear: the same bits on any number of threads") {
  const Buffer x = random(DType::f32, {5, 40, 60}, 2), dy = random(DType::f32, {5, 33, 70}, 3);
  Buffer y(DType::f32, {5, 33, 70}), dx(DType::f32, {5, 40, 60});
  test::on_threads({&y, &dx}, [&] {
    kernels().resize_bilinear_forward(y.view(), x.view(), false);
    kernels().resize_bilinear_backward(dx.view(), dy.view(), false);
  });
}

}  // namespace
}  // namespace aio
