#include "data/synthetic/direction_lab.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/expect_error.h"

namespace aio::synthetic {
namespace {

constexpr std::size_t kFrameFloats = 3 * kLabSide * kLabSide;

std::vector<std::vector<float>> frames_of(const LabBatch& batch, std::int64_t clip) {
  const auto count = static_cast<std::size_t>(batch.frames.dim(1));
  std::vector<std::vector<float>> frames;
  for (std::size_t t = 0; t < count; ++t) {
    const float* first = batch.frames.data<float>() + (static_cast<std::size_t>(clip) * count + t) * kFrameFloats;
    frames.emplace_back(first, first + kFrameFloats);
  }
  return frames;
}

TEST_CASE("direction lab: shapes, ranges, text and answers") {
  const LabBatch batch = draw_lab_batch(200, 3, RngKey{1});
  CHECK(batch.frames.shape() == Shape{200, 3, 3, 24, 24});
  const std::vector<float> values = batch.frames.to_vector<float>();
  CHECK(*std::min_element(values.begin(), values.end()) == doctest::Approx((0 - 0.3) / 0.25));
  CHECK(*std::max_element(values.begin(), values.end()) == doctest::Approx((1 - 0.3) / 0.25));
  std::set<std::int64_t> answers;
  for (int i = 0; i < 200; ++i) {
    const auto motion = batch.motions.to_vector<std::int64_t>()[static_cast<std::size_t>(i)];
    const auto answer = batch.answers.to_vector<std::int64_t>()[static_cast<std::size_t>(i)];
    const auto ids = batch.ids.to_vector<std::int64_t>();
    CHECK(answer / 2 == motion);
    CHECK(ids[static_cast<std::size_t>(3 * i)] == 2);
    CHECK(ids[static_cast<std::size_t>(3 * i + 1)] == 5 + motion);
    CHECK(ids[static_cast<std::size_t>(3 * i + 2)] == 3);
    answers.insert(answer);
  }
  CHECK(answers.size() == kLabAnswers);
  EXPECT_ERROR(draw_lab_batch(0, 3, {}), config, "got 0 clips of 3 frames");
}

TEST_CASE("direction lab: three states; a clip read backwards is a clip of the other direction") {
  const LabBatch batch = draw_lab_batch(2000, 3, RngKey{2});
  const std::vector<std::int64_t> answers = batch.answers.to_vector<std::int64_t>();
  // Clips of one look are those with the same set of frames.
  std::map<std::vector<std::vector<float>>, std::map<std::int64_t, std::set<std::vector<std::vector<float>>>>> looks;
  for (std::int64_t i = 0; i < 2000; ++i) {
    auto frames = frames_of(batch, i);
    auto states = frames;
    std::sort(states.begin(), states.end());
    CHECK(std::unique(states.begin(), states.end()) == states.end());
    looks[states][answers[static_cast<std::size_t>(i)]].insert(frames);
  }
  int compared = 0;
  for (const auto& [states, by_answer] : looks) {
    REQUIRE(by_answer.size() <= 2);
    if (by_answer.size() < 2) continue;  // only one direction was drawn
    CHECK(by_answer.begin()->first / 2 == by_answer.rbegin()->first / 2);
    for (const auto& clip : by_answer.begin()->second) {
      CHECK(by_answer.rbegin()->second.count(clip) == 0);
      auto backwards = clip;
      std::reverse(backwards.begin(), backwards.end());
      if (by_answer.rbegin()->second.size() == 3) {
        CHECK(by_answer.rbegin()->second.count(backwards) == 1);
        ++compared;
      }
    }
  }
  CHECK(compared > 50);
}

TEST_CASE("direction lab: with five frames the loop goes on") {
  const LabBatch batch = draw_lab_batch(20, 5, RngKey{3});
  for (std::int64_t i = 0; i < 20; ++i) {
    const auto frames = frames_of(batch, i);
    CHECK(frames[0] == frames[3]);
    CHECK(frames[1] == frames[4]);
    CHECK(frames[0] != frames[1]);
  }
}

TEST_CASE("direction lab: a key is a batch; a larger batch begins with the smaller one") {
  const LabBatch few = draw_lab_batch(4, 3, RngKey{4}), many = draw_lab_batch(8, 3, RngKey{4});
  CHECK(few.frames.to_vector<float>() == draw_lab_batch(4, 3, RngKey{4}).frames.to_vector<float>());
  for (std::int64_t i = 0; i < 4; ++i) CHECK(frames_of(few, i) == frames_of(many, i));
  CHECK(few.frames.to_vector<float>() != draw_lab_batch(4, 3, RngKey{5}).frames.to_vector<float>());
}

}  // namespace
}  // namespace aio::synthetic
