// What is wrong with a file costs its request; what workers may do is decode.

#include "data/decode_service.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "data/dice.h"
#include "data/image_writer.h"
#include "data/video_reader.h"
#include "tensor/random.h"
#include "tensor/raw.h"
#include "tests/data/damaged_files.h"
#include "tests/data/media_corpus.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using test::make_video;
using test::output_of;
using test::TempDir;
using test::test_picture;

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.to_vector<std::uint8_t>() == b.to_vector<std::uint8_t>();
}

DecodeRequest sample_of(const std::string& path) {
  DecodeRequest request;
  request.source.path = path;
  request.count = 3;
  return request;
}

/// A program in place of the worker.
std::string script(const TempDir& folder, const std::string& body) {
  const std::string path = folder / "worker";
  std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
  chmod(path.c_str(), 0700);
  return path;
}

TEST_CASE("the service gives what the reader gives") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4", test_picture(2) + "-c:v libx264");
  DecodeService service;
  DecodeRequest request = sample_of(path);
  const DecodeResult result = service.decode(request);
  REQUIRE(result.ok());
  CHECK(result.error.empty());
  CHECK(result.indices == sample_frames(3, 50, SampleMode::uniform, {}));
  CHECK(result.info.frames == 50);
  VideoReader reader(request.source);
  CHECK(same(result.frames, reader.frames(result.indices)));

  request.start = 0.4;
  request.end = 1.2;
  request.mode = SampleMode::random;
  request.key = {5};
  CHECK(service.decode(request).indices == sample_frames(3, FrameRange{10, 20}, SampleMode::random, {5}));
  request.window = 120;
  request.window_centre = 30;
  CHECK(service.decode(request).indices == sample_window(3, 30, 120, 50, SampleMode::random, {5}));
  request.indices = {7, 7, 1};
  request.size = {32, 24};
  CHECK(service.decode(request).frames.shape() == Shape{3, 24, 32, 3});
  DecodeRequest info_only;
  info_only.source.path = path;
  const DecodeResult info = service.decode(info_only);
  CHECK((info.ok() && info.info.size.width == 160 && !info.frames.defined()));
  CHECK((info.range.first == 0 && info.range.count == 50));
  info_only.start = 0.4;
  info_only.end = 1.2;
  const FrameRange range = service.decode(info_only).range;
  CHECK((range.first == 10 && range.count == 20));
}

TEST_CASE("every fault has a name and a reason") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4", test_picture(1) + "-c:v libx264");
  std::ofstream(folder / "text.mp4") << "#EXTM3U\n";
  DecodeServiceOptions options;
  options.limits.video_pixels = 160 * 120;
  DecodeService service(options);
  const auto expect = [&](const DecodeRequest& request, DecodeFault fault, const std::string& part) {
    const DecodeResult result = service.decode(request);
    CAPTURE(result.error);
    CHECK(to_string(result.fault) == to_string(fault));
    CHECK(result.error.find(part) != std::string::npos);
    CHECK(!result.frames.defined());
  };
  expect(sample_of(folder / "none.mp4"), DecodeFault::io, "none.mp4: cannot open: No such file");
  expect(sample_of("/dev/zero"), DecodeFault::io, "not a regular file");
  expect(sample_of(folder / "text.mp4"), DecodeFault::format, "text.mp4: not a video");
  expect(sample_of(make_video(folder, "b.mp4", test_picture(0.2, "162x120") + "-c:v libx264")), DecodeFault::limit,
         "162 x 120 pixels, the limit is 19200");
  DecodeRequest request = sample_of(path);
  request.indices = {99};
  expect(request, DecodeFault::request, "a.mp4: there is no frame 99 of 25");
  request = sample_of(path);
  request.count = 20;
  request.mode = SampleMode::random;
  request.compat = Compat::reference;
  expect(request, DecodeFault::request, "the reference draws none from it");
  request.count = 5000;
  expect(request, DecodeFault::request, "more than 4096 frames");
  CHECK(service.counts().failures == 7);
  CHECK(service.counts().requests == 7);
  CHECK(service.counts().restarts == 0);
}

