// aio_train on the embedded data set: it learns, and a run that was killed and resumed ends with the same bytes.

#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/common/xxh64.h"
#include "tensor/random.h"
#include "tensor/safetensors.h"
#include "tests/apps/train_runs.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

using namespace aio;
using namespace aio::test;
namespace fs = std::filesystem;

TEST_CASE("aio_train: pre-training lowers its losses, and leaves what it promises") {
  const test::TempDir dir;
  const std::string folder = dir / "run";
  REQUIRE(run(arguments("pretrain", folder, 60), dir / "log") == 0);
  for (const char* name : {"config.toml", "metrics.jsonl", "timing.jsonl", "environment.json", "vocab.txt",
                           "weights.safetensors", "checkpoints/step-000060/weights.safetensors"}) {
    INFO(name);
    CHECK(fs::exists(folder + "/" + name));
  }
  const std::vector<nlohmann::json> lines = metrics_of(folder);
  REQUIRE(lines.size() == 12 + 6);  // a line every 5 steps, an evaluation every 10
  CHECK(lines[0]["step"] == 5);
  const auto& last = lines[lines.size() - 2];
  CHECK(last["step"] == 60);
  CHECK(last["mlm"].get<double>() < 0.9 * lines[0]["mlm"].get<double>());  // observed 0.81
  CHECK(last["vtc"].get<double>() < lines[0]["vtc"].get<double>());
  CHECK(lines.back()["split"] == "val");
  for (const char* metric : {"mlm", "mlm_accuracy", "vtm_hard_accuracy", "bvtc_t2v_r1", "bvtc_v2t_medr"}) {
    INFO(metric);
    CHECK(lines.back().contains(metric));
  }
  for (const auto& line : lines) {
    CHECK_FALSE(line.contains("seconds"));
    CHECK_FALSE(line.contains("clips_per_second"));
  }
}

TEST_CASE("aio_train: every task runs on its part of the data set") {
  for (const char* task : {"qa", "count", "choice", "retrieval", "action", "caption"}) {
    INFO(task);
    const test::TempDir dir;
    const std::string folder = dir / "run";
    std::vector<std::string> more;
    if (std::string(task) == "retrieval") more = {"data.false_texts=3"};
    if (std::string(task) == "caption") more = {"data.mlm_probability=0.5"};
    REQUIRE(run(arguments(task, folder, 10, more), dir / "log") == 0);
    const std::vector<nlohmann::json> lines = metrics_of(folder);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0]["loss"].get<double>() > 0);
    CHECK(lines[2]["accuracy"].get<double>() >= 0);
    // What the task is judged by, as aio_eval computes it.
    const std::map<std::string, const char*> metric = {{"qa", "acc_all_motion"}, {"count", "mse"},
                                                       {"choice", "accuracy"},   {"retrieval", "vtm_t2v_r1"},
                                                       {"action", "top5"},       {"caption", "accuracy"}};
    CHECK(lines[2].contains(metric.at(task)));
    if (std::string(task) == "caption") continue;  // during training by its loss alone
    // The last evaluation's predictions stay, and the page shows some with their frames.
    const std::string evaluation = folder + "/evaluation/" + (std::string(task) == "count" ? "qa" : task);
    const auto results = nlohmann::json::parse(read_text_file(evaluation + "/results.json"));
    CHECK(results["metrics"][metric.at(task)] == lines[2][metric.at(task)]);
    CHECK(results["items"].get<std::int64_t>() > 0);
    const std::string page = read_text_file(folder + "/report.html");
    const std::size_t examples = page.find("<h2 id=\"examples\">");
    REQUIRE(examples != std::string::npos);
    CHECK(page.find("<img", examples) != std::string::npos);
  }
}

TEST_CASE("aio_train: counting nears the right numbers, and is refused where answers are words") {
  const test::TempDir dir;
  REQUIRE(run(arguments("count", dir / "run", 30, {"optim.lr=3e-2"}), dir / "log") == 0);
  const std::vector<nlohmann::json> lines = metrics_of(dir / "run");
  CHECK(lines.back()["mse"].get<double>() < 0.5);      // counts are 1 and 2; who says 0 has at least 1
  CHECK(lines.back()["acc_all"].get<double>() > 0.5);  // three quarters are 1
  for (const auto& [part, task, text] : {std::tuple("qa", "count", "needs qa whose answers are numbers"),
                                         std::tuple("count", "qa", "that is \"count\"")}) {
    CHECK(wait_for(start(arguments(part, dir / "refused", 3, {std::string("train.task=") + task}), dir / "log")) == 2);
    CHECK(read_text_file(dir / "log").find(text) != std::string::npos);
  }
}

