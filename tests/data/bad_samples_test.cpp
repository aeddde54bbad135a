#include "data/bad_samples.h"

#include <doctest/doctest.h>

#include "tests/expect_error.h"

namespace aio {
namespace {

TEST_CASE("bad samples: one in a hundred is allowed, the next one stops the run") {
  BadSamples bad(200, 0.01);
  bad.add(17, "train.jsonl:18", "a.mp4: no such file");
  bad.add(17, "train.jsonl:18", "found again in the next epoch");
  bad.add(3, "train.jsonl:4", "b.mp4: cut short");
  CHECK(bad.count() == 2);
  CHECK(bad.entries().begin()->second.name == "train.jsonl:4");
  CHECK(bad.entries().at(17).reason == "a.mp4: no such file");
  CHECK_THROWS_AS(bad.add(5, "train.jsonl:6", "c.mp4: x"), TooManyBadSamples);
  EXPECT_ERROR(bad.add(5, "", ""), io, "3 of 200 samples cannot be read, more than the share of 0.01 that is allowed");
  EXPECT_ERROR(bad.add(5, "", ""), io, "\n  train.jsonl:6: c.mp4: x");
}

TEST_CASE("bad samples: a long list is cut in the message, not in the entries") {
  BadSamples bad(100, 1);
  for (int i = 0; i < 100; ++i) bad.add(i, "f", "r");
  CHECK(bad.count() == 100);
  BadSamples few(100, 0.3);
  for (int i = 0; i < 30; ++i) few.add(i, "f", "r");
  EXPECT_ERROR(few.add(30, "f", "r"), io, "... and 11 more");
  EXPECT_ERROR(BadSamples(1, 1.5), config, "max-bad is 1.5, expected a share of 0 to 1");
}

}  // namespace
}  // namespace aio
