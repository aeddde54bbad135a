// Every frame of every kind of file equals what the ffmpeg program shows of it, bit for bit, in whatever order it is
// asked for.

#include "data/video_reader.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "tests/data/as_ffmpeg.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using test::expect_as_ffmpeg;
using test::Indices;
using test::make_video;
using test::open_video;
using test::same;
using test::TempDir;
using test::test_picture;

TEST_CASE("H.264 in each container") {
  const TempDir folder;
  for (const char* name : {"a.mp4", "a.mov", "a.mkv", "a.avi", "a.ts"}) {
    expect_as_ffmpeg(make_video(folder, name, test_picture(1.6) + "-c:v libx264 -preset veryfast -bf 3 -g 15"));
  }
  const std::string mp4 = folder / "a.mp4";
  expect_as_ffmpeg(make_video(folder, "fragments.mp4", "-i " + mp4 + " -c copy -movflags frag_keyframe+empty_moov"));
  expect_as_ffmpeg(make_video(folder, "edit.mp4", "-ss 0.7 -i " + mp4 + " -c copy"));
  // Neither duration nor frame count nor seek index in the header.
  test::output_of("ffmpeg -v error -nostdin -i " + mp4 + " -c copy -f matroska - > " + (folder / "stream.mkv"));
  expect_as_ffmpeg(folder / "stream.mkv");
}

TEST_CASE("other codecs") {
  const TempDir folder;
  const std::pair<const char*, const char*> cases[] = {
      {"vp8.webm", "-c:v libvpx -deadline realtime -cpu-used 8 -g 12"},
      {"alternate.webm", "-c:v libvpx -cpu-used 8 -auto-alt-ref 1 -lag-in-frames 16 -b:v 100k -g 20"},
      {"vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 12"},
      {"hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=12"},
      {"mpeg4.avi", "-c:v mpeg4 -bf 0 -g 12"},
      {"mpeg4b.avi", "-c:v mpeg4 -bf 2 -g 12"},
      {"mpeg4.mp4", "-c:v mpeg4 -bf 2 -g 12"},
      {"xvid.avi", "-c:v libxvid -bf 2 -g 12"},
      {"mjpeg.avi", "-c:v mjpeg -q:v 3"},
      {"mpeg2.mpg", "-c:v mpeg2video -bf 2 -g 12"},
  };
  for (const auto& [name, codec] : cases) expect_as_ffmpeg(make_video(folder, name, test_picture(1) + codec));
}

TEST_CASE("H.264 that makes seeking hard") {
  const TempDir folder;
  const std::pair<const char*, const char*> cases[] = {
      {"open.mp4", "-bf 4 -x264-params open-gop=1:b-pyramid=2:keyint=12"},
      {"open.mkv", "-bf 4 -x264-params open-gop=1:b-pyramid=2:keyint=12"},
      {"refresh.mkv", "-x264-params intra-refresh=1:keyint=12"},
      {"interlaced.mp4", "-flags +ildct+ilme -x264-params tff=1:keyint=12"},
      {"every.mp4", "-g 1"},
      {"one.mp4", "-frames:v 1"},
  };
  for (const auto& [name, codec] : cases) {
    expect_as_ffmpeg(make_video(folder, name, test_picture(1.4) + "-c:v libx264 -preset veryfast " + codec));
  }
  const std::string vary = "-vf \"select='not(mod(n,7))+lt(mod(n,13),3)'\" -vsync vfr -c:v libx264 -g 10";
  expect_as_ffmpeg(make_video(folder, "vary.mp4", test_picture(3) + vary));
  expect_as_ffmpeg(make_video(folder, "vary.mkv", test_picture(3) + vary));
}

TEST_CASE("pixel formats, odd sizes, colour matrices") {
  const TempDir folder;
  const std::pair<const char*, const char*> cases[] = {
      {"deep.mp4", "-pix_fmt yuv420p10le"}, {"444.mp4", "-pix_fmt yuv444p"}, {"gray.mp4", "-pix_fmt gray"},
      {"full.mp4", "-pix_fmt yuvj420p"},    {"hd.mp4", "-colorspace bt709"}, {"422.mp4", "-pix_fmt yuv422p"},
      {"rgb.mp4", "-c:v libx264rgb"},
  };
  for (const auto& [name, format] : cases) {
    expect_as_ffmpeg(make_video(folder, name, test_picture(0.4) + "-c:v libx264 -preset ultrafast " + format));
  }
  expect_as_ffmpeg(make_video(folder, "odd.webm", test_picture(0.3, "161x121") + "-c:v libvpx-vp9 -cpu-used 8"));
  expect_as_ffmpeg(make_video(folder, "w.mp4", test_picture(0.3, "162x122") + "-pix_fmt yuv420p -c:v libx264"));
  expect_as_ffmpeg(make_video(folder, "alpha.webm",
                              test_picture(0.3) + "-vf format=yuva420p -c:v libvpx -auto-alt-ref 0 -cpu-used 8"));
}

