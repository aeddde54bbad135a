// Motion can be told from the order of the frames only: not from a frame, not from a frame and its number, not from an
// average.

#include "data/synthetic/scene.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "tests/data/synthetic_clips.h"
#include "tests/expect_error.h"

namespace aio::synthetic {
namespace {

using test::frame_bytes;
using test::motion_at;
using test::scene_with;

/// Largest difference of two frames' bytes.
int distance(const std::string& a, const std::string& b) {
  int result = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    result = std::max(result, std::abs(static_cast<unsigned char>(a[i]) - static_cast<unsigned char>(b[i])));
  return result;
}

TEST_CASE("scene: every motion has one reversal, which shares its cycle and runs the other way") {
  for (int i = 0; i < kMotions; ++i) {
    const Motion motion = motion_at(i);
    CHECK(reversed(motion) != motion);
    CHECK(reversed(reversed(motion)) == motion);
    CHECK(cycle(reversed(motion)) == cycle(motion));
    CHECK(forwards(reversed(motion)) != forwards(motion));
  }
  CHECK(reversed(Motion::left) == Motion::right);
  CHECK(reversed(Motion::counterclockwise) == Motion::clockwise);
  CHECK(reversed(Motion::grow) == Motion::shrink);
}

TEST_CASE("scene: a clip and its reversal show the same frames, each as often, so all their averages are equal") {
  SceneOptions options;
  options.backgrounds = kBackgrounds;
  options.jitter = 1;
  for (int i = 0; i < kMotions; ++i) {
    for (std::uint32_t call = 0; call < 5; ++call) {
      Scene scene = scene_with(motion_at(i), call, options);
      const std::vector<std::string> clip = frame_bytes(render_clip(scene, 32));
      scene.motion = reversed(scene.motion);
      std::vector<std::string> flipped = frame_bytes(render_clip(scene, 32));
      CHECK(clip != flipped);

      // Played backwards it is the other one, but for where in the loop it starts.
      std::vector<std::string> backwards(clip.rbegin(), clip.rend());
      bool is_rotation = false;
      for (int shift = 0; shift < kFrames; ++shift) {
        std::rotate(backwards.begin(), backwards.begin() + 1, backwards.end());
        is_rotation = is_rotation || backwards == flipped;
      }
      CHECK(is_rotation);

      std::vector<std::string> sorted = clip;
      std::sort(sorted.begin(), sorted.end());
      std::sort(flipped.begin(), flipped.end());
      CHECK(sorted == flipped);  // equal multisets: any average, of all frames or of their features, is equal too
      CHECK(std::set<std::string>(clip.begin(), clip.end()).size() == kPictures);
    }
  }
}

TEST_CASE("scene: at every frame number both motions of a pair are as likely to show any picture") {
  for (int i = 0; i < kMotions; i += 2) {
    // The start is drawn from three states; take each of them once, for both directions.
    std::vector<std::vector<std::string>> clips[2];
    for (int start = 0; start < kStates; ++start) {
      Scene scene = scene_with(motion_at(i));
      scene.phase = (start + 0.02) / kStates;
      for (const bool flip : {false, true}) {
        scene.motion = motion_at(i + (flip ? 1 : 0));
        clips[flip ? 1 : 0].push_back(frame_bytes(render_clip(scene, 32)));
      }
    }
    for (std::size_t t = 0; t < kFrames; ++t) {
      for (const auto& one : clips[0]) {
        // Sums of phases round differently, which moves a byte by one.
        const auto same = std::count_if(clips[1].begin(), clips[1].end(),
                                        [&](const auto& other) { return distance(one[t], other[t]) <= 1; });
        CHECK(same == 1);
      }
    }
  }
}

TEST_CASE("scene: the loop has three states of seven frames and half-way pictures between them") {
  const std::vector<int> right{0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4, 4, 4, 4, 5};
  for (int t = 0; t < kFrames; ++t) {
    const int expected = right[static_cast<std::size_t>(t)];
    CHECK(picture_at(Motion::right, t) == expected);
    CHECK(picture_at(Motion::left, t) == (6 - expected) % 6);
  }
}

TEST_CASE("scene: everything is drawn, evenly, and another key draws other scenes") {
  SceneOptions options;
  options.backgrounds = kBackgrounds;
  options.second_shape = 0.5;
  int shapes[3] = {}, colours[kColours] = {}, backgrounds[kBackgrounds] = {}, states[kStates] = {}, seconds = 0;
  constexpr int n = 3000;
  for (std::uint32_t call = 0; call < n; ++call) {
    const Scene scene = scene_with(Motion::grow, call, options);
    ++shapes[static_cast<int>(scene.shape)];
    ++colours[static_cast<int>(scene.colour)];
    ++backgrounds[static_cast<int>(scene.background)];
    ++states[static_cast<int>(scene.phase * kStates + 0.5) % kStates];
    CHECK(scene.grey >= 0.15);
    CHECK(scene.grey <= 0.30);
    if (!scene.second) continue;
    ++seconds;
    CHECK(scene.second->shape != scene.shape);
    CHECK(scene.second->colour != scene.colour);
  }
  const auto near = [](int count, double share) { return std::abs(count - share * n) < 0.04 * n; };
  CHECK(near(shapes[static_cast<int>(ShapeKind::circle)], 0.5));
  CHECK(shapes[static_cast<int>(ShapeKind::bar)] == 0);
  for (const int count : colours) CHECK(near(count, 1.0 / kColours));
  for (const int count : backgrounds) CHECK(near(count, 1.0 / kBackgrounds));
  for (const int count : states) CHECK(near(count, 1.0 / kStates));
  CHECK(near(seconds, 0.5));
  CHECK(scene_with(Motion::left).shape == ShapeKind::bar);
}

TEST_CASE("scene: options out of range are named") {
  SceneOptions options;
  options.backgrounds = 4;
  EXPECT_ERROR(draw_scene(Motion::left, {}, options), config, "got 4 backgrounds, expected 1 to 3");
  options = {};
  options.second_shape = -0.1;
  EXPECT_ERROR(draw_scene(Motion::left, {}, options), config, "probability -0.1 of a second shape");
  options = {};
  options.jitter = 2;
  EXPECT_ERROR(draw_scene(Motion::left, {}, options), config, "got jitter 2, expected 0 to 1");
}

}  // namespace
}  // namespace aio::synthetic
