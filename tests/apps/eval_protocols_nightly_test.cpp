// Zero-shot multiple choice on sets of the exact shape of MSRVTT-MC (2,990 items) and LSMDC-MC (10,053), from the
// published files through aio_data convert and a PyTorch checkpoint of B's kind to the accuracy.

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "models/checkpoint/torch_writer.h"
#include "tensor/file_tensor.h"
#include "tests/apps/eval_fixture.h"
#include "tests/text_file.h"

using namespace aio;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr const char* kVocabulary = AIO_TEST_DATA "/golden/text/bert_base_uncased_vocab.txt";

/// A checkpoint whose VTM head scores everything alike: it always takes the first option.
void write_checkpoint(const std::string& path) {
  models::AioConfig config = test::eval_config(30522);
  config.head = {};
  config.max_text_len = 40;
  config.hidden_size = 8;
  config.heads = 4;
  config.layers = 1;
  test::EvalModel built(config);
  built.plant("itm_score.fc.weight", std::vector<float>(16, 0));
  std::vector<FileTensor> tensors;
  for (const auto& parameter : built.store.state())
    tensors.push_back(to_file_tensor(parameter.first, parameter.second));
  weights::save_torch(path, tensors);
}

void link_clip(int i, const fs::path& as) {
  fs::create_directories(as.parent_path());
  fs::create_hard_link(fs::path(test::eval_data()) / test::clip(i % 24), as);
}

json evaluate(const test::TempDir& dir, const std::string& name) {
  const std::string out = dir / "out.json";
  const std::string convert = message(AIO_BIN "/aio_data convert ", name, " --data-root ", dir.path().string(),
                                      " --out ", dir / name, " > /dev/null");
  REQUIRE(std::system(convert.c_str()) == 0);
  const std::string command =
      message(AIO_BIN "/aio_eval choice --zero-shot --json --size demo --checkpoint ", dir / "b.pth", " --vocab ",
              kVocabulary, " --data ", dir / name, " --split test --workers 2 --batch 64 > ", out);
  REQUIRE(std::system(command.c_str()) == 0);
  return json::parse(test::read_text_file(out));
}

}  // namespace

TEST_CASE("eval protocols: MSRVTT-MC, 2,990 videos of five sentences") {
  const test::TempDir dir;
  write_checkpoint(dir / "b.pth");
  // How often each of the five is the answer, in the published file.
  const int answers[] = {558, 596, 625, 622, 589};
  std::string lines;
  int video = 7010;
  for (int answer = 0; answer < 5; ++answer) {
    for (int i = 0; i < answers[answer]; ++i, ++video) {
      const std::string name = message("video", video);
      lines += json{{"qid", message("mc", video - 7010)},
                    {"clip_name", name},
                    {"title", "a person is talking"},
                    {"answer", std::to_string(answer)},
                    {"options", {"a man sings", "a cat sleeps", "people play football", "a car", "two girls"}}}
                   .dump() +
               "\n";
      link_clip(video, dir.path() / "msrvtt/videos/all" / (name + ".mp4"));
    }
  }
  test::write_text_file(dir / "meta_data/msrvtt/msrvtt_mc_test.jsonl", lines);
  const json results = evaluate(dir, "msrvtt_mc");
  CHECK(results["items"] == 2990);
  CHECK(results["unreadable"] == 0);
  CHECK(results["metrics"]["accuracy"] == 558.0 / 2990);
  CHECK(results["paper"].size() == 4);
}

TEST_CASE("eval protocols: LSMDC-MC, 10,053 clips of five sentences") {
  const test::TempDir dir;
  write_checkpoint(dir / "b.pth");
  std::string lines;
  int first = 0;
  for (int i = 0; i < 10053; ++i) {
    const int answer = i * 7 % 5 + 1;
    first += answer == 1 ? 1 : 0;
    const std::string movie = message(1000 + i / 200, "_A_Film"), id = message(movie, "_00.00.", i);
    lines += id +
             "\t00.00.01.000\t00.00.04.000\t00.00.01.000\t00.00.04.000\tSOMEONE walks away.\tHe sits.\tIt rains.\t"
             "SOMEONE laughs.\tThe car stops.\t" +
             std::to_string(answer) + "\n";
    link_clip(i, dir.path() / "lsmdc" / movie / (id + ".avi"));
  }
  test::write_text_file(dir / "meta_data/lsmdc/LSMDC16_multiple_choice_test_randomized.csv", lines);
  const json results = evaluate(dir, "lsmdc_mc");
  CHECK(results["items"] == 10053);
  CHECK(results["metrics"]["accuracy"] == first / 10053.0);
}
