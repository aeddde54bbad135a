// DecodeCache: the same frames as without it, decoded once; windows and what does not fit are passed on.

#include "data/decode_cache.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>

#include "tensor/parallel.h"

namespace aio {
namespace {

/// Answers as a decoder would for files of `frames` frames of 2 x 2 pixels, whose value is the frame's number.
struct CountingDecoder {
  explicit CountingDecoder(std::int64_t count) : frames(count) {}
  DecodeResult operator()(const DecodeRequest& request) {
    ++calls;
    DecodeResult result;
    result.info.frames = frames;
    result.info.size = {2, 2};
    if (request.source.path == "broken") {
      result.fault = DecodeFault::format;
      result.error = "broken: is broken";
      return result;
    }
    if (static_cast<std::int64_t>(request.indices.size()) > most) {
      result.fault = DecodeFault::request;
      return result;
    }
    result.indices = request.indices;
    if (result.indices.empty()) {  // ten frames a second
      const std::int64_t first = std::llround(request.start * 10);
      result.range = {first, (request.end > request.start ? std::llround(request.end * 10) : frames) - first};
      if (request.window > 0) result.range = {};
    }
    if (result.indices.empty() && request.count > 0) {
      result.indices = request.window > 0
                           ? sample_window(request.count, request.window_centre, request.window, frames, request.mode,
                                           request.key, request.compat)
                           : sample_frames(request.count, result.range, request.mode, request.key, request.compat);
    }
    std::vector<std::uint8_t> pixels;
    for (const std::int64_t index : result.indices) pixels.insert(pixels.end(), 12, static_cast<std::uint8_t>(index));
    decoded += static_cast<std::int64_t>(result.indices.size());
    result.frames = Tensor::from(pixels, {static_cast<std::int64_t>(result.indices.size()), 2, 2, 3});
    return result;
  }
  std::int64_t frames;
  std::int64_t most = 4096;  ///< at once
  std::atomic<int> calls{0};
  std::atomic<std::int64_t> decoded{0};
};

DecodeRequest request_for(const std::string& path, std::uint32_t draw) {
  DecodeRequest request;
  request.source.path = path;
  request.count = 3;
  request.mode = SampleMode::random;
  request.key = {1, draw, 0};
  return request;
}

}  // namespace

TEST_CASE("decode cache: what is drawn does not change") {
  CountingDecoder direct(24), behind(24);
  DecodeCache cache([&](const DecodeRequest& request) { return behind(request); }, 1 << 20);
  for (std::uint32_t draw = 0; draw < 20; ++draw) {
    for (const char* path : {"a", "b"}) {
      const DecodeResult want = direct(request_for(path, draw)), got = cache.decode(request_for(path, draw));
      REQUIRE(got.ok());
      CHECK(got.indices == want.indices);
      CHECK(got.frames.to_vector<std::uint8_t>() == want.frames.to_vector<std::uint8_t>());
      CHECK(got.info.frames == 24);
    }
  }
  CHECK(behind.decoded == 48);  // each file once
  CHECK(cache.counts().kept == 2);
  CHECK(cache.counts().hits == 38);
  CHECK(cache.counts().bytes == 2 * 24 * 12);
}

TEST_CASE("decode cache: what does not fit is decoded each time") {
  CountingDecoder decoder(24);
  DecodeCache cache([&](const DecodeRequest& request) { return decoder(request); }, 24 * 12 + 5);
  for (std::uint32_t draw = 0; draw < 3; ++draw) {
    CHECK(cache.decode(request_for("a", draw)).frames.dim(0) == 3);
    CHECK(cache.decode(request_for("b", draw)).frames.dim(0) == 3);
  }
  CHECK(cache.counts().kept == 1);
  CHECK(decoder.decoded == 24 + 3 * 3);
}

TEST_CASE("decode cache: of a part of a file only its frames are kept") {
  CountingDecoder direct(100), behind(100);
  DecodeCache cache([&](const DecodeRequest& request) { return behind(request); }, 1 << 20);
  for (std::uint32_t draw = 0; draw < 10; ++draw) {
    for (const double start : {0.0, 2.5, 6.0}) {
      DecodeRequest part = request_for("a", draw);
      part.start = start;
      part.end = start + 2;
      const DecodeResult want = direct(part), got = cache.decode(part);
      REQUIRE(got.ok());
      CHECK(got.indices == want.indices);
      CHECK(got.frames.to_vector<std::uint8_t>() == want.frames.to_vector<std::uint8_t>());
    }
  }
  CHECK(behind.decoded == 3 * 20);
  CHECK(cache.counts().bytes == 3 * 20 * 12);
}

TEST_CASE("decode cache: windows, clips too long for one request and failures are passed on") {
  CountingDecoder decoder(24);
  DecodeCache cache([&](const DecodeRequest& request) { return decoder(request); }, 1 << 20);
  DecodeRequest window = request_for("a", 0);
  window.window = 10;
  window.window_centre = 12;
  CHECK(cache.decode(window).ok());
  CHECK(decoder.calls == 1);
  decoder.most = 20;
  CHECK(cache.decode(request_for("a", 0)).frames.dim(0) == 3);
  const DecodeResult bad = cache.decode(request_for("broken", 0));
  CHECK(bad.fault == DecodeFault::format);
  CHECK(bad.error == "broken: is broken");
  CHECK(cache.counts().kept == 0);
  CHECK(cache.counts().bytes == 0);
}

TEST_CASE("decode cache: from several threads") {
  CountingDecoder direct(24), behind(24);
  DecodeCache cache([&](const DecodeRequest& request) { return behind(request); }, 1 << 20);
  std::vector<int> wrong(64, 0);
  parallel_for(64, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const DecodeRequest request = request_for(i % 2 == 0 ? "a" : "b", static_cast<std::uint32_t>(i));
      const auto want = sample_frames(3, 24, request.mode, request.key, request.compat);
      wrong[static_cast<std::size_t>(i)] = cache.decode(request).indices == want ? 0 : 1;
    }
  });
  CHECK(wrong == std::vector<int>(64, 0));
  CHECK(cache.counts().bytes == 2 * 24 * 12);
}

}  // namespace aio
