#pragma once
// Videos made by the ffmpeg program while the tests run, and its own opinion of what frames they hold.

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"
#include "tests/data/ffmpeg_cli.h"
#include "tests/temp_dir.h"

namespace aio::test {

/// A moving test picture with a frame counter: `seconds` of 160 x 120 at 25 a second, or of another size.
inline std::string test_picture(double seconds, const std::string& size = "160x120") {
  return "-f lavfi -i testsrc2=size=" + size + ":rate=25:duration=" + std::to_string(seconds) + " ";
}

/// Runs `ffmpeg ARGUMENTS folder/name` and gives the path.
inline std::string make_video(const TempDir& folder, const std::string& name, const std::string& arguments) {
  const std::string path = folder / name;
  output_of("ffmpeg -v error -nostdin -y " + arguments + " '" + path + "' 2>&1");
  return path;
}

/// All frames in the order in which ffmpeg shows them, u8 [n, height, width, 3], by its default conversion to RGB.
inline Tensor frames_by_ffmpeg(const std::string& path, int height, int width) {
  const std::string bytes = output_of("ffmpeg -v quiet -nostdin -i '" + path +
                                      "' -map 0:V:0 -vsync passthrough -f rawvideo -pix_fmt rgb24 -");
  const auto frame = static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3;
  REQUIRE(bytes.size() % frame == 0);
  const std::vector<std::uint8_t> values(bytes.begin(), bytes.end());
  return Tensor::from(values, {static_cast<std::int64_t>(bytes.size() / frame), height, width, 3});
}

}  // namespace aio::test
