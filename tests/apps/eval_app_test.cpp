// aio_eval TASK from end to end: what it prints and writes, and how it refuses.

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "models/checkpoint/torch_writer.h"
#include "tensor/file_tensor.h"
#include "tensor/safetensors.h"
#include "tests/apps/eval_fixture.h"
#include "tests/text_file.h"

using namespace aio;
using nlohmann::json;
using test::read_text_file;

namespace {

struct Ran {
  int code;
  std::string out, err;
};

Ran run(const test::TempDir& folder, const std::string& arguments) {
  const std::string out = folder / "stdout", err = folder / "stderr";
  const int status = std::system((AIO_BIN "/aio_eval " + arguments + " > " + out + " 2> " + err).c_str());
  return {WEXITSTATUS(status), read_text_file(out), read_text_file(err)};
}

/// A run's folder: weights.safetensors and config.toml.
void write_run(const std::string& path, const test::EvalModel& built) {
  std::filesystem::create_directories(path);
  save_safetensors(path + "/weights.safetensors", built.store.state());
  std::ofstream(path + "/config.toml") << "[model]\nsize = \"demo\"\nheads = 2\nroll = \"roll\"\n"
                                       << "[data]\nvideo_recipe = \"whole\"\n";
}

std::int64_t answers() {
  return static_cast<std::int64_t>(read_dataset_info(test::eval_data() + "/qa").answers.size());
}

}  // namespace

TEST_CASE("aio_eval: results and predictions, on the screen, as JSON and in files") {
  const test::TempDir dir;
  write_run(dir / "run", test::EvalModel(answers()));
  const std::string base = "qa --checkpoint " + (dir / "run") + " --data " + test::eval_data() + "/qa";
  const Ran ran = run(dir, base + " --json --threads 1 --batch 7 --out " + (dir / "a"));
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  const json results = json::parse(ran.out);
  CHECK(results["program"] == "aio_eval");
  CHECK(results["task"] == "qa");
  CHECK(results["dataset"] == "moving-shapes-qa");
  CHECK(results["split"] == "test");
  CHECK(results["frames"] == 3);
  CHECK(results["views"] == 1);
  CHECK(results["roll"] == "roll");
  CHECK(results["metrics"]["acc_all"] == results["metrics"]["acc_known"]);
  CHECK(read_text_file(dir / "a/results.json") == ran.out);
  std::ifstream lines(dir / "a/predictions.jsonl");
  double count = 0, right = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const json row = json::parse(line);
    right += row["prediction"] == row["answer"] ? 1 : 0;
  }
  CHECK(count == results["items"]);
  CHECK(results["metrics"]["acc_all"] == right / count);

  // Threads, batches and worker processes change nothing.
  REQUIRE(run(dir, base + " --threads 2 --workers 1 --out " + (dir / "b")).code == 0);
  CHECK(read_text_file(dir / "b/predictions.jsonl") == read_text_file(dir / "a/predictions.jsonl"));
  const Ran shown = run(dir, base);
  CHECK(shown.out.find("acc_all") != std::string::npos);
  CHECK(shown.out.find("0 unreadable; 3 frames, 1 view, seed 0") != std::string::npos);
}

TEST_CASE("aio_eval: score-retrieval computes the same from the matrices that retrieval leaves") {
  const test::TempDir dir;
  write_run(dir / "run", test::EvalModel());
  const Ran ran = run(dir, "retrieval --checkpoint " + (dir / "run/weights.safetensors") + " --data " +
                               test::eval_data() + "/retrieval --json --out " + (dir / "out"));
  REQUIRE(ran.code == 0);
  const json metrics = json::parse(ran.out)["metrics"];
  for (const std::string way : {"bvtc", "vtm"}) {
    const Ran again = run(dir, "score-retrieval --json --similarity " + (dir / "out/" + way + ".safetensors"));
    REQUIRE(again.code == 0);
    const json scores = json::parse(again.out);
    CHECK(scores["t2v"]["R1"] == metrics[way + "_t2v_r1"]);
    CHECK(scores["v2t"]["R10"] == metrics[way + "_v2t_r10"]);
    CHECK(scores["t2v"]["MeanR"] == metrics[way + "_t2v_meanr"]);
  }
}

TEST_CASE("aio_eval: a PyTorch file with --size, more frames than it was trained with, one view of random frames") {
  const test::TempDir dir;
  const test::EvalModel built;
  std::vector<FileTensor> tensors;
  for (const auto& parameter : built.store.state())
    tensors.push_back(to_file_tensor(parameter.first, parameter.second));
  weights::save_torch(dir / "model.pth", tensors);
  const std::string base = "choice --data " + test::eval_data() + "/choice --json --checkpoint " + (dir / "model.pth");
  const Ran nothing = run(dir, base);
  CHECK(nothing.code == 2);
  CHECK(nothing.err.find("pass --size or --config") != std::string::npos);
  // `demo` has 4 heads; sizes come from the weights.
  const Ran more = run(dir, base + " --size demo --frames 5 --zero-shot");
  INFO(more.err);
  REQUIRE(more.code == 0);
  CHECK(json::parse(more.out)["frames"] == 5);
  CHECK(json::parse(more.out)["items"] == 24);
}