TEST_CASE("aio_train: the number of threads changes nothing") {
  const test::TempDir dir;
  REQUIRE(run(arguments("pretrain", dir / "a", 8, {"run.threads=1", "data.workers=1"}), dir / "log") == 0);
  REQUIRE(run(arguments("pretrain", dir / "b", 8, {"run.threads=3", "data.workers=3", "data.cache_mib=0"}),
              dir / "log") == 0);
  CHECK(read_text_file(dir / "a/metrics.jsonl") == read_text_file(dir / "b/metrics.jsonl"));
  CHECK(apps::xxh64_file(dir / "a/weights.safetensors") == apps::xxh64_file(dir / "b/weights.safetensors"));
}

TEST_CASE("aio_train: the best checkpoint is there although no checkpoint was due at its step") {
  const test::TempDir dir;
  const std::string folder = dir / "run";
  // The loss falls from evaluation to evaluation, so that its largest value is the first one's: the best by `max`.
  const std::vector<std::string> more = {"checkpoint.best=loss", "checkpoint.best_mode=max",
                                         "checkpoint.every=20",  "checkpoint.keep=1",
                                         "eval.every=5",         "eval.batches=1"};
  REQUIRE(run(arguments("action", folder, 20, more), dir / "log") == 0);
  double best = -1;
  std::int64_t step = 0;
  for (const nlohmann::json& line : metrics_of(folder)) {
    if (!line.contains("split") || line["loss"].get<double>() <= best) continue;
    best = line["loss"];
    step = line["step"];
  }
  REQUIRE(step < 20);  // observed 5: else this shows nothing
  char name[40];
  std::snprintf(name, sizeof name, "checkpoints/step-%06d", static_cast<int>(step));
  CHECK(fs::exists(folder + "/" + name + "/weights.safetensors"));
  CHECK(fs::exists(folder + "/checkpoints/step-000020"));
  CHECK(std::distance(fs::directory_iterator(folder + "/checkpoints"), fs::directory_iterator{}) == 2);
  CHECK(read_text_file(dir / "log").find("best loss: ") != std::string::npos);
}

TEST_CASE("aio_train: a best metric that no evaluation has is refused by name, and costs no step") {
  const test::TempDir dir;
  const std::string folder = dir / "run";
  CHECK(wait_for(start(arguments("action", folder, 20, {"checkpoint.best=accuracies", "checkpoint.every=20"}),
                       dir / "log")) == 2);
  CHECK(read_text_file(dir / "log").find("it has loss, ") != std::string::npos);
  const std::int64_t reached = metrics_of(folder).back()["step"];
  CHECK(reached > 0);
  REQUIRE(run(arguments("action", folder, 20, {"checkpoint.best=accuracy"}), dir / "log") == 0);
  CHECK(read_text_file(dir / "log").find(message("resumed at step ", reached, " of 20")) != std::string::npos);
}

TEST_CASE("aio_train: pre-training starts from an image transformer, as timm publishes them") {
  const test::TempDir dir;
  std::vector<std::string> more = {"model.hidden_size=64", "model.heads=4", "model.layers=3", "model.image_size=64",
                                   "model.init=" AIO_TEST_DATA "/golden/model/micro_vit_flat_zip.pth"};
  CHECK(wait_for(start(arguments("pretrain", dir / "run", 2, more), dir / "refused")) == 4);
  CHECK(read_text_file(dir / "refused").find("model.allow_missing = true") != std::string::npos);
  more.emplace_back("model.allow_missing=true");
  REQUIRE(run(arguments("pretrain", dir / "run", 2, more), dir / "log") == 0);
  CHECK(read_text_file(dir / "log").find("weights of an image transformer") != std::string::npos);

  std::map<std::string, Tensor> weights = load_safetensors(dir / "run/weights.safetensors");
  weights["transformer.extra"] = Tensor::zeros({1});
  save_safetensors(dir / "more.safetensors", weights);
  more[4] = "model.init=" + (dir / "more.safetensors");
  CHECK(wait_for(start(arguments("pretrain", dir / "again", 2, more), dir / "refused")) == 4);
  CHECK(read_text_file(dir / "refused").find("model.allow_unused = true") != std::string::npos);
  more.emplace_back("model.allow_unused=true");
  REQUIRE(run(arguments("pretrain", dir / "again", 2, more), dir / "log") == 0);
}

