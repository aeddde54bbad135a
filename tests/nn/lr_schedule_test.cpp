// The learning rate against transformers' polynomial and cosine schedules with warm-up and torch's CosineAnnealingLR.

#include "nn/optim/lr_schedule.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tensor/error.h"

using namespace aio;
using namespace aio::nn;

TEST_CASE("lr_schedule: recorded values of transformers and torch") {
  const auto file = nlohmann::json::parse(std::ifstream(AIO_TEST_DATA "/golden/optim_schedules.json"));
  CHECK(file["schedules"].size() == 9);
  for (const auto& s : file["schedules"]) {
    LrSchedule schedule{.base_lr = s["base_lr"],
                        .end_lr = s["end_lr"],
                        .power = s["power"],
                        .warmup_steps = s["warmup"],
                        .max_steps = s["max_steps"]};
    if (s["decay"] == "cosine") schedule.decay = LrSchedule::Decay::cosine;
    schedule.validate();
    const auto expected = s["lr"].get<std::vector<double>>();
    for (std::size_t step = 0; step < expected.size(); ++step) {
      CAPTURE(schedule.max_steps);
      CAPTURE(step);
      // torch's cosine is a recurrence and collects 1e-14 of the base rate
      CHECK(std::abs(schedule.lr(static_cast<std::int64_t>(step)) - expected[step]) < 1e-13 * schedule.base_lr);
    }
  }
}

TEST_CASE("lr_schedule: the ends") {
  const LrSchedule warm{.base_lr = 1, .end_lr = 0.25, .warmup_steps = 4, .max_steps = 10};
  CHECK(warm.lr(0) == 0);  // the reference's first update does not move the weights
  CHECK(warm.lr(4) == 1);
  CHECK(warm.lr(10) == 0.25);
  CHECK(warm.lr(1000000) == 0.25);
  const LrSchedule cold{.base_lr = 1, .end_lr = 0, .warmup_steps = 0, .max_steps = 10};
  CHECK(cold.lr(0) == 1);
  const LrSchedule cosine{.decay = LrSchedule::Decay::cosine, .base_lr = 1, .end_lr = 0.5, .max_steps = 10};
  CHECK(cosine.lr(5) == doctest::Approx(0.75));
  CHECK(cosine.lr(20) == 0.5);  // torch's would climb again
}

TEST_CASE("lr_schedule: constant before the decay begins") {
  const LrSchedule schedule{.base_lr = 1, .end_lr = 0, .warmup_steps = 10, .decay_start = 80, .max_steps = 100};
  CHECK(schedule.lr(5) == 0.5);
  CHECK(schedule.lr(10) == 1);
  CHECK(schedule.lr(79) == 1);
  CHECK(schedule.lr(80) == 1);
  CHECK(schedule.lr(90) == doctest::Approx(0.5));
  CHECK(schedule.lr(100) == 0);
}

TEST_CASE("lr_schedule: warm-up as a fraction") {
  CHECK(warmup_from_fraction(0.1, 100) == 10);
  CHECK(warmup_from_fraction(0.1, 99) == 9);
  CHECK(warmup_from_fraction(0, 99) == 0);
  CHECK(warmup_from_fraction(1, 99) == 99);
  CHECK_THROWS_WITH_AS(warmup_from_fraction(2, 99), doctest::Contains("warm-up fraction is 2, expected 0 to 1"), Error);
}

TEST_CASE("lr_schedule: refused") {
  CHECK_THROWS_WITH_AS((LrSchedule{.base_lr = 1, .end_lr = 2}.validate()), doctest::Contains("end_lr is 2"), Error);
  CHECK_THROWS_WITH_AS((LrSchedule{.power = 0}.validate()), doctest::Contains("power is 0"), Error);
  CHECK_THROWS_WITH_AS((LrSchedule{.warmup_steps = -1}.validate()), doctest::Contains("-1 warm-up steps"), Error);
}
