// Files that are right and yet odd: pictures that change their size, times below zero, headers that lie about length.

#include <doctest/doctest.h>

#include <fstream>

#include "tests/data/as_ffmpeg.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using test::expect_as_ffmpeg;
using test::Indices;
using test::make_video;
using test::open_video;
using test::pick;
using test::same;
using test::TempDir;
using test::test_picture;

std::string write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string big_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

double mean_difference(const Tensor& a, const Tensor& b) {
  const auto x = a.to_vector<std::uint8_t>(), y = b.to_vector<std::uint8_t>();
  REQUIRE(x.size() == y.size());
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += std::abs(int{x[i]} - int{y[i]});
  return sum / static_cast<double>(x.size());
}

TEST_CASE("a picture that changes its size midway is shown in the first size") {
  const TempDir folder;
  const std::string small = make_video(folder, "a.ts", test_picture(1) + "-c:v libx264 -g 12");
  const std::string large =
      make_video(folder, "b.ts", test_picture(1, "320x240") + "-output_ts_offset 1 -c:v libx264 -g 12");
  const std::string both = folder / "both.ts";
  test::output_of("cat " + small + " " + large + " > " + both);
  auto reader = open_video(both);
  CHECK(reader.info().frames == 50);
  CHECK(reader.info().size.width == 160);
  // Both halves show the same picture; the second is four times as fine.
  const Tensor frames = reader.frames(Indices{10, 35, 5, 30});
  CHECK(frames.shape() == Shape{4, 120, 160, 3});
  const Tensor first = open_video(small).frames(Indices{10, 5});
  CHECK(same(pick(frames, {0, 2}), first));
  CHECK(same(pick(frames, {1, 3}), open_video(large).frames(Indices{10, 5}, {160, 120})));
  CHECK(mean_difference(pick(frames, {1, 3}), first) > 1);  // not the first half again
}

TEST_CASE("times below zero") {
  const TempDir folder;
  const std::string picture = test_picture(1) + "-c:v libx264 -bf 2 -g 12 ";
  expect_as_ffmpeg(make_video(folder, "offsets.mp4", picture + "-movflags negative_cts_offsets"));
  for (const char* name : {"early.mp4", "early.mov", "early.mkv"}) {
    expect_as_ffmpeg(make_video(folder, name, picture + "-output_ts_offset -0.5 -avoid_negative_ts disabled"));
  }
}

/// `bytes` with what stands `after` bytes behind the first `name` replaced.
std::string patched(std::string bytes, const std::string& name, std::size_t after, const std::string& value) {
  const std::size_t at = bytes.find(name);
  REQUIRE(at != std::string::npos);
  return bytes.replace(at + name.size() + after, value.size(), value);
}

TEST_CASE("headers that claim ten hours are not believed") {
  const TempDir folder;
  const std::string mp4 = make_video(folder, "a.mp4", test_picture(1) + "-c:v libx264");
  std::string bytes = test::output_of("cat " + mp4);
  const std::uint64_t seconds = 36000;
  // Durations in the boxes of the movie, the track and its media (ISO/IEC 14496-12, 8.2.2, 8.3.2, 8.4.2).
  bytes = patched(bytes, "mvhd", 16, big_endian(seconds * 1000, 4));
  bytes = patched(bytes, "tkhd", 20, big_endian(seconds * 1000, 4));
  bytes = patched(bytes, "mdhd", 16, big_endian(seconds * 12800, 4));
  const std::string mkv = make_video(folder, "a.mkv", test_picture(1) + "-c:v libx264");
  // Matroska's Duration: 4489, a float of 8 bytes, in milliseconds; 36e6 as such is 41812A8800000000.
  const std::string longer =
      patched(test::output_of("cat " + mkv), std::string("\x44\x89\x88", 3), 0, big_endian(0x41812A8800000000, 8));
  const std::string avi = make_video(folder, "a.avi", test_picture(1) + "-c:v mpeg4 -bf 0");
  // Frames in all: avih's fifth field (little-endian) and strh's ninth.
  std::string many = patched(test::output_of("cat " + avi), "avih", 20, std::string("\xA0\xBB\x0D\0", 4));
  many = patched(many, "strh", 36, std::string("\xA0\xBB\x0D\0", 4));
  for (const std::string& path : {write_file(folder / "long.mp4", bytes), write_file(folder / "long.mkv", longer),
                                  write_file(folder / "long.avi", many)}) {
    CAPTURE(path);
    auto reader = open_video(path);
    CHECK(reader.info().frames == 25);
    CHECK(reader.info().seconds == doctest::Approx(1).epsilon(0.001));
    CHECK(reader.clip(0.4, 0.8).first == 10);
    CHECK(test::open_by_table(path).info().seconds == reader.info().seconds);
    CHECK(std::stod(test::output_of("ffprobe -v error -show_entries format=duration -of csv=p=0 " + path)) > 35000);
  }
}

TEST_CASE("animated webp is refused") {
  // Three pictures of 8 x 6 in red, green and blue, written by Pillow.
  const std::string moving =
      "52494646b400000057454250565038580a00000002000000070000050000414e494d06000000000000000000414e4d4628000000000000"
      "00000007000005000064000002565038"
      "4c0f0000002f074001000710fd8ffe0722a2ff0100414e4d4628000000000000000000070000050000640000005650384c0f0000002f07"
      "40010007d0ff88fe0722a2ff0100414e4d4628000000000000000000070000050000640000005650384c0f0000002f0740010007"
      "10d1fffe0722a2ff0100";
  const auto from_hex = [](const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
      bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    return bytes;
  };
  const TempDir folder;
  for (const char* name : {"moving.webp", "moving.gif", "moving.mp4"}) {
    EXPECT_ERROR(open_video(write_file(folder / name, from_hex(moving))), format,
                 "not a video or picture that is read here (mp4, mov, mkv, webm, avi, gif; JPEG, PNG)");
  }
}

}  // namespace
}  // namespace aio