TEST_CASE("gif: pictures drawn over each other, with and without delays") {
  const TempDir folder;
  expect_as_ffmpeg(make_video(folder, "a.gif", test_picture(0.6)));
  expect_as_ffmpeg(
      make_video(folder, "palette.gif", test_picture(0.6) + "-vf 'split[a][b];[a]palettegen[p];[b][p]paletteuse'"));
  expect_as_ffmpeg(make_video(folder, "one.gif", test_picture(0.04)));
  // Every picture's delay (after the control block's first 4 bytes) to zero.
  test::output_of("perl -pe 's/(\\x21\\xF9\\x04.)../$1\\x00\\x00/gs' " + (folder / "a.gif") + " > " +
                  (folder / "zero.gif"));
  expect_as_ffmpeg(folder / "zero.gif");
}

TEST_CASE("rotation is undone") {
  const TempDir folder;
  const std::string plain = make_video(folder, "a.mp4", test_picture(0.4) + "-c:v libx264");
  for (const char* angle : {"90", "180", "270"}) {
    const std::string path =
        make_video(folder, std::string(angle) + ".mp4", "-i " + plain + " -c copy -metadata:s:v rotate=" + angle);
    expect_as_ffmpeg(path);
    const FrameSize size = open_video(path).info().size;
    CHECK(size.width == (std::string(angle) == "180" ? 160 : 120));
  }
}

TEST_CASE("sound beside the picture, and without one") {
  const TempDir folder;
  expect_as_ffmpeg(make_video(folder, "both.mp4", test_picture(0.4) + "-f lavfi -i sine=duration=0.4 -c:v libx264"));
  const std::string sound = make_video(folder, "sound.mp4", "-f lavfi -i sine=duration=0.4");
  EXPECT_ERROR(open_video(sound), format, "sound.mp4: there is no video in it");
  test::output_of("ffmpeg -v error -nostdin " + test_picture(0.04) + " -f image2 " + (folder / "cover.jpg"));
  const std::string cover = make_video(
      folder, "cover.mp4",
      "-i " + sound + " -i " + (folder / "cover.jpg") + " -map 0 -map 1 -c copy -disposition:v attached_pic");
  EXPECT_ERROR(open_video(cover), format, "there is no video in it");
}

TEST_CASE("real videos, where scripts/fetch_test_media.sh put them") {
  int count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(AIO_TEST_DATA "/../build/test_media", error)) {
    expect_as_ffmpeg(entry.path().string());
    ++count;
  }
  MESSAGE(count, " real videos compared (scripts/fetch_test_media.sh fetches some)");
}

TEST_CASE("frames of another size") {
  const TempDir folder;
  auto reader = open_video(make_video(folder, "a.mp4", test_picture(0.4) + "-c:v libx264"));
  const Tensor small = reader.frames(Indices{3, 5}, {64, 48});
  CHECK(small.shape() == Shape{2, 48, 64, 3});
  // Means survive squeezing.
  const auto mean = [](const Tensor& frames) {
    const auto values = frames.to_vector<std::uint8_t>();
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  };
  CHECK(mean(small) == doctest::Approx(mean(reader.frames(Indices{3, 5}))).epsilon(0.02));
}

TEST_CASE("clips by seconds") {
  const TempDir folder;
  auto reader = open_video(make_video(folder, "a.mp4", test_picture(2) + "-c:v libx264 -preset ultrafast"));
  CHECK(reader.info().frames == 50);
  CHECK(reader.info().fps == doctest::Approx(25));
  CHECK(reader.info().seconds == doctest::Approx(2));
  const auto clip = [&](double start, double end) {
    const FrameRange range = reader.clip(start, end);
    return std::pair{range.first, range.count};
  };
  CHECK(clip(0, 0) == std::pair<std::int64_t, std::int64_t>{0, 50});
  CHECK(clip(0.4, 1.2) == std::pair<std::int64_t, std::int64_t>{10, 20});
  CHECK(clip(0.41, 1.21) == std::pair<std::int64_t, std::int64_t>{10, 21});
  CHECK(clip(1.99, 9) == std::pair<std::int64_t, std::int64_t>{49, 1});
  CHECK(clip(7, 9) == std::pair<std::int64_t, std::int64_t>{49, 1});
  EXPECT_ERROR(clip(2, 1), value, "no clip from second 2 to 1");
  // Frames 0, 7 and 14 .. of 25 a second, timed by their own stamps.
  auto vary = open_video(
      make_video(folder, "v.mp4", test_picture(2) + "-vf \"select='not(mod(n,7))'\" -vsync vfr -c:v libx264"));
  CHECK(vary.info().frames == 8);
  const FrameRange range = vary.clip(0.5, 1.2);  // frame 1 from 0.28 on, 2 from 0.56, 3 from 0.84, 4 from 1.12
  CHECK(range.first == 1);
  CHECK(range.count == 4);
}

