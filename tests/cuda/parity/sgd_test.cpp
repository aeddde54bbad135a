// cuda/sgd.cu against the CPU in f64.
#include <doctest/doctest.h>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

TEST_CASE("cuda sgd: momentum, dampening, Nesterov, weight decay, a bf16 copy") {
  if (!have_device()) return;
  const std::vector<ParamSegment> segments = {{0, 5, 0.1, 0}, {6, 110, 0.3, 0.1}, {112, 237, 0.2, 0.01}};
  for (const double momentum : {0.0, 0.9}) {
    for (const bool nesterov : {false, true}) {
      for (const std::int64_t offset : {0, 1}) {
        Parity p(DType::f32);
        p.misalign(offset);
        const int grad = p.input({237}), param = p.inout({237}), buffer = p.inout({237});
        const int shadow = p.shadow_output({237});
        p.run([&](Backend& k, const Views& v) {
          k.fill(v[shadow], 0);
          for (int i = 1; i <= 3; ++i) {
            const SgdStep step{momentum, nesterov ? 0.0 : 0.2, nesterov, i, 0.5};
            k.sgd(v[param], v[grad], momentum == 0 ? View{} : v[buffer], &v[shadow], segments, step);
          }
        });
      }
    }
  }
}

}  // namespace
}  // namespace aio::test