TEST_CASE("aio_eval: refusals, with their exit codes") {
  const test::TempDir dir;
  write_run(dir / "run", test::EvalModel());
  std::ofstream(dir / "text.ckpt") << "no checkpoint";
  std::ofstream(dir / "empty.jsonl") << "";
  for (const char* step : {"step-000020", "step-000010"}) {
    std::filesystem::create_directories(dir / "unfinished/checkpoints/" + step);
  }
  std::ofstream(dir / "vocab.txt") << "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\n";
  test::EvalSet broken({{"name", "broken"}, {"task", "choice"}});
  for (int i = 0; i < 4; ++i) {
    broken.add({{"id", message(i)},
                {"media", i == 0 ? "clips/none.mp4" : test::clip(i)},
                {"options", {"a", "b"}},
                {"answer_index", 0}});
  }
  const std::string set = test::eval_data(), weights = " --checkpoint " + (dir / "run") + " ";
  const std::string vocabulary = " --vocab " + set + "/vocab.txt";
  struct Refusal {
    std::string arguments;
    int code;
    std::string text;
  };
  const Refusal refusals[] = {
      {"qa" + weights + "--data " + set + "/qa", 4, "no head vqa_classifier"},
      {"choice" + weights + "--data " + set + "/qa", 3, "moving-shapes-qa is for qa, expected choice"},
      {"choice --checkpoint " + (dir / "text.ckpt") + " --data " + set + "/choice", 4, "text.ckpt"},
      {"choice" + weights + "--split none --data " + set + "/choice", 2, "no split \"none\""},
      {"choice" + weights + "--vocab " + (dir / "vocab.txt") + " --data " + set + "/choice", 3, "has 6 tokens"},
      {"choice" + weights + "--data " + broken.path() + vocabulary, 3, "clips/none.mp4"},
      {"choice" + weights + "--data " + broken.path() + vocabulary + " --max-bad 0.25", 0, ""},
      {"choice" + weights + "--set model.roll=up --data " + set + "/choice", 2, "up"},
      {"choice" + weights + "--data " + set + "/choice --out /dev/null/out", 6, "/dev/null/out: cannot be made"},
      {"caption" + weights + "--data " + set + "/caption --meteor-jar " + (dir / "none.jar"), 2, "none.jar"},
      {"choice" + weights + "--data " + (dir / "empty.jsonl") + vocabulary, 3, "empty.jsonl: has no samples"},
      {"action" + weights + "--probe linear --train-split none --data " + set + "/action", 2, "no split \"none\""},
      {"choice --checkpoint " + (dir / "unfinished") + " --data " + set + "/choice", 4,
       "newest checkpoint is " + (dir / "unfinished/checkpoints/step-000020")},
      {"nothing" + weights, 2, ""},
  };
  for (const Refusal& refusal : refusals) {
    const Ran ran = run(dir, refusal.arguments);
    INFO(refusal.arguments);
    INFO(ran.err);
    CHECK(ran.code == refusal.code);
    CHECK(ran.err.find(refusal.text) != std::string::npos);
  }
}

TEST_CASE("aio_eval: zero-shot choice by a checkpoint as the reference's trainer writes it") {
  // Lightning's layout, 3 frames, no rank_output; recorded from the reference's code, as are the sizes given here.
  const test::TempDir dir;
  test::EvalSet set({{"name", "own"}, {"task", "choice"}});
  for (int i = 0; i < 3; ++i) {
    set.add(
        {{"id", message(i)}, {"media", test::clip(i)}, {"options", {"a red bar", "a circle"}}, {"answer_index", 1}});
  }
  std::string words = "[PAD]\n";
  for (int i = 1; i < 200; ++i)
    words += i == 100   ? "[UNK]\n"
             : i == 101 ? "[CLS]\n"
             : i == 102 ? "[SEP]\n"
             : i == 103 ? "[MASK]\n"
                        : message("w", i, "\n");
  set.write("vocab.txt", words);
  const std::string base = "choice --checkpoint " AIO_TEST_DATA "/golden/model/micro_ckpt_zip.ckpt --data " +
                           set.path() + " --size micro --set model.heads=4 --json --workers 1 --out " + (dir / "a");
  const Ran ran = run(dir, base + " --zero-shot");
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  const json results = json::parse(ran.out);
  CHECK(results["items"] == 3);
  CHECK(results["unreadable"] == 0);
  CHECK(results["frames"] == 3);
  std::ifstream lines(dir / "a/predictions.jsonl");
  double right = 0;
  for (std::string line; std::getline(lines, line);) right += json::parse(line)["prediction"] == 1 ? 1 : 0;
  CHECK(results["metrics"]["accuracy"] == right / 3);
}