TEST_CASE("pictures, parts of files and folders") {
  const TempDir folder;
  output_of("ffmpeg -v error -nostdin " + test_picture(0.48, "64x48") + (folder / "%d.png"));  // 1.png .. 12.png
  DecodeService service;
  const DecodeResult one = service.decode(sample_of(folder / "3.png"));
  REQUIRE(one.ok());
  CHECK(one.frames.shape() == Shape{3, 48, 64, 3});
  CHECK(one.indices == std::vector<std::int64_t>{0, 0, 0});

  DecodeRequest request = sample_of(folder.path().string());
  request.source.fps = 4;
  DecodeResult all = service.decode(request);
  REQUIRE(all.ok());
  CHECK(all.info.frames == 12);
  CHECK(all.info.seconds == doctest::Approx(3));
  CHECK(all.indices == std::vector<std::int64_t>{1, 5, 9});
  DecodeRequest third = sample_of(folder / "10.png");
  third.count = 1;
  const auto frames = all.frames.to_vector<std::uint8_t>(),
             last = service.decode(third).frames.to_vector<std::uint8_t>();
  CHECK(std::equal(last.begin(), last.end(), frames.end() - std::ssize(last)));  // 9.png before 10.png
  request.start = 1;
  request.end = 2;
  CHECK(service.decode(request).indices == std::vector<std::int64_t>{4, 5, 6});
  CHECK((service.decode(request).range.first == 4 && service.decode(request).range.count == 4));
  request.source.pattern = "%d.png";
  request.source.first = 11;
  request.start = request.end = 0;
  CHECK(service.decode(request).info.frames == 2);
  request.source.pattern = "%s.png";
  CHECK(service.decode(request).error.find("expected a name like %05d.jpg") != std::string::npos);

  std::ofstream(folder / "shard.tar") << std::string(512, 'x') << output_of("cat " + (folder / "3.png")) << "tail";
  DecodeRequest part = sample_of(folder / "shard.tar");
  part.source.offset = 512;
  part.source.bytes = static_cast<std::int64_t>(std::filesystem::file_size(folder / "3.png"));
  CHECK(same(service.decode(part).frames, one.frames));
}

TEST_CASE("pictures of a size that this process would copy on several threads") {
  const TempDir folder;
  const Tensor picture = raw::cast(uniform({900, 1600, 3}, 0, 255, RngKey{4}), DType::u8);
  write_png(folder / "large.png", picture);
  DecodeService service;
  const DecodeResult result = service.decode(sample_of(folder / "large.png"));
  INFO(result.error);
  REQUIRE(result.ok());
  CHECK(result.frames.shape() == Shape{3, 900, 1600, 3});
  CHECK(same(raw::select(result.frames, 0, 2), picture));
}

TEST_CASE("a worker that dies costs its request, then its file is banned") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4", test_picture(0.2) + "-c:v libx264");
  DecodeServiceOptions options;
  options.program = script(folder, "exit 3");
  options.deaths_allowed = 2;
  DecodeService service(options);
  for (int i = 0; i < 3; ++i) {
    const DecodeResult result = service.decode(sample_of(path));
    CHECK(to_string(result.fault) == "crash");
    CHECK(result.error.find("a.mp4: the decoder ended with code 3") != std::string::npos);
  }
  const DecodeResult banned = service.decode(sample_of(path));
  CHECK(to_string(banned.fault) == "banned");
  CHECK(banned.error.find("a.mp4: not tried again, for 3 decoders died of it") != std::string::npos);
  CHECK(service.counts().restarts == 3);
  CHECK(service.counts().banned == 1);
}

TEST_CASE("a worker that hangs is stopped") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4", test_picture(0.2) + "-c:v libx264");
  DecodeServiceOptions options;
  options.program = script(folder, "exec sleep 100");
  options.limits.wall_seconds = 0.1;
  DecodeService service(options);
  const auto start = std::chrono::steady_clock::now();
  const DecodeResult result = service.decode(sample_of(path));
  CHECK(to_string(result.fault) == "timeout");
  CHECK(result.error.find("a.mp4: decoding was stopped after 0.1 seconds") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE("CPU time is limited") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4", test_picture(4, "320x240") + "-c:v libx264 -preset ultrafast");
  DecodeServiceOptions options;
  options.limits.cpu_seconds = 0.01;
  DecodeService service(options);
  DecodeRequest request = sample_of(path);
  request.count = 100;
  const DecodeResult result = service.decode(request);
  CHECK(to_string(result.fault) == "timeout");
  CHECK(result.error.find("stopped after 0.01 seconds of CPU time") != std::string::npos);
}