TEST_CASE("aio_train: --resume goes on from a run's folder or from a checkpoint, of another run or of this one") {
  const test::TempDir dir;
  const auto command = [&](const std::string& from, const std::string& folder) {
    auto all = arguments("pretrain", dir / folder, 12, {"checkpoint.keep=9", "eval.every=4"});
    all[2] = from;
    return all;
  };
  REQUIRE(run(command("never", "whole"), dir / "log") == 0);
  // The first eight steps of such a run, in a folder of their own.
  fs::copy(dir / "whole", dir / "part", fs::copy_options::recursive);
  fs::remove_all(dir / "part/checkpoints/step-000012");
  fs::remove(dir / "part/weights.safetensors");
  const auto same = [&](const std::string& folder) {
    for (const char* name : {"weights.safetensors", "metrics.jsonl", "checkpoints/step-000012/training.safetensors"}) {
      const std::string file = name;
      INFO(folder, " ", file);
      CHECK(apps::xxh64_file(dir / "whole/" + file) == apps::xxh64_file(dir / folder + "/" + file));
    }
  };
  REQUIRE(run(command(dir / "part", "of_run"), dir / "of_run.log") == 0);
  CHECK(read_text_file(dir / "of_run.log").find("resumed at step 8 of 12") != std::string::npos);
  same("of_run");
  REQUIRE(run(command(dir / "part/checkpoints/step-000004", "of_checkpoint"), dir / "log") == 0);
  same("of_checkpoint");
  CHECK(fs::exists(dir / "part/checkpoints/step-000008"));  // the other run is only read
  REQUIRE(run(command(dir / "part/checkpoints/step-000004", "part"), dir / "part.log") == 0);
  CHECK(read_text_file(dir / "part.log").find("resumed at step 4 of 12") != std::string::npos);
  same("part");

  CHECK(wait_for(start(command(dir / "whole", "of_run"), dir / "refused")) == 2);  // a run is there already
  CHECK(wait_for(start(command(dir / "nothing", "new"), dir / "refused")) == 2);
  CHECK(wait_for(start(command(data_set(), "new"), dir / "refused")) == 2);
  CHECK(read_text_file(dir / "refused").find("neither a checkpoint nor the folder of a run") != std::string::npos);
  fs::create_directory(dir / "alone");
  fs::copy(dir / "whole/checkpoints/step-000004", dir / "alone/it", fs::copy_options::recursive);
  CHECK(wait_for(start(command(dir / "alone/it", "new"), dir / "alone.log")) == 2);
  CHECK(read_text_file(dir / "alone.log").find("has no metrics.jsonl, expected a checkpoint where its run has it") !=
        std::string::npos);
}

TEST_CASE("aio_train: retrieval by a model that scores all captions alike has none right") {
  const test::TempDir dir;
  const std::vector<std::string> first = {"data.false_texts=3", "eval.batches=2", "train.ema=0"};
  REQUIRE(run(arguments("retrieval", dir / "first", 1, first), dir / "log") == 0);
  std::map<std::string, Tensor> weights = load_safetensors(dir / "first/weights.safetensors");
  Tensor& head = weights.at("rank_output.weight");
  head = Tensor::zeros(head.shape());
  save_safetensors(dir / "alike.safetensors", weights);
  std::vector<std::string> alike = first;
  alike.insert(alike.end(), {"model.init=" + (dir / "alike.safetensors"), "optim.lr=0"});
  REQUIRE(run(arguments("retrieval", dir / "alike", 5, alike), dir / "log") == 0);
  for (const nlohmann::json& line : metrics_of(dir / "alike")) CHECK(line["accuracy"] == 0.0);
}

TEST_CASE("aio_train: a skip list, as aio_data check writes it, is heeded") {
  const test::TempDir dir;
  std::ofstream(dir / "skip.txt") << "000000\tclips/train/000000.mp4: truncated\n";
  // 6 batches of 8 are all 48 samples, so that the skipped one would have been among them.
  REQUIRE(run(arguments("pretrain", dir / "a", 6), dir / "log") == 0);
  REQUIRE(run(arguments("pretrain", dir / "b", 6, {"data.skip_list=" + (dir / "skip.txt")}), dir / "log") == 0);
  CHECK(read_text_file(dir / "a/metrics.jsonl") != read_text_file(dir / "b/metrics.jsonl"));
}

TEST_CASE("aio_train: refusals name the key or the file, with their exit codes") {
  const test::TempDir dir;
  struct Refusal {
    std::vector<std::string> more;
    int code;
    const char* text;
  };
  const Refusal refusals[] = {
      {{"train.max_step=3"}, 2, "did you mean train.max_steps?"},
      {{"train.freeze=[\"nothing\"]"}, 2, "no parameter's name contains \"nothing\""},
      {{"data.train=[\"/nonexistent\"]", "data.vocab=x"}, 3, "/nonexistent: there is no such data set"},
      {{"model.heads=3"}, 2, "model.heads is 3"},
      {{"model.init=/nonexistent.ckpt"}, 4, "/nonexistent.ckpt"},
      {{"run.dir=/dev/null/run"}, 6, "/dev/null/run: cannot be made"},
  };
  for (const Refusal& refusal : refusals) {
    fs::remove(dir / "log");
    INFO(refusal.more[0]);
    CHECK(wait_for(start(arguments("pretrain", dir / "run", 3, refusal.more), dir / "log")) == refusal.code);
    const std::string log = read_text_file(dir / "log");
    INFO(log);
    CHECK(log.find(refusal.text) != std::string::npos);
  }
}
