#pragma once
// Frames as VideoReader gives them beside what the ffmpeg program shows.

#include <cstring>
#include <numeric>

#include "data/video_reader.h"
#include "tensor/raw.h"
#include "tests/data/media_corpus.h"

namespace aio::test {

using Indices = std::vector<std::int64_t>;

inline VideoReader open_video(const std::string& path) { return VideoReader(MediaSource{path}); }

/// As a large file is opened: without reading what a table says already.
inline VideoReader open_by_table(const std::string& path) {
  MediaLimits limits;
  limits.read_whole = 0;
  return VideoReader(MediaSource{path}, limits);
}

inline bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::memcmp(a.raw_data(), b.raw_data(), static_cast<std::size_t>(a.numel())) == 0;
}

inline Tensor pick(const Tensor& frames, const Indices& indices) {
  Tensor result =
      Tensor::empty({static_cast<std::int64_t>(indices.size()), frames.dim(1), frames.dim(2), 3}, {DType::u8});
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    raw::copy_(raw::slice(result, 0, place, place + 1), raw::slice(frames, 0, indices[i], indices[i] + 1));
  }
  return result;
}

/// Reads the file in several orders and compares with ffmpeg.
inline void expect_as_ffmpeg(const std::string& path) {
  CAPTURE(path);
  auto reader = open_video(path);
  const FrameSourceInfo info = reader.info();
  const Tensor expected = frames_by_ffmpeg(path, info.size.height, info.size.width);
  const std::int64_t n = info.frames;
  REQUIRE(n == expected.dim(0));
  Indices all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), 0);
  // Single frames first, each by a reader that knows nothing yet, then mixed orders by one that has been all over.
  for (const std::int64_t one : {n - 1, n / 2, n / 3, std::int64_t{0}}) {
    CAPTURE(one);
    CHECK(same(open_video(path).frames(Indices{one}), pick(expected, {one})));
    CHECK(same(reader.frames(Indices{one}), pick(expected, {one})));
  }
  const Indices mixed{n / 2, 0, n - 1, n / 2, n * 2 / 3, n / 5};
  CHECK(same(reader.frames(mixed), pick(expected, mixed)));
  if (expected.numel() < 30'000'000) CHECK(same(reader.frames(all), expected));  // others: the tests would take long

  auto by_table = open_by_table(path);
  CHECK(by_table.info().frames == n);
  CHECK(by_table.info().seconds == info.seconds);
  const FrameRange late = by_table.clip(info.seconds * 0.6, info.seconds * 0.8);
  CHECK(late.first == reader.clip(info.seconds * 0.6, info.seconds * 0.8).first);
  CHECK(late.count == reader.clip(info.seconds * 0.6, info.seconds * 0.8).count);
  CHECK(same(by_table.frames(mixed), pick(expected, mixed)));
}

}  // namespace aio::test
