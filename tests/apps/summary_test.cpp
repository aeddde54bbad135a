// aio_model summary: the paper's sizes on one line of JSON, a table for people, exit codes.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/common/app.h"
#include "tests/temp_dir.h"

using namespace aio;

namespace {

struct Result {
  int code;
  std::string out;  ///< standard output
};

Result summary(const std::string& arguments) {
  const test::TempDir dir;
  const std::string out = dir / "out";
  const std::string command = std::string(AIO_BIN) + "/aio_model summary " + arguments + " > " + out + " 2> /dev/null";
  const int code = WEXITSTATUS(std::system(command.c_str()));
  std::stringstream text;
  text << std::ifstream(out).rdbuf();
  return {code, text.str()};
}

}  // namespace

TEST_CASE("summary: the paper's sizes") {
  struct Size {
    const char* name;
    std::int64_t parameters, without_decoder, macs;  // of the reference, counted by torch; 3 frames, 40 text tokens
  };
  for (const Size& size :
       {Size{"ti", 17359676, 11499452, 9275010048 / 2}, Size{"s", 45453116, 33732668, 33647302656 / 2},
        Size{"b", 133932860, 110491964, 127683735552 / 2}}) {
    const Result result = summary(std::string("--size ") + size.name + " --frames 3 --text 40 --json");
    CHECK(result.code == apps::kOk);
    CHECK(result.out.find('\n') == result.out.size() - 1);
    const nlohmann::json json = nlohmann::json::parse(result.out);
    CHECK(json["parameters"] == size.parameters);
    CHECK(json["parameters_without_mlm_decoder"] == size.without_decoder);
    CHECK(json["macs_per_video"] == size.macs);
  }
}

TEST_CASE("summary: the table shows the paper's 58.7 and how it is counted") {
  const Result result = summary("--size b");
  CHECK(result.code == apps::kOk);
  CHECK(result.out.find("58.724 G (20 text tokens and the MLM head") != std::string::npos);
  CHECK(result.out.find("each multiply-add once") != std::string::npos);
}

TEST_CASE("summary: options change what is counted") {
  const auto json = [](const std::string& arguments) {
    return nlohmann::json::parse(summary(arguments + " --json").out);
  };
  CHECK(json("--size s --distilled")["parameters"] == 45453884);
  CHECK(json("--size ti --image 384 --patch 32")["visual_tokens"] == 145);
  CHECK(json("--size b --text 0")["macs_per_video"] == 105379540992 / 2);
  CHECK(json("--size b --frames 8 --text 80")["text"] == 80);
  CHECK(json("--size ti --contrastive")["modules"]["txt_proj"] == 192 * 512 + 512);
  CHECK(json("--size b --recompute")["activation_bytes"]["kept"] < json("--size b")["activation_bytes"]["kept"]);
}

TEST_CASE("summary: what cannot be is refused") {
  for (const char* arguments : {"--size huge", "--image 100", "--frames 0", "--text -1", "--roll sideways", "extra",
                                "--image 16384 --patch 1 --frames 4096"}) {
    CAPTURE(arguments);
    const Result result = summary(arguments);
    CHECK(result.code == apps::kUsage);
    CHECK(result.out.empty());
  }
}
