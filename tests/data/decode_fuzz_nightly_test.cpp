// 2,000 damaged copies of each of 50 kinds of files: each is an answer, none is the end of the program.

#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "data/decode_service.h"
#include "tests/data/damaged_files.h"
#include "tests/data/media_corpus.h"

namespace aio {
namespace {

using test::make_video;
using test::TempDir;
using test::test_picture;

struct Kind {
  const char* name;
  const char* options;
};

constexpr Kind kKinds[] = {
    // Codecs, in the containers that they come in.
    {"h264.mp4", "-c:v libx264 -g 6"},
    {"h264.mov", "-c:v libx264 -g 6"},
    {"h264.mkv", "-c:v libx264 -g 6"},
    {"h264.avi", "-c:v libx264 -g 6"},
    {"h264.ts", "-c:v libx264 -g 6"},
    {"hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=6"},
    {"hevc.mkv", "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=6"},
    {"vp8.webm", "-c:v libvpx -cpu-used 8 -deadline realtime"},
    {"vp9.webm", "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime"},
    {"vp9.mp4", "-c:v libvpx-vp9 -cpu-used 8 -deadline realtime"},
    {"mpeg4.avi", "-c:v mpeg4 -bf 2"},
    {"mpeg4.mp4", "-c:v mpeg4 -bf 2"},
    {"xvid.avi", "-c:v libxvid -bf 2"},
    {"msmpeg4.avi", "-c:v msmpeg4"},
    {"msmpeg4v2.avi", "-c:v msmpeg4v2"},
    {"wmv2.avi", "-c:v wmv2"},
    {"flv.mkv", "-c:v flv"},
    {"h263.avi", "-c:v h263 -s 176x144"},
    {"h263p.avi", "-c:v h263p"},
    {"mpeg1.mpg", "-c:v mpeg1video"},
    {"mpeg2.mpg", "-c:v mpeg2video -bf 2"},
    {"mpeg2.ts", "-c:v mpeg2video -bf 2"},
    {"mjpeg.avi", "-c:v mjpeg"},
    {"mjpeg.mov", "-c:v mjpeg"},
    {"theora.mkv", "-c:v libtheora"},
    {"prores.mov", "-c:v prores"},
    {"dnxhr.mov", "-c:v dnxhd -profile:v dnxhr_lb -pix_fmt yuv422p -s 256x144"},
    {"ffv1.mkv", "-c:v ffv1"},
    {"huffyuv.avi", "-c:v huffyuv"},
    {"utvideo.avi", "-c:v utvideo"},
    {"raw.avi", "-c:v rawvideo -pix_fmt bgr24"},
    {"raw.mov", "-c:v rawvideo -pix_fmt rgb24"},
    {"png.mov", "-c:v png"},
    {"qtrle.mov", "-c:v qtrle"},
    {"cinepak.avi", "-c:v cinepak -frames:v 4"},
    {"snow.mkv", "-c:v snow -strict experimental"},
    // What else headers hold.
    {"fragments.mp4", "-c:v libx264 -g 6 -movflags frag_keyframe+empty_moov"},
    {"faststart.mp4", "-c:v libx264 -movflags faststart"},
    {"sound.mp4", "-f lavfi -i sine=duration=0.6 -c:v libx264 -c:a aac"},
    {"sound.avi", "-f lavfi -i sine=duration=0.6 -c:v mpeg4 -c:a pcm_s16le"},
    {"refresh.mkv", "-c:v libx264 -x264-params intra-refresh=1:keyint=6"},
    {"interlaced.mp4", "-c:v libx264 -flags +ildct+ilme -x264-params tff=1"},
    {"deep.mp4", "-c:v libx264 -pix_fmt yuv420p10le"},
    {"alpha.webm", "-vf format=yuva420p -c:v libvpx -auto-alt-ref 0 -cpu-used 8"},
    {"cavlc.mp4", "-c:v libx264 -profile:v baseline -coder 0"},
    // Pictures.
    {"moving.gif", ""},
    {"still.gif", "-frames:v 1"},
    {"still.png", "-frames:v 1"},
    {"deep.png", "-frames:v 1 -pix_fmt rgb48be"},
    {"still.jpg", "-frames:v 1"},
};
static_assert(std::size(kKinds) == 50);

TEST_CASE("100,000 damaged files: nothing but requests is lost, and the sums add up") {
  const TempDir folder;
  DecodeServiceOptions options;
  options.deaths_allowed = 1'000'000;
  DecodeService service(options);
  std::map<DecodeFault, std::int64_t> counts;
  std::int64_t asked = 0;
  for (const Kind& kind : kKinds) {
    CAPTURE(kind.name);
    const std::string whole = test::output_of("cat " + make_video(folder, kind.name, test_picture(0.6) + kind.options));
    for (std::uint32_t round = 0; round < 2000; ++round) {
      Dice dice({12, static_cast<std::uint32_t>(&kind - kKinds), round});
      std::ofstream(folder / "damaged", std::ios::binary) << test::damage(whole, dice);
      DecodeRequest request;
      request.source.path = folder / "damaged";
      request.count = 3;
      const DecodeResult result = service.decode(request);
      CHECK(result.ok() == result.error.empty());
      if (result.ok()) CHECK(result.frames.dim(0) == 3);
      ++counts[result.fault];
      ++asked;
    }
  }
  std::string summary;
  for (const auto& [fault, count] : counts) summary += message(to_string(fault), " ", count, ", ");
  MESSAGE(summary, service.counts().restarts, " workers replaced");
  CHECK(counts[DecodeFault::none] > asked / 10);
  CHECK(service.counts().requests == asked);
  CHECK(service.counts().failures == asked - counts[DecodeFault::none]);
}

}  // namespace
}  // namespace aio
