#pragma once
// The ffmpeg and ffprobe programs, as witnesses of what our files hold.

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

namespace aio::test {

/// What a shell command prints on stdout; a command that fails fails the test.
inline std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  char buffer[1 << 16];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, n);
  INFO("command: ", command);
  REQUIRE(pclose(pipe) == 0);
  return output;
}

/// All frames of a video as RGB bytes, one after another; colour at half resolution is interpolated.
inline std::string ffmpeg_frames(const std::string& path) {
  return output_of("ffmpeg -v error -i '" + path +
                   "' -f rawvideo -pix_fmt rgb24 -sws_flags bicubic+accurate_rnd+full_chroma_int -");
}

}  // namespace aio::test
