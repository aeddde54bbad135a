// The moving average: its recurrence, swapping it in and out, saving it.

#include "nn/optim/ema.h"

#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "nn/optim/adamw.h"
#include "tensor/error.h"
#include "tensor/raw.h"

using namespace aio;
using namespace aio::nn;

namespace {
std::vector<float> values(const Tensor& x) { return x.to_vector<float>(); }
}  // namespace

TEST_CASE("ema: average, swap, save") {
  ParamStore store;
  const Tensor p = store.add("p", {3}, Init::ones());
  FlatParams params(store);
  CHECK_THROWS_WITH_AS(Ema(params, 1.0), doctest::Contains("Ema: decay is 1"), Error);
  Ema ema(params, 0.75);
  raw::fill_(p, 5);
  ema.update();  // 0.75 * 1 + 0.25 * 5
  {
    const EmaScope averaged(ema);
    CHECK(values(p) == std::vector<float>{2, 2, 2});
    CHECK_THROWS_WITH_AS(ema.update(), doctest::Contains("swapped in"), Error);
    CHECK_THROWS_WITH_AS(ema.state(), doctest::Contains("swapped in"), Error);
    AdamW trains_the_average(params, {});
    CHECK_THROWS_WITH_AS(trains_the_average.step(0.5), doctest::Contains("optimizer: an average stands in"), Error);
  }
  CHECK(values(p) == std::vector<float>{5, 5, 5});
  CHECK(values(ema.state().at("ema.p")) == std::vector<float>{2, 2, 2});

  Ema other(params, 0.75);
  other.load_state(ema.state());
  other.update();  // 0.75 * 2 + 0.25 * 5
  CHECK(values(other.state().at("ema.p")) == std::vector<float>{2.75, 2.75, 2.75});

  // A graph recorded with the weights must not run with the average, even where the versions of the two are equal.
  ema.load_state(ema.state());  // raises the average's
  const Tensor loss = sum(p * p);
  const std::uint64_t version = p.version();
  ema.swap();
  CHECK(p.version() == version);
  CHECK_THROWS_WITH_AS(backward(loss), doctest::Contains("mul: a saved input f32[3] was moved to other memory"), Error);
  ema.swap();
  backward(loss);
  CHECK(values(grad(p)) == std::vector<float>{10, 10, 10});

  AdamW optimizer(params, {});  // the optimizer still moves the parameters after a swap
  params.zero_grad();
  backward(sum(p));
  optimizer.step(0.5);
  CHECK(values(p)[0] == doctest::Approx(4.5));
}
