// Files that ask a decoder for something else than decoding: to open other files, to connect somewhere, to wait, to
// fill the memory. Texts named clip.mp4 made FFmpeg do the first two.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "data/video_reader.h"
#include "tests/data/media_corpus.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using test::make_video;
using test::TempDir;
using test::test_picture;

std::string write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

void open_video(const std::string& path) { VideoReader reader(MediaSource{path}); }

/// A file of /proc that says how much this process read: opening another media file would show.
std::int64_t open_files() {
  std::int64_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST_CASE("texts that name other files and addresses are no videos") {
  const TempDir folder;
  const std::string secret = make_video(folder, "secret.mp4", test_picture(0.2) + "-c:v libx264");
  const std::string segment = make_video(folder, "secret.ts", "-i " + secret + " -c copy");
  const std::string url = "http://127.0.0.1:9/x";
  const auto hls = [](const std::string& target) {
    return "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n" + target + "\n#EXT-X-ENDLIST\n";
  };
  const std::pair<const char*, std::string> texts[] = {
      {"hls", hls(segment)},
      {"hls_relative", hls("secret.ts")},
      {"hls_url", hls(url)},
      {"hls_protocols", hls("concat:" + segment + "|" + segment)},
      {"concat", "ffconcat version 1.0\nfile secret.mp4\n"},
      {"dash",
       "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\"><Period><AdaptationSet>"
       "<Representation id=\"1\" bandwidth=\"1\"><BaseURL>" +
           url +
           "</BaseURL></Representation></AdaptationSet>"
           "</Period></MPD>"},
      {"sdp", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n"},
      {"asx", "<asx version=\"3.0\"><entry><ref href=\"" + url + "\"/></entry></asx>"},
      {"pls", "[playlist]\nFile1=" + url + "\nNumberOfEntries=1\n"},
      {"empty", ""},
      {"byte", "x"},
  };
  const std::int64_t before = open_files();
  for (const auto& [name, text] : texts) {
    for (const char* extension : {".mp4", ".avi", ".m3u8", ".gif"}) {
      const std::string path = write_file(folder / (std::string(name) + extension), text);
      CAPTURE(path);
      EXPECT_ERROR(open_video(path), format, "not a video or picture that is read here");
    }
  }
  CHECK(open_files() == before);
}

TEST_CASE("names that FFmpeg takes for protocols are names of files that are not there") {
  const TempDir folder;
  const std::string video = make_video(folder, "a.mp4", test_picture(0.2) + "-c:v libx264");
  for (const std::string& name :
       {"file:" + video, "concat:" + video, "concatf:" + video, "subfile,,start,0,end,0,,:" + video,
        "async:file:" + video, "cache:" + video, "crypto:" + video, std::string("http://127.0.0.1:9/a.mp4"),
        std::string("tcp://127.0.0.1:9"), std::string("data:video/mp4;base64,AAAA"), std::string("rtsp://127.0.0.1/a"),
        std::string("unix:/tmp/x"), std::string("pipe:0"), folder / "%d.mp4", std::string("-")}) {
    CAPTURE(name);
    EXPECT_ERROR(open_video(name), io, "cannot open: No such file or directory");
  }
}

TEST_CASE("only regular files, without waiting for others") {
  const TempDir folder;
  const std::string pipe = folder / "pipe.mp4";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string& path : {pipe, folder.path().string(), std::string("/dev/zero"), std::string("/dev/null")}) {
    EXPECT_ERROR(open_video(path), io, "not a regular file");
  }
  std::filesystem::create_symlink("/etc/passwd", folder / "link.mp4");
  EXPECT_ERROR(open_video(folder / "link.mp4"), format, "not a video");
  EXPECT_ERROR(open_video("/proc/self/mem"), format, "not a video");  // regular, of size 0
  MediaSource part{folder / "link.mp4"};
  part.offset = 1 << 30;
  EXPECT_ERROR(VideoReader{part}, io, "the file has only");
  part.offset = -1;
  EXPECT_ERROR(VideoReader{part}, io, "the file has only");
}

TEST_CASE("a header that claims more than it may") {
  const TempDir folder;
  const std::string path = make_video(folder, "a.avi", test_picture(0.2) + "-c:v mpeg4");
  std::string bytes = test::output_of("cat " + path);
  // 16384 x 16384 in the stream's BITMAPINFOHEADER: width and height after its size, 40.
  const std::string header("\x28\0\0\0\xA0\0\0\0\x78\0\0\0", 12);
  const std::size_t at = bytes.find(header);
  REQUIRE(at != std::string::npos);
  bytes.replace(at + 4, 8, std::string("\0\x40\0\0\0\x40\0\0", 8));
  EXPECT_ERROR(open_video(write_file(folder / "large.avi", bytes)), value,
               "16384 x 16384 pixels, the limit is 16777216");
}

TEST_CASE("broken off files give the frames they have or a reason") {
  const TempDir folder;
  const std::string mp4 = make_video(folder, "a.mp4", test_picture(1) + "-c:v libx264");
  const std::string mkv = make_video(folder, "a.mkv", test_picture(1) + "-c:v libx264 -g 5");
  const auto cut = [&](const std::string& path, double part) {
    const std::string bytes = test::output_of("cat " + path);
    return write_file(path + ".cut",
                      bytes.substr(0, static_cast<std::size_t>(static_cast<double>(bytes.size()) * part)));
  };
  EXPECT_ERROR(open_video(cut(mp4, 0.5)), format, "a.mp4.cut: not a video");  // its table of contents comes last
  VideoReader half(MediaSource{cut(mkv, 0.5)});
  CHECK(half.info().frames > 3);
  CHECK(half.info().frames < 25);
  const std::array<std::int64_t, 1> first{0};
  CHECK(half.frames(first).dim(0) == 1);
  const std::string fast = make_video(folder, "fast.mp4", "-i " + mp4 + " -c copy -movflags faststart");
  const std::string shorter = cut(fast, 0.6);
  MediaLimits by_table;
  by_table.read_whole = 0;
  const std::int64_t frames = VideoReader(MediaSource{shorter}).info().frames;
  CHECK(frames > 3);
  CHECK(frames < 25);
  CHECK(VideoReader(MediaSource{shorter}, by_table).info().frames == frames);
  EXPECT_ERROR(open_video(make_video(folder, "none.mkv", test_picture(1) + "-c:v libx264 -frames:v 0")), format,
               "none.mkv: ");
}

TEST_CASE("a file that shrinks while it is read") {
  const TempDir folder;
  const std::string path =
      make_video(folder, "a.mp4", test_picture(2, "640x360") + "-c:v libx264 -g 10 -movflags faststart");
  VideoReader reader(MediaSource{path});
  std::filesystem::resize_file(path, 6000);
  const std::array<std::int64_t, 1> late{45};
  EXPECT_ERROR(reader.frames(late), format, "a.mp4: ");
}

}  // namespace
}  // namespace aio
