#include "data/synthetic/encoder.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <set>

#include "tests/data/ffmpeg_cli.h"
#include "tests/data/synthetic_clips.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"

namespace aio::synthetic {
namespace {

using test::ffmpeg_frames;
using test::motion_at;
using test::output_of;
using test::scene_with;

void write_file(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

double psnr(const std::string& a, const std::string& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<unsigned char>(a[i]) - static_cast<unsigned char>(b[i]);
    sum += difference * difference;
  }
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.size()) / sum);
}

TEST_CASE("encoder: ffmpeg decodes what was drawn, and a picture to the same bytes wherever it stands") {
  const test::TempDir folder;
  SceneOptions options;
  options.backgrounds = kBackgrounds;
  double worst = 1000;
  for (int i = 0; i < kMotions; ++i) {
    const Tensor clip = render_clip(scene_with(motion_at(i), 3, options), 96);
    write_file(folder / "clip.mp4", encode_mp4(clip, kFramesPerSecond, kFrames / kStates));
    const std::string decoded = ffmpeg_frames(folder / "clip.mp4");
    REQUIRE(decoded.size() == static_cast<std::size_t>(clip.numel()));
    const std::vector<std::string> drawn = test::frame_bytes(clip);
    std::set<std::string> distinct;
    for (std::size_t t = 0; t < drawn.size(); ++t) {
      const std::string frame = decoded.substr(t * drawn[t].size(), drawn[t].size());
      worst = std::min(worst, psnr(frame, drawn[t]));
      distinct.insert(frame);
    }
    CHECK(distinct.size() == kPictures);  // compression brings no arrow of time into the frames
  }
  CHECK(worst > 35);  // seen: 40.8; the rest is colour at half resolution
}

TEST_CASE("encoder: a clip and its reversal decode to the same frames") {
  const test::TempDir folder;
  Scene scene = scene_with(Motion::clockwise);
  std::set<std::string> frames[2];
  for (const int direction : {0, 1}) {
    write_file(folder / "clip.mp4", encode_mp4(render_clip(scene, 96), kFramesPerSecond, 8));
    const std::string decoded = ffmpeg_frames(folder / "clip.mp4");
    constexpr std::size_t bytes = 96 * 96 * 3;
    for (std::size_t t = 0; t < kFrames; ++t) frames[direction].insert(decoded.substr(t * bytes, bytes));
    scene.motion = reversed(scene.motion);
  }
  CHECK(frames[0] == frames[1]);
}

TEST_CASE("encoder: the file is an MP4 of 8 frames a second with key frames at every change and every 8 frames") {
  const test::TempDir folder;
  const std::string bytes = encode_mp4(render_clip(scene_with(Motion::left), 64), 8, 8);
  CHECK(bytes.substr(4, 4) == "ftyp");
  CHECK(bytes.find("Lavf") == std::string::npos);  // no version, which would change the bytes
  CHECK(bytes.find("Lavc") == std::string::npos);
  write_file(folder / "clip.mp4", bytes);
  const std::string probe = "ffprobe -v error -of csv=p=0 -show_entries ";
  CHECK(output_of(probe + "stream=codec_name,width,height,r_frame_rate,duration,nb_frames '" + (folder / "clip.mp4") +
                  "'") == "mpeg4,64,64,8/1,3.000000,24\n");
  std::string types = output_of(probe + "frame=pict_type '" + (folder / "clip.mp4") + "'");
  std::erase_if(types, [](char c) { return c != 'I' && c != 'P' && c != 'B'; });
  CHECK(types == "IPPPPPPIIPPPPPPIIPPPPPPI");
}

TEST_CASE("encoder: equal frames, equal bytes; other frames, other bytes") {
  const Tensor clip = render_clip(scene_with(Motion::grow), 96);
  CHECK(encode_mp4(clip, 8, 8) == encode_mp4(clip, 8, 8));
  CHECK(encode_mp4(clip, 8, 8) != encode_mp4(render_clip(scene_with(Motion::grow, 1), 96), 8, 8));
}

TEST_CASE("encoder: other sizes, one frame, and frames that it refuses") {
  const auto frames = [](const Shape& shape) { return Tensor::zeros(shape, {DType::u8, {}}); };
  const test::TempDir folder;
  write_file(folder / "one.mp4", encode_mp4(frames({1, 18, 50, 3}), 25, 12));
  const std::string black = ffmpeg_frames(folder / "one.mp4");
  CHECK(black == std::string(18 * 50 * 3, '\0'));
  EXPECT_ERROR(encode_mp4(frames({2, 17, 50, 3}), 8, 8), shape, "u8[2, 17, 50, 3], expected even");
  EXPECT_ERROR(encode_mp4(frames({0, 32, 32, 3}), 8, 8), shape, "1 <= T <= 10000");
  EXPECT_ERROR(encode_mp4(frames({2, 32, 32, 4}), 8, 8), shape, "[T, H, W, 3]");
  EXPECT_ERROR(encode_mp4(Tensor::zeros({2, 32, 32, 3}), 8, 8), dtype, "expected u8");
  EXPECT_ERROR(encode_mp4(frames({2, 32, 32, 3}), 0, 8), config, "got 0 frames a second");
  EXPECT_ERROR(encode_mp4(frames({2, 32, 32, 3}), 8, 601), config, "1 to 600");
}

}  // namespace
}  // namespace aio::synthetic
