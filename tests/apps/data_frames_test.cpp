// aio_data frames as a user meets it: tensors in a safetensors file, exit codes, messages.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "data/transforms.h"
#include "data/video_reader.h"
#include "tensor/safetensors.h"
#include "tests/data/media_corpus.h"

namespace aio {
namespace {

using test::TempDir;

struct Outcome {
  int code;
  std::string text;
};

/// Runs aio_data, which lies beside this test.
Outcome aio_data(const TempDir& folder, const std::string& arguments) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "aio_data";
  const std::string log = folder / "log";
  const int status = std::system((program.string() + " " + arguments + " > " + log + " 2>&1").c_str());
  std::ifstream file(log);
  return {WEXITSTATUS(status), {std::istreambuf_iterator<char>(file), {}}};
}

TEST_CASE("aio_data frames writes frames, indices and pixels") {
  const TempDir folder;
  const std::string video = test::make_video(folder, "a.mp4", test::test_picture(2) + "-c:v libx264");
  const std::string out = folder / "out.safetensors";
  REQUIRE(aio_data(folder, "frames " + video + " --num 3 --mode uniform --out " + out + " --size 96").code == 0);
  const auto tensors = load_safetensors(out);
  CHECK(tensors.size() == 3);
  CHECK(tensors.at("indices").to_vector<std::int64_t>() == std::vector<std::int64_t>{7, 24, 41});
  MediaSource source;
  source.path = video;
  VideoReader reader(source);
  const Tensor frames = reader.frames(std::vector<std::int64_t>{7, 24, 41});
  CHECK(tensors.at("frames").shape() == Shape{3, 120, 160, 3});
  CHECK(tensors.at("frames").to_vector<std::uint8_t>() == frames.to_vector<std::uint8_t>());
  CHECK(tensors.at("pixels").to_vector<float>() == eval_transform(frames, {96}).to_vector<float>());

  REQUIRE(aio_data(folder, "frames " + video + " --num 2 --start 0.4 --end 1.2 --out " + out).code == 0);
  const auto clip = load_safetensors(out);
  CHECK(clip.size() == 2);
  CHECK(clip.at("indices").to_vector<std::int64_t>() == std::vector<std::int64_t>{14, 24});
}

TEST_CASE("aio_data frames ends with 3 for data, 2 for the command line") {
  const TempDir folder;
  std::ofstream(folder / "text.mp4") << "#EXTM3U\n";
  const std::string out = " --out " + (folder / "out.safetensors");
  Outcome outcome = aio_data(folder, "frames " + (folder / "text.mp4") + out);
  CHECK(outcome.code == 3);
  CHECK(outcome.text.find("text.mp4: not a video or picture that is read here") != std::string::npos);
  outcome = aio_data(folder, "frames " + (folder / "none.mp4") + out);
  CHECK(outcome.code == 3);
  CHECK(outcome.text.find("No such file or directory") != std::string::npos);
  CHECK(aio_data(folder, "frames " + (folder / "text.mp4") + " --mode middle" + out).code == 2);
  CHECK(aio_data(folder, "frames " + (folder / "text.mp4")).code == 2);
  CHECK(!std::filesystem::exists(folder / "out.safetensors"));
}

}  // namespace
}  // namespace aio
