// Frame numbers against the reference's sample_frames, recorded in golden/data/sample_frames.json, and the rules that
// `fixed` adds.

#include "data/frame_sampling.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/expect_error.h"

namespace aio {
namespace {

using Frames = std::vector<std::int64_t>;

const nlohmann::json& golden() {
  static const auto document = [] {
    std::ifstream file(AIO_TEST_DATA "/golden/data/sample_frames.json");
    return nlohmann::json::parse(file);
  }();
  return document;
}

Frames uniform(std::int64_t count, std::int64_t length, Compat compat = Compat::fixed) {
  return sample_frames(count, length, SampleMode::uniform, {}, compat);
}

Frames random(std::int64_t count, std::int64_t length, std::uint32_t call, Compat compat = Compat::fixed) {
  return sample_frames(count, length, SampleMode::random, {1, 0, call}, compat);
}

TEST_CASE("uniform sampling gives the reference's numbers") {
  CHECK(uniform(3, 30) == Frames{4, 14, 24});
  CHECK(uniform(3, 10) == Frames{1, 4, 7});
  CHECK(uniform(3, 5) == Frames{0, 1, 3});
  CHECK(uniform(3, 120) == Frames{19, 59, 99});
  int rows = 0;
  for (const auto& row : golden()["uniform"]) {
    auto expected = row[2].get<Frames>();
    CHECK(uniform(row[0], row[1], Compat::reference) == expected);
    expected.resize(row[0].get<std::size_t>(), expected.back());  // fixed: never fewer than asked for
    CHECK(uniform(row[0], row[1]) == expected);
    ++rows;
  }
  CHECK(rows == 792);
}

TEST_CASE("reference edges fall short where numpy's linspace does") {
  // A segment that begins one frame early shows in what random sampling can draw last from the one before.
  std::set<std::pair<int, int>> expected;
  for (const auto& pair : golden()["float_vs_integer_boundaries"]["differing_pairs"])
    expected.insert({pair[0].get<int>(), pair[1].get<int>()});
  CHECK(expected.size() == 1875);
  // Middles differ only where the shifted edge changes a rounding, so the pair's edges are compared through them: a
  // pair whose middles differ must be in the list, and most of the list must show.
  int shown = 0;
  for (int count = 1; count <= 64; ++count) {
    for (int length = count; length <= 3000; ++length) {
      if (uniform(count, length) == uniform(count, length, Compat::reference)) continue;
      ++shown;
      CHECK(expected.contains({count, length}));
    }
  }
  CHECK(shown > 1000);
}

TEST_CASE("random sampling draws every frame of a segment, and only those") {
  for (const auto& [count, length] : {std::pair{3, 10}, {3, 5}, {4, 4}, {1, 7}}) {
    std::vector<std::set<std::int64_t>> seen(static_cast<std::size_t>(count));
    for (std::uint32_t call = 0; call < 400; ++call) {
      const Frames frames = random(count, length, call);
      for (std::size_t i = 0; i < seen.size(); ++i) seen[i].insert(frames[i]);
    }
    for (int i = 0; i < count; ++i) {
      std::set<std::int64_t> segment;
      for (int frame = i * length / count; frame < (i + 1) * length / count; ++frame) segment.insert(frame);
      CHECK(seen[static_cast<std::size_t>(i)] == segment);
    }
  }
}

TEST_CASE("random sampling as the reference does it") {
  for (const auto& row : golden()["rand"]) {
    const int count = row["num_frames"], length = row["vlen"];
    CAPTURE(count);
    CAPTURE(length);
    if (row["raises_IndexError"]) {
      EXPECT_ERROR(random(count, length, 0, Compat::reference), value, "one frame long");
      continue;
    }
    std::vector<std::set<std::int64_t>> seen(row["allowed_inclusive"].size());
    for (std::uint32_t call = 0; call < 600; ++call) {
      const Frames frames = random(count, length, call, Compat::reference);
      for (std::size_t i = 0; i < seen.size(); ++i) seen[i].insert(frames[i]);
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
      CHECK(*seen[i].begin() == row["allowed_inclusive"][i][0]);
      CHECK(*seen[i].rbegin() == row["allowed_inclusive"][i][1]);
    }
  }
}

TEST_CASE("the key alone decides") {
  CHECK(random(3, 1000, 5) == random(3, 1000, 5));
  CHECK(random(3, 1000, 5) != random(3, 1000, 6));
}

TEST_CASE("short clips, ranges and windows") {
  CHECK(uniform(3, 2) == Frames{0, 1, 1});
  CHECK(random(3, 1, 0) == Frames{0, 0, 0});
  CHECK(sample_frames(3, FrameRange{100, 30}, SampleMode::uniform, {}) == Frames{104, 114, 124});
  CHECK(sample_window(3, 200, 120, 1000, SampleMode::uniform, {}) == Frames{159, 199, 239});
  CHECK(sample_window(3, 10, 120, 50, SampleMode::uniform, {}) == Frames{0, 9, 49});
  EXPECT_ERROR(uniform(0, 5), value, "0 frames of a clip of 5");
  EXPECT_ERROR(uniform(3, 0), value, "expected at least 1");
  EXPECT_ERROR(parse_sample_mode("middle"), config, "\"middle\", expected uniform or random");
  CHECK(parse_sample_mode("rand") == SampleMode::random);
}

}  // namespace
}  // namespace aio
