// cuda/dropout.cu against the CPU: the same bits.
#include <doctest/doctest.h>

#include <limits>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

constexpr RngKey kKey{0x123456789abcdefULL, 77, 5};

/// Checks y, what the device made of x, byte by byte against the CPU in the same dtype.
void check_same_bits(const Buffer& y, const Buffer& x, double p) {
  const Buffer expected(y.dtype(), y.dims());
  kernels().dropout(expected.view(), x.view(), p, kKey);
  CHECK(y.bytes() == expected.bytes());
}

TEST_CASE("cuda dropout: the bits of the CPU, at any size and alignment") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    for (const std::int64_t n : {0, 1, 3, 8, 13, 4099}) {
      for (const std::int64_t offset : {0, 1}) {
        for (const double rate : {0.0, 0.1, 0.5, 1.0}) {
          Parity p(dtype);
          p.misalign(offset);
          const int x = p.input({n}), y = p.output({n});
          p.run([&](Backend& k, const Views& v) { k.dropout(v[y], v[x], rate, kKey); });
          check_same_bits(p.result(y), p.result(x), rate);
        }
      }
    }
  }
}

TEST_CASE("cuda dropout: in place; what is dropped is 0 whatever it was") {
  if (!have_device()) return;
  for (const DType dtype : kGpuFloats) {
    Parity p(dtype);
    const int x = p.input({100}), y = p.inout({100});
    const int nan = p.values(dtype, {64}, std::vector<double>(64, std::numeric_limits<double>::quiet_NaN()));
    const int kept = p.output({64});
    p.run([&](Backend& k, const Views& v) {
      k.copy_strided(v[y], v[x]);
      k.dropout(v[y], v[y], 0.3, kKey);
      k.dropout(v[kept], v[nan], 0.3, kKey);
    });
    check_same_bits(p.result(y), p.result(x), 0.3);
  }
}

}  // namespace
}  // namespace aio::test
