// aio_bench data: videos per second of CPU time, from the file to 3 uniform frames as the model reads them (224 x 224,
// evaluation transform), beside decord and PyAV. `videos_per_cpu_s` counts this process and the worker that decodes for
// it; `in_process_per_cpu_s` is the same without a worker.

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>

#include "bench/bench.h"
#include "bench/python_peer.h"
#include "bench/temp_folder.h"
#include "data/decode_service.h"
#include "data/transforms.h"
#include "data/video_reader.h"
#include "tensor/error.h"

namespace aio::bench {
namespace {

constexpr int kFrames = 3;

/// CPU time that a process has used; 0: this one.
double cpu_seconds(int process) {
  clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
  if (process != 0) clock_getcpuclockid(process, &clock);
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Memory that a process holds, in megabytes.
double resident_mb(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096 / 1e6;
}

/// 640 x 360 at 25 a second, H.264 by x264's defaults: a key frame every 250 frames, three B-frames between others.
std::string make_clip(const TempFolder& folder, const std::string& name, int seconds) {
  const std::string path = folder.path() + "/" + name;
  const std::string command =
      "ffmpeg -v error -nostdin -f lavfi -i testsrc2=size=640x360:rate=25:duration=" + std::to_string(seconds) +
      " -c:v libx264 -g 250 -pix_fmt yuv420p " + path;
  check(std::system(command.c_str()) == 0, ErrorCode::io, "data: the ffmpeg program cannot make ", name);
  return path;
}

void through_worker(DecodeService& service, const std::string& path) {
  DecodeRequest request;
  request.source.path = path;
  request.count = kFrames;
  const DecodeResult result = service.decode(request);
  check(result.ok(), ErrorCode::format, result.error);
  eval_transform(result.frames);
}

void in_process(const std::string& path) {
  MediaSource source;
  source.path = path;
  VideoReader reader(source);
  const auto indices = sample_frames(kFrames, reader.info().frames, SampleMode::uniform, {});
  eval_transform(reader.frames(indices));
}

/// The least CPU time of one call, over some calls.
double best_of(int calls, const std::function<double()>& cpu, const std::function<void()>& call) {
  double best = 1e30;
  for (int i = 0; i < calls; ++i) {
    const double start = cpu();
    call();
    best = std::min(best, cpu() - start);
  }
  return best;
}

}  // namespace

void run_data(const Options& options, Report& report) {
  const TempFolder folder;
  const auto peer = start_peer(options, report, kVideoPeer, {folder.path()});
  const std::pair<std::string, int> clips[] = {{"short", 10}, {"long", 120}};
  for (const auto& [name, seconds] : clips) {
    if (!options.selects(name)) continue;
    const std::string file = name + ".mp4";
    const std::string path = make_clip(folder, file, seconds);
    DecodeService service;
    const int worker = service.processes().front();
    through_worker(service, path);  // loads the libraries
    const double memory_before = resident_mb(worker);

    double isolated = 1e30, alone = 1e30, decord = 1e30, pyav = 1e30;
    for (int round = 0; round < options.rounds; ++round) {
      const auto both = [&] { return cpu_seconds(0) + cpu_seconds(worker); };
      isolated = std::min(isolated, best_of(2, both, [&, &clip = path] { through_worker(service, clip); }));
      alone = std::min(alone, best_of(
                                  2, [] { return cpu_seconds(0); }, [&clip = path] { in_process(clip); }));
      if (!peer) continue;
      decord = std::min(decord, peer->seconds("decord:" + file, 0.3).value_or(1e30));
      pyav = std::min(pyav, peer->seconds("pyav:" + file, 0.3).value_or(1e30));
    }
    Report::Fields row{{"case", name + "/3_frames_to_224"},
                       {"videos_per_cpu_s", 1 / isolated},
                       {"in_process_per_cpu_s", 1 / alone},
                       {"worker_mb", resident_mb(worker)},
                       {"worker_mb_grown", resident_mb(worker) - memory_before}};
    if (peer) {
      row.insert(row.end(), {{"decord_per_cpu_s", 1 / decord},
                             {"vs_decord", decord / isolated},
                             {"pyav_per_cpu_s", 1 / pyav},
                             {"vs_pyav", pyav / isolated}});
    }
    report.row(std::move(row));
  }
}

}  // namespace aio::bench