/// Bytes that this process has read so far, of files and pipes.
std::int64_t bytes_read() {
  std::ifstream counters("/proc/self/io");
  std::string name;
  std::int64_t value = 0;
  while (counters >> name >> value) {
    if (name == "rchar:") return value;
  }
  return 0;
}

TEST_CASE("of a large mp4 file, its table and the frames asked for are read") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4",
                                      "-f lavfi -i testsrc2=size=640x360:rate=25:duration=12 -f lavfi -i "
                                      "sine=duration=12 -vf noise=alls=20:allf=t -c:v libx264 -preset ultrafast "
                                      "-b:v 4M -g 25 -c:a aac");
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  const auto cost = [&](auto&& open) {
    const std::int64_t before = bytes_read();
    CHECK(open(path).frames(Indices{152}).dim(0) == 1);
    return bytes_read() - before;
  };
  CHECK(cost(open_video) > size);
  CHECK(cost(test::open_by_table) < size / 5);
}

TEST_CASE("a table that calls other frames key frames than there are") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4", test_picture(2) + "-c:v libx264 -g 10 -bf 0");
  std::string bytes = test::output_of("cat " + path);
  // The second of the sync samples (ISO/IEC 14496-12, 8.6.2), number 11 counted from 1, becomes 15.
  const std::size_t at = bytes.find("stss");
  REQUIRE(at != std::string::npos);
  REQUIRE(bytes[at + 19] == 11);
  bytes[at + 19] = 15;
  std::ofstream(folder / "lies.mp4", std::ios::binary) << bytes;
  auto reader = test::open_by_table(folder / "lies.mp4");
  CHECK(same(reader.frames(Indices{17, 12}), open_video(path).frames(Indices{17, 12})));
}

TEST_CASE("what is asked for must be there") {
  const TempDir folder;
  auto reader = open_video(make_video(folder, "a.mp4", test_picture(0.4) + "-c:v libx264"));
  EXPECT_ERROR(reader.frames(Indices{10}), index, "a.mp4: there is no frame 10 of 10");
  EXPECT_ERROR(reader.frames(Indices{-1}), index, "there is no frame -1");
  EXPECT_ERROR(reader.frames(Indices{}), value, "no frames are asked for");
}

TEST_CASE("a video inside another file") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4", test_picture(0.4) + "-c:v libx264");
  const auto size = static_cast<std::int64_t>(std::filesystem::file_size(path));
  test::output_of("(head -c 1000 /dev/zero; cat " + path + "; head -c 500 /dev/zero) > " + (folder / "shard.tar"));
  MediaSource part{folder / "shard.tar"};
  part.offset = 1000;
  part.bytes = size;
  VideoReader reader(part);
  CHECK(same(reader.frames(Indices{4}), open_video(path).frames(Indices{4})));
}

TEST_CASE("limits hold at the limit and one beyond") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.mp4", test_picture(0.4) + "-c:v libx264");
  const auto open_with = [&](const MediaLimits& limits) {
    return VideoReader(MediaSource{path}, limits).info().frames;
  };
  MediaLimits limits;
  limits.video_pixels = 160 * 120;
  limits.video_frames = 10;
  limits.output_bytes = 160 * 120 * 3;
  CHECK(open_with(limits) == 10);
  VideoReader reader(MediaSource{path}, limits);
  CHECK(reader.frames(Indices{0}).dim(0) == 1);
  EXPECT_ERROR(reader.frames(Indices{0, 1}), value, "are more than 57600 bytes, the limit");
  limits.video_pixels -= 1;
  EXPECT_ERROR(open_with(limits), value, "160 x 120 pixels, the limit is 19199");
  limits = {};
  limits.video_frames = 9;
  EXPECT_ERROR(open_with(limits), value, "more than 9 frames, the limit");
  limits = {};
  limits.wall_seconds = 0;
  EXPECT_ERROR(open_with(limits), state, "took longer than 0 seconds");

  std::string many = test_picture(0.2);
  for (int i = 0; i < 17; ++i) many += " -map 0";
  const std::string streams = make_video(folder, "many.mkv", many + " -c:v mjpeg");
  EXPECT_ERROR(open_video(streams), format, "many.mkv: not a video");
  limits = {};
  limits.streams = 17;
  CHECK(VideoReader(MediaSource{streams}, limits).info().frames == 5);
}

}  // namespace
}  // namespace aio
