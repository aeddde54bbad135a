// temporal_roll kernel against index arithmetic.

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "tests/kernel_test.h"

namespace aio {
namespace {

using test::Buffer;
using test::kernels;
using test::random;

TEST_CASE("temporal_roll: every dtype, both directions, shifts of any size") {
  struct Case {
    std::int64_t B, T, N, C;
  };
  for (const Case& k : {Case{2, 3, 237, 7}, Case{1, 1, 4, 3}, Case{3, 5, 6, 1}, Case{1, 4, 1, 769}, Case{0, 3, 2, 2},
                        Case{2, 0, 2, 2}, Case{2, 3, 0, 2}, Case{2, 3, 2, 0}}) {
    Buffer shift = random(DType::i64, {k.N}, 1, -8, 9);
    for (std::int64_t n = 1; n < k.N; n += 3) shift.set(n, shift.at(n - 1));  // runs of equal shifts
    const std::int64_t size = k.B * k.T * k.N * k.C;
    for (const DType dtype : test::kAllTypes) {
      const Buffer x = random(dtype, {k.B, k.T, k.N, k.C}, 2, 0, 200);
      const std::vector<double> from = x.values();
      for (const int sign : {1, -1}) {
        Buffer y(dtype, x.dims()), back(dtype, x.dims());
        test::on_threads({&y}, [&] { kernels().temporal_roll(y.view(), x.view(), shift.view(), sign); });
        std::vector<double> expected;
        for (std::int64_t i = 0; i < size; ++i) {
          const std::int64_t c = i % k.C, n = i / k.C % k.N, t = i / (k.C * k.N) % k.T, b = i / (k.C * k.N * k.T);
          // From the definition: frame t receives what stood `shift` frames earlier; 100 T keeps the sum positive.
          const std::int64_t source = (100 * k.T + t - sign * static_cast<std::int64_t>(shift.at(n))) % k.T;
          expected.push_back(from[static_cast<std::size_t>(((b * k.T + source) * k.N + n) * k.C + c)]);
        }
        test::check_equal(y, expected);
        kernels().temporal_roll(back.view(), y.view(), shift.view(), -sign);
        CHECK((back.bytes() == x.bytes()));
        kernels().temporal_roll(back.view(), back.view(), shift.view(), sign);  // in place
        CHECK((back.bytes() == y.bytes()));
      }
    }
  }
}

}  // namespace
}  // namespace aio
