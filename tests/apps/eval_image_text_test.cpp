// NLVR2 and VCR the whole way: the publishers' files, converted, trained on, evaluated; and how VCR's second question
// and its painted boxes reach the model.

#include <filesystem>

#include "apps/evaluator/tasks.h"
#include "apps/evaluator/vcr.h"
#include "data/datasets/readers.h"
#include "data/paint_boxes.h"
#include "tests/apps/eval_fixture.h"
#include "tests/apps/train_runs.h"
#include "tests/text_file.h"

using namespace aio;
using apps::Evaluation;
using nlohmann::json;
using test::parsed;

namespace {

/// The fixture of a public data set as a manifest.
std::string converted(const std::string& name, const test::TempDir& dir) {
  ConvertOptions options;
  options.data_root = AIO_TEST_DATA "/golden/datasets";
  options.out = dir / name;
  convert_dataset(name, options);
  return options.out;
}

/// aio_train for a few steps, then aio_eval on what it left: results.json.
json train_and_evaluate(const std::string& task, const std::string& split) {
  const test::TempDir dir;
  const std::string data = converted(task, dir), run = dir / "run", vocabulary = test::eval_data() + "/vocab.txt";
  const std::vector<std::string> settings = {"data.train=[\"" + data + "\"]",
                                             "data.vocab=" + vocabulary,
                                             "data.images=true",
                                             "data.eval_split=val",
                                             "train.batch=2",
                                             "train.freeze=[\"temporal_embed\"]"};
  REQUIRE(test::run(test::arguments(task, run, 6, settings), dir / "log") == 0);
  const std::vector<json> lines = test::metrics_of(run);
  CHECK(lines[0]["loss"].get<double>() > 0);
  CHECK(lines.back().contains("accuracy"));
  REQUIRE(test::run({AIO_BIN "/aio_eval", "image-text", "--checkpoint", run, "--data", data, "--split", split,
                     "--vocab", vocabulary, "--json", "--out", dir / "out"},
                    dir / "log") == 0);
  return json::parse(test::read_text_file(dir / "out/results.json"));
}

}  // namespace

TEST_CASE("image-text: NLVR2's files are trained on and evaluated") {
  const json results = train_and_evaluate("nlvr2", "val");
  CHECK(results["items"] == 2);
  CHECK(results["unreadable"] == 0);
  CHECK(results["frames"] == 1);
  CHECK(results["metrics"].contains("accuracy"));
}

TEST_CASE("image-text: VCR's files are trained on and evaluated, both questions and the two together") {
  const json results = train_and_evaluate("vcr", "train");
  CHECK(results["items"] == 2);
  CHECK(results["unreadable"] == 0);
  for (const char* metric : {"accuracy", "rationale_accuracy", "joint_accuracy"}) {
    CHECK(results["metrics"].contains(metric));
  }
}

TEST_CASE("image-text: VCR's metrics follow from the predictions, each by its own head") {
  const test::TempDir dir;
  const std::string data = converted("vcr", dir);
  test::EvalModel built;
  apps::EvalSplit split = test::eval_split(data, "train");
  split.loader.images = true;
  const auto check_counts = [](const Evaluation& evaluation) {
    double right = 0, reasons = 0, both = 0;
    for (const json& line : parsed(evaluation.predictions)) {
      const bool answer = line["prediction"] == line["answer"];
      const bool reason = line["rationale_prediction"] == line["rationale"];
      right += answer ? 1 : 0;
      reasons += reason ? 1 : 0;
      both += answer && reason ? 1 : 0;
    }
    CHECK(evaluation.metric("accuracy") == right / 2);
    CHECK(evaluation.metric("rationale_accuracy") == reasons / 2);
    CHECK(evaluation.metric("joint_accuracy") == both / 2);
  };
  const Evaluation before = apps::evaluate_vcr(built.model, split, {});
  check_counts(before);
  // A head that scores all alike takes the first: none of both is right there. The answers' head is not touched.
  built.plant("rank_output_2.weight", std::vector<float>(16, 0));
  const Evaluation after = apps::evaluate_vcr(built.model, split, {});
  check_counts(after);
  CHECK(after.metric("rationale_accuracy") == 0);
  CHECK(after.metric("accuracy") == before.metric("accuracy"));
  for (std::size_t i = 0; i < 2; ++i) {
    const json old_line = json::parse(before.predictions[i]), new_line = json::parse(after.predictions[i]);
    CHECK(new_line["scores"] == old_line["scores"]);
    CHECK(new_line["rationale_prediction"] == 0);
  }
  models::AioConfig config = test::eval_config(test::eval_tokenizer().size());
  config.head.rank_2 = false;
  const test::EvalModel one_head(config);
  CHECK_THROWS_WITH_AS(apps::evaluate_vcr(one_head.model, split, {}), doctest::Contains("no head rank_output_2"),
                       Error);
}

TEST_CASE("image-text: VCR without labels or without its picture is predicted, and wrong where it was asked") {
  const test::TempDir dir;
  const std::string data = converted("vcr", dir);
  const test::EvalModel built;
  const Evaluation unlabelled = apps::eval_task("image-text").evaluate(built.model, test::eval_split(data, "test"), {});
  CHECK(parsed(unlabelled.predictions)[0].contains("prediction"));
  CHECK_FALSE(parsed(unlabelled.predictions)[0].contains("rationale_prediction"));

  test::EvalSet set({{"name", "vcr"}, {"task", "mc_qa"}, {"prompt", "{question}[SEP]{option}"}});
  set.add({{"id", "a"},
           {"media", "none.png"},
           {"question", "what?"},
           {"options", {"a", "b"}},
           {"answer_index", 0},
           {"rationales", {"c", "d", "e"}},
           {"rationale_index", 2}});
  set.add({{"id", "b"}, {"media", "none2.png"}, {"question", "what?"}, {"options", {"a", "b"}}, {"answer_index", 1}});
  // Where all files are missing the loader refuses at once: one is there, and is no picture.
  std::filesystem::create_directories(set.path() + "/media");
  set.write("media/none.png", "not a picture");
  apps::EvalSplit split = test::eval_split(set.path());
  split.loader.max_bad = 1;
  ManifestOptions beside;
  beside.media_root = set.path() + "/media";
  split.manifests = {Manifest::open(set.path(), "test", beside)};
  const Evaluation broken = apps::eval_task("image-text").evaluate(built.model, split, {});
  CHECK(broken.unreadable == 2);
  CHECK(broken.metric("accuracy") == 0);
  CHECK(broken.metric("rationale_accuracy") == 0);
  CHECK(broken.metric("joint_accuracy") == 0);
}

TEST_CASE("image-text: the boxes of a sample are in the pixels that the model gets") {
  const test::TempDir dir;
  const std::string data = converted("vcr", dir);
  apps::EvalSplit split = test::eval_split(data, "val");
  split.loader.images = true;
  const auto frames_of = [&](const Manifest& manifest) {
    Loader loader({manifest}, *split.tokenizer, split.decode, split.loader);
    const Batch batch = *loader.next();
    REQUIRE(batch.readable[0] == 1);
    return batch.frames.to_vector<float>();
  };
  json line = json::parse(test::read_text_file(data + "/val.jsonl"));
  line.erase("boxes");
  test::EvalSet plain({{"name", "vcr"}, {"task", "mc_qa"}, {"media_root", read_dataset_info(data).media_root}});
  plain.add(line);
  CHECK(frames_of(split.manifests[0]) != frames_of(Manifest::open(plain.path(), "test")));
}
