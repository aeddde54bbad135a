// aio_bench decode-memory: what a decode worker and this process hold after 200 and after 10,000 clips of seven
// formats.

#include <array>
#include <cstdlib>
#include <fstream>

#include "bench/bench.h"
#include "bench/temp_folder.h"
#include "data/decode_service.h"
#include "data/transforms.h"
#include "tensor/error.h"

namespace aio::bench {
namespace {

/// Memory that a process holds, in megabytes; 0: this one.
double resident_mb(int process) {
  std::ifstream file("/proc/" + (process == 0 ? std::string("self") : std::to_string(process)) + "/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096 / 1e6;
}

}  // namespace

void run_decode_memory(const Options&, Report& report) {
  constexpr std::array kClips = {"h264.mp4 -c:v libx264",          "h264.mkv -c:v libx264", "vp9.webm -c:v libvpx-vp9",
                                 "mpeg4.avi -c:v mpeg4",           "mjpeg.mov -c:v mjpeg",  "moving.gif -f gif",
                                 "still.png -frames:v 1 -f image2"};
  const TempFolder folder;
  std::vector<std::string> paths;
  for (const std::string clip : kClips) {
    const std::size_t blank = clip.find(' ');
    paths.push_back(folder.path() + "/" + clip.substr(0, blank));
    const std::string command = "ffmpeg -v error -nostdin -f lavfi -i testsrc2=size=160x120:rate=25:duration=0.6" +
                                clip.substr(blank) + " " + paths.back();
    check(std::system(command.c_str()) == 0, ErrorCode::io, "decode-memory: the ffmpeg program cannot make ", clip);
  }
  DecodeService service;
  const int worker = service.processes().front();
  for (int clips = 1; clips <= 10'000; ++clips) {
    DecodeRequest request;
    request.source.path = paths[static_cast<std::size_t>(clips) % paths.size()];
    request.count = 3;
    const DecodeResult result = service.decode(request);
    check(result.ok(), ErrorCode::format, result.error);
    eval_transform(result.frames);
    if (clips == 200 || clips == 1000 || clips == 10'000) {
      report.row(
          {{"clips", static_cast<double>(clips)}, {"worker_mb", resident_mb(worker)}, {"program_mb", resident_mb(0)}});
    }
  }
}

}  // namespace aio::bench