TEST_CASE("requests go on while workers are killed") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4", test_picture(1) + "-c:v libx264");
  DecodeServiceOptions options;
  options.workers = 2;
  options.deaths_allowed = 1000;
  DecodeService service(options);
  const Tensor expected = service.decode(sample_of(path)).frames;
  std::atomic<int> good{0}, bad{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 20; ++j) {
        const DecodeResult result = service.decode(sample_of(path));
        if (result.ok() && same(result.frames, expected)) {
          ++good;
        } else if (result.fault == DecodeFault::crash) {
          ++bad;
        }
      }
    });
  }
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
    const auto processes = service.processes();
    if (!processes.empty() && processes.front() > 1) kill(processes.front(), SIGKILL);
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good + bad == 60);  // each request has one answer, and no answer is wrong
  CHECK(bad <= 5);
  CHECK(service.counts().restarts == bad);
}

TEST_CASE("workers end with the service, and leave nothing behind") {
  std::vector<int> processes;
  {
    DecodeService service;
    processes = service.processes();
    REQUIRE(processes.size() == 1);
    CHECK(kill(processes[0], 0) == 0);
  }
  CHECK(kill(processes[0], 0) != 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
std::string status_line(int process, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return line.substr(field.size() + 2);
  }
  return "";
}

TEST_CASE("a worker is confined") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4", test_picture(0.2) + "-c:v libx264");
  DecodeService service;
  REQUIRE(service.decode(sample_of(path)).ok());
  const int worker = service.processes().front();
  CHECK(status_line(worker, "Seccomp") == "2");
  CHECK(status_line(worker, "NoNewPrivs") == "1");
  std::ifstream file("/proc/" + std::to_string(worker) + "/limits");
  const std::string limits((std::istreambuf_iterator<char>(file)), {});
  CHECK(limits.find("Max address space         1073741824") != std::string::npos);
  CHECK(limits.find("Max open files            64") != std::string::npos);
  std::int64_t descriptors = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(worker) + "/fd")) {
    ++descriptors;
  }
  CHECK(descriptors == 5);  // /dev/null twice, stderr, socket, shared memory
}
#endif

TEST_CASE("damaged files: nothing but requests is lost, and the sums add up") {
  const TempDir folder;
  const std::string files[] = {
      make_video(folder, "a.mp4", test_picture(0.6) + "-c:v libx264 -g 6"),
      make_video(folder, "b.webm", test_picture(0.6) + "-c:v libvpx -cpu-used 8 -deadline realtime"),
      make_video(folder, "c.avi", test_picture(0.6) + "-c:v mpeg4 -bf 2"),
      make_video(folder, "d.gif", test_picture(0.4)),
      make_video(folder, "e.png", test_picture(0.04) + "-frames:v 1"),
      make_video(folder, "f.jpg", test_picture(0.04) + "-frames:v 1"),
  };
  DecodeServiceOptions options;
  options.deaths_allowed = 1'000'000;
  DecodeService service(options);
  std::int64_t good = 0, refused = 0, asked = 0;
  Dice dice({11});
  for (const std::string& path : files) {
    const std::string whole = output_of("cat " + path);
    for (int round = 0; round < 40; ++round) {
      const std::string damaged = test::flip_bits(whole, round % 2 == 0, dice);
      std::ofstream(folder / "damaged", std::ios::binary) << damaged;
      const DecodeResult result = service.decode(sample_of(folder / "damaged"));
      ++asked;
      if (result.ok()) {
        ++good;
        CHECK(result.frames.dim(0) == 3);
      } else {
        ++refused;
        CHECK(!result.error.empty());
      }
    }
  }
  CHECK(good > 20);
  CHECK(refused > 20);
  CHECK(service.counts().requests == asked);
  CHECK(service.counts().failures == refused);
  MESSAGE(good, " decoded, ", refused, " refused, ", service.counts().restarts, " workers died");
}

TEST_CASE("a service without its program says so") {
  DecodeServiceOptions options;
  options.program = "/nowhere/aio_decode_worker";
  EXPECT_ERROR(DecodeService{options}, config, "there is no /nowhere/aio_decode_worker");
  options.workers = 0;
  EXPECT_ERROR(DecodeService{options}, config, "0 workers, expected 1 to 1024");
}

}  // namespace
}  // namespace aio
