// aio_bench pictures: milliseconds of CPU time for a JPEG picture, from its bytes to RGB, by the decoder that data sets
// use and by stb_image, beside PIL; `sample_ms` goes on to 224 x 224 as the model reads it.

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>

#include "bench/bench.h"
#include "bench/python_peer.h"
#include "bench/temp_folder.h"
#include "data/image_reader.h"
#include "data/jpeg_reader.h"
#include "data/transforms.h"
#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio::bench {
namespace {

/// A fractal with the detail of a photograph, in the quality in which data sets keep pictures.
std::vector<std::uint8_t> make_picture(const TempFolder& folder, const std::string& name, const std::string& size) {
  const std::string path = folder.path() + "/" + name;
  const std::string command =
      "ffmpeg -v error -nostdin -f lavfi -i mandelbrot=size=" + size + " -frames:v 1 -pix_fmt yuvj420p -q:v 3 " + path;
  check(std::system(command.c_str()) == 0, ErrorCode::io, "pictures: the ffmpeg program cannot make ", name);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

void run_pictures(const Options& options, Report& report) {
  const TempFolder folder;
  report.fact("jpeg_decoder", jpeg_decoder());
  const auto peer = start_peer(options, report, kPicturePeer, {folder.path()});
  Options timing = options;
  timing.cpu_time = true;
  const std::pair<std::string, std::string> cases[] = {{"photo", "640x480"}, {"large", "1600x1200"}};
  for (const auto& [name, size] : cases) {
    if (!options.selects(name)) continue;
    const auto encoded = make_picture(folder, name + ".jpg", size);
    const std::function<void()> contenders[] = {
        [&] { decode_image(encoded, "photo"); },
        [&] { decode_image(encoded, "photo", {}, ImageDecoder::stb); },
        [&] { eval_transform(raw::unsqueeze(decode_image(encoded, "photo"), 0)); },
    };
    double best[] = {1e30, 1e30, 1e30}, pil = 1e30;
    for (int turn = 0; turn < 3; ++turn) {
      const auto times = time_in_turns(contenders, timing);
      for (std::size_t i = 0; i < times.size(); ++i) best[i] = std::min(best[i], times[i].best);
      if (peer) pil = std::min(pil, peer->seconds(name + ".jpg", 0.3).value_or(1e30));
    }
    Report::Fields row{{"case", name + "/" + size},
                       {"ms", 1e3 * best[0]},
                       {"stb_ms", 1e3 * best[1]},
                       {"vs_stb", best[1] / best[0]},
                       {"sample_ms", 1e3 * best[2]}};
    if (peer) {
      row.emplace_back("pil_ms", 1e3 * pil);
      row.emplace_back("vs_pil", pil / best[0]);
    }
    report.row(std::move(row));
  }
}

}  // namespace aio::bench
