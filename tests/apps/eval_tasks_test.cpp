// Choices, actions, image-text tasks and pre-training: planted scores give known accuracies, predictions give them
// again.

#include "apps/evaluator/tasks.h"

#include <atomic>
#include <set>

#include "apps/evaluator/action.h"
#include "apps/evaluator/choice.h"
#include "apps/evaluator/class_scores.h"
#include "apps/evaluator/probe.h"
#include "data/image_writer.h"
#include "data/metrics/caption_scores.h"
#include "tensor/error.h"
#include "tensor/random.h"
#include "tests/apps/eval_fixture.h"

using namespace aio;
using apps::Evaluation;
using nlohmann::json;
using test::parsed;

namespace {

std::string data(const std::string& task) { return test::eval_data() + "/" + task; }

Evaluation evaluate(const std::string& task, const models::AllInOne& model, const std::string& folder,
                    const apps::EvalOptions& options = {}) {
  return apps::eval_task(task).evaluate(model, test::eval_split(folder), options);
}

/// The share of lines whose "prediction" is their "answer".
double share_right(const Evaluation& evaluation) {
  double right = 0;
  for (const json& line : parsed(evaluation.predictions)) right += line["prediction"] == line["answer"] ? 1 : 0;
  return right / static_cast<double>(evaluation.predictions.size());
}

models::AioConfig no_caption() {
  models::AioConfig config = test::eval_config(test::eval_tokenizer().size());
  config.head.caption = false;
  return config;
}

/// Pictures of noise: PNG files 0.png, 1.png, ... of several sizes.
const std::string& pictures() {
  static const test::TempDir dir;
  static const bool made = [] {
    for (int i = 0; i < 6; ++i) {
      const std::int64_t width = 32 + 16 * (i % 2);
      std::vector<std::uint8_t> pixels;
      for (const float v :
           uniform({32 * width * 3}, 0, 255, RngKey{static_cast<std::uint64_t>(i)}).to_vector<float>()) {
        pixels.push_back(static_cast<std::uint8_t>(v));
      }
      write_png(dir / (std::to_string(i) + ".png"), Tensor::from(pixels, {32, width, 3}));
    }
    return true;
  }();
  static const std::string path = made ? dir.path().string() : "";
  return path;
}

}  // namespace

TEST_CASE("eval choice: the best of the options, and the predictions say which") {
  const test::EvalModel built;
  const Evaluation evaluation = evaluate("choice", built.model, data("choice"));
  CHECK(evaluation.items == 24);
  CHECK(evaluation.metric("accuracy") == share_right(evaluation));
  for (const json& line : parsed(evaluation.predictions)) {
    const auto scores = line["scores"].get<std::vector<double>>();
    REQUIRE(scores.size() == 5);
    CHECK(line["prediction"] == std::max_element(scores.begin(), scores.end()) - scores.begin());
    CHECK(line["options"].size() == 5);
  }
}

TEST_CASE("eval choice: scores that know the answer get 1, those that know what is wrong 0") {
  const Manifest manifest = Manifest::open(data("choice"), "test");
  std::int64_t row = 0;
  const auto by_truth = [&](float sign) {
    row = 0;
    return [&manifest, &row, sign](const models::ChoiceBatch& batch, nn::ForwardCtx&) {
      std::vector<float> scores;
      for (std::int64_t i = 0; i < batch.options.ids.dim(0); ++i, ++row) {
        for (std::int64_t k = 0; k < 5; ++k) scores.push_back(k == manifest.sample(row).answer_index ? sign : 0);
      }
      return Tensor::from(scores, {batch.options.ids.dim(0), 5});
    };
  };
  const apps::EvalSplit split = test::eval_split(data("choice"));
  CHECK(apps::evaluate_options(split, {}, by_truth(1)).metric("accuracy") == 1);
  CHECK(apps::evaluate_options(split, {}, by_truth(-1)).metric("accuracy") == 0);
}

TEST_CASE("eval choice: zero-shot is by the VTM head, also where a ranking head is there") {
  test::EvalModel built;
  apps::EvalOptions zero_shot;
  zero_shot.zero_shot = true;
  CHECK(apps::match_head(built.model, {}) == models::MatchHead::rank);
  CHECK(apps::match_head(built.model, zero_shot) == models::MatchHead::vtm);
  const Evaluation before = evaluate("choice", built.model, data("choice"), zero_shot);
  built.plant("rank_output.weight", std::vector<float>(16, 0));
  CHECK(evaluate("choice", built.model, data("choice"), zero_shot).predictions == before.predictions);
  // A ranking head that scores all options alike takes the first.
  for (const json& line : parsed(evaluate("choice", built.model, data("choice")).predictions)) {
    CHECK(line["prediction"] == 0);
  }
}

TEST_CASE("eval choice: samples may have different numbers of options, no answer, or no video") {
  test::EvalSet set({{"name", "uneven"}, {"task", "choice"}});
  set.add({{"id", "a"}, {"media", test::clip(0)}, {"options", {"a", "b", "c"}}, {"answer_index", 0}});
  set.add({{"id", "b"}, {"media", test::clip(1)}, {"options", {"a", "b"}}, {"answer_index", 0}});
  set.add({{"id", "c"}, {"media", test::clip(2)}, {"options", {"a", "b"}}});
  set.add({{"id", "d"}, {"media", "clips/none.mp4"}, {"options", {"a", "b"}}, {"answer_index", 0}});
  test::EvalModel built;
  built.plant("rank_output.weight", std::vector<float>(16, 0));
  const Evaluation evaluation = evaluate("choice", built.model, set.path());
  CHECK(evaluation.metric("accuracy") == doctest::Approx(2.0 / 3));  // a, b right; c not judged; d wrong
  CHECK(evaluation.metrics_readable[0].second == 1);
  const auto lines = parsed(evaluation.predictions);
  CHECK(lines[0]["scores"].size() == 3);
  CHECK(lines[1]["scores"].size() == 2);
  CHECK(lines[3]["unreadable"] == true);
}

TEST_CASE("eval mc-qa: by its own head, with the prompt around every option") {
  test::EvalSet set({{"name", "tgif"}, {"task", "mc_qa"}});
  for (int i = 0; i < 6; ++i) {
    set.add({{"id", message(i)},
             {"media", test::clip(i)},
             {"question", "what is red?"},
             {"options", {"a bar", "a circle", "a square"}},
             {"answer_index", i % 3}});
  }
  const test::EvalModel built;
  const Evaluation evaluation = evaluate("mc-qa", built.model, set.path());
  CHECK(evaluation.metric("accuracy") == share_right(evaluation));
  // Blind, the answers are those of the same text: always one.
  apps::EvalOptions blind;
  blind.blind = true;
  CHECK(evaluate("mc-qa", built.model, set.path(), blind).metric("accuracy") == doctest::Approx(1.0 / 3));
  CHECK_THROWS_WITH_AS(evaluate("mc-qa", built.model, data("choice")),
                       doctest::Contains("is for choice, expected mc_qa"), Error);
}

TEST_CASE("eval action: top 1, 5 and 10 follow from the predictions") {
  const test::EvalModel built(10);
  apps::EvalSplit split = test::eval_split(data("action"));
  for (const std::int64_t frames : {1, 3}) {
    split.loader.frames = frames;
    const Evaluation evaluation = apps::evaluate_action(built.model, split, {});
    std::map<std::size_t, double> hits;
    for (const json& line : parsed(evaluation.predictions)) {
      REQUIRE(line["top"].size() == 10);
      for (const std::size_t count : {1U, 5U, 10U}) {
        for (std::size_t i = 0; i < count; ++i) hits[count] += line["top"][i][0] == line["answer"] ? 1 : 0;
      }
    }
    CHECK(evaluation.metric("top1") == hits[1] / 24);
    CHECK(evaluation.metric("top5") == hits[5] / 24);
    CHECK(evaluation.metric("top10") == 1);  // there are ten motions
    CHECK(hits[5] > hits[1]);
  }
  const test::EvalModel small(3);
  CHECK_THROWS_WITH_AS(evaluate("action", small.model, data("action")), doctest::Contains("has 10 labels"), Error);
}

TEST_CASE("eval action: both probes learn to tell separable features apart") {
  const test::EvalModel built(10);
  apps::ProbeFeatures features;
  const std::int64_t n = 90, C = 16;
  std::vector<float> rows = normal({n, C}, 0, 1, RngKey{5}).to_vector<float>();
  for (std::int64_t i = 0; i < n; ++i) {
    features.labels.push_back(i % 3);
    rows[static_cast<std::size_t>(i * C + i % 3)] += 6;
  }
  features.cls = Tensor::from(rows, {n, C});
  for (const apps::ProbeKind kind : {apps::ProbeKind::linear, apps::ProbeKind::two_layer}) {
    apps::ProbeOptions options;
    options.kind = kind;
    options.steps = 200;
    options.lr = 1e-2;
    const apps::TrainedProbe probe(built.model, features, 3, options);
    nn::ForwardCtx ctx = nn::ForwardCtx::eval();
    const std::vector<float> scores = probe.scores(features.cls, ctx).to_vector<float>();
    int right = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      const auto* const row = scores.data() + i * 3;
      right += std::max_element(row, row + 3) - row == features.labels[static_cast<std::size_t>(i)] ? 1 : 0;
    }
    INFO(static_cast<int>(kind));
    CHECK(right >= 85);
    const apps::TrainedProbe again(built.model, features, 3, options);
    CHECK(again.last_loss() == probe.last_loss());
  }
  CHECK_THROWS_WITH_AS(apps::TrainedProbe(built.model, features, 2, {}), doctest::Contains("label 2 among 2"), Error);
}

TEST_CASE("eval action: a probe is trained on one split and judged on another") {
  const test::EvalModel built;  // no head for actions
  apps::ProbeOptions options;
  options.steps = 100;
  options.lr = 1e-2;
  const Evaluation evaluation = apps::evaluate_probe(built.model, test::eval_split(data("action"), "train"),
                                                     test::eval_split(data("action")), {}, options);
  CHECK(evaluation.items == 24);
  CHECK(evaluation.metric("top10") == 1);
  CHECK(evaluation.metric("top1") == share_right(evaluation));
}

TEST_CASE("eval action: the backbone sees each clip once, however long a probe is trained") {
  const test::EvalModel built;
  std::atomic<int> decoded = 0;
  apps::EvalSplit train = test::eval_split(data("action"), "train"), split = test::eval_split(data("action"));
  train.decode = split.decode = [&](const DecodeRequest& request) {
    ++decoded;
    return test::decode_for_eval(request);
  };
  apps::ProbeOptions options;
  options.steps = 300;  // of 256 features: 3,840 times through the 20 clips
  apps::evaluate_probe(built.model, train, split, {}, options);
  CHECK(decoded == 20 + 24);
}

TEST_CASE("eval: blind choices and actions follow from the text alone") {
  const test::EvalModel built(10);
  apps::EvalOptions blind;
  blind.blind = true;
  // All clips have one prompt: whoever does not look says the same of each.
  const auto actions = parsed(evaluate("action", built.model, data("action"), blind).predictions);
  for (const json& line : actions) CHECK(line["prediction"] == actions[0]["prediction"]);
  const auto seeing = parsed(evaluate("action", built.model, data("action")).predictions);
  CHECK(std::any_of(seeing.begin(), seeing.end(), [&](const json& line) { return line["top"] != seeing[0]["top"]; }));

  test::EvalSet set({{"name", "one-question"}, {"task", "choice"}});
  for (int i = 0; i < 6; ++i) {
    set.add(
        {{"id", message(i)}, {"media", test::clip(i)}, {"options", {"a bar", "a circle"}}, {"answer_index", i % 2}});
  }
  const auto choices = parsed(evaluate("choice", built.model, set.path(), blind).predictions);
  for (const json& line : choices) {
    CHECK(line["scores"][0].get<double>() == doctest::Approx(choices[0]["scores"][0].get<double>()).epsilon(1e-5));
  }
  CHECK(parsed(evaluate("choice", built.model, set.path()).predictions)[0]["scores"] != choices[0]["scores"]);
}

TEST_CASE("eval pretrain: accuracies follow from the predictions") {
  const test::EvalModel built;
  const Evaluation evaluation = evaluate("pretrain", built.model, data("pretrain"));
  double words = 0, right_words = 0, pairs = 0, right = 0, hard = 0, right_hard = 0;
  for (const json& line : parsed(evaluation.predictions)) {
    if (line.contains("masked")) {
      REQUIRE(line["masked"].size() == line["prediction"].size());
      for (std::size_t i = 0; i < line["masked"].size(); ++i) {
        words += 1;
        right_words += line["masked"][i] == line["prediction"][i] ? 1 : 0;
      }
    }
    CHECK(line["other"] != line["id"]);
    pairs += 2;
    right += (line["match"] > 0 ? 1 : 0) + (line["match_other"] > 0 ? 0 : 1);
    hard += 2;
    right_hard += (line["match"] > 0 ? 1 : 0) + (line["match_flipped"] > 0 ? 0 : 1);
  }
  CHECK(words > 24);
  CHECK(evaluation.metric("mlm_accuracy") == doctest::Approx(right_words / words));
  CHECK(evaluation.metric("vtm_accuracy") == right / pairs);
  CHECK(evaluation.metric("vtm_hard_accuracy") == right_hard / hard);
}

TEST_CASE("eval pretrain: a head that always says match is right half the time") {
  test::EvalModel built;
  built.plant("itm_score.fc.weight", std::vector<float>(32, 0));
  built.plant("itm_score.fc.bias", {0, 1});
  const Evaluation evaluation = evaluate("pretrain", built.model, data("pretrain"));
  CHECK(evaluation.metric("vtm_accuracy") == 0.5);
  CHECK(evaluation.metric("vtm_hard_accuracy") == 0.5);
}

TEST_CASE("eval pretrain: unreadable clips are wrong, and data without flipped captions has no hard negatives") {
  test::EvalSet set({{"name", "own"}, {"task", "pretrain"}});
  for (int i = 0; i < 4; ++i) {
    set.add({{"id", message(i)}, {"media", i == 1 ? "clips/none.mp4" : test::clip(i)}, {"caption", "a red bar moves"}});
  }
  test::EvalModel built;
  built.plant("itm_score.fc.weight", std::vector<float>(32, 0));
  built.plant("itm_score.fc.bias", {0, 1});
  const Evaluation evaluation = evaluate("pretrain", built.model, set.path());
  CHECK(evaluation.unreadable == 1);
  CHECK(evaluation.metrics.size() == 2);
  CHECK(evaluation.metric("vtm_accuracy") == doctest::Approx(3.0 / 8));
  CHECK(evaluation.metrics_readable[1].second == 0.5);
}

TEST_CASE("eval image-text: VQAv2 earns what annotators gave the answer") {
  test::EvalSet set({{"name", "vqav2"}, {"task", "qa"}, {"answers", "answers.txt"}, {"media_root", pictures()}});
  set.write("answers.txt", "red\nblue\ngreen\n");
  set.add(
      {{"id", "a"}, {"media", "0.png"}, {"question", "what?"}, {"answers", json::array({{"red", 0.3}, {"blue", 1}})}});
  set.add({{"id", "b"}, {"media", "1.png"}, {"question", "what?"}, {"answers", json::array({{"red", 0.6}})}});
  set.add({{"id", "c"}, {"media", "2.png"}, {"question", "what?"}, {"answers", json::array({{"green", 1}})}});
  models::AioConfig config = test::eval_config(test::eval_tokenizer().size());
  config.head.vqav2_labels = 3;
  test::EvalModel built(config);
  built.plant("vqa_classifier.3.bias", {1000, 0, 0});
  const Evaluation evaluation = evaluate("image-text", built.model, set.path());
  CHECK(evaluation.metric("accuracy") == doctest::Approx(0.9 / 3));
  CHECK(evaluation.unreadable == 0);
  CHECK(parsed(evaluation.predictions)[0]["prediction"] == "red");
}

TEST_CASE("eval image-text: NLVR2 reads two pictures, VCR chooses, pictures are retrieved") {
  test::EvalSet pairs({{"name", "nlvr2"},
                       {"task", "classify"},
                       {"prompt", "{question}"},
                       {"labels", "labels.txt"},
                       {"media_root", pictures()}});
  pairs.write("labels.txt", "False\nTrue\n");
  for (int i = 0; i < 5; ++i) {
    pairs.add({{"id", message(i)},
               {"media", message(i, ".png")},
               {"media2", message(i + 1, ".png")},
               {"question", "a red bar"},
               {"label", i % 2}});
  }
  const test::EvalModel built;
  const Evaluation evaluation = evaluate("image-text", built.model, pairs.path());
  CHECK(evaluation.metric("accuracy") == share_right(evaluation));
  CHECK(parsed(evaluation.predictions)[0]["media2"] == "1.png");

  test::EvalSet vcr(
      {{"name", "vcr"}, {"task", "mc_qa"}, {"prompt", "{question} {option}"}, {"media_root", pictures()}});
  for (int i = 0; i < 6; ++i) {
    vcr.add({{"id", message(i)},
             {"media", message(i, ".png")},
             {"question", "what is red?"},
             {"options", {"a bar", "a circle"}},
             {"answer_index", i % 2}});
  }
  const Evaluation answers = evaluate("image-text", built.model, vcr.path());
  CHECK(answers.metrics.size() == 1);  // there are no rationales
  CHECK(answers.metric("accuracy") == share_right(answers));

  test::EvalSet captions({{"name", "coco"}, {"task", "retrieval"}, {"media_root", pictures()}});
  for (int i = 0; i < 6; ++i) {
    captions.add({{"id", message(i)}, {"media", message(i, ".png")}, {"captions", {"a red bar", "a blue bar"}}});
  }
  const Evaluation found = evaluate("image-text", built.model, captions.path());
  CHECK(found.similarities.at("vtm").shape() == Shape{12, 6});
  CHECK(found.metric("bvtc_t2v_r10") == 1);
}

TEST_CASE("eval caption: scores are those of the predicted texts, greedy and by beam") {
  const test::EvalModel built;
  for (const std::int64_t beams : {1, 3}) {
    apps::EvalOptions options;
    options.beams = beams;
    options.max_words = 6;
    const Evaluation evaluation = evaluate("caption", built.model, data("caption"), options);
    CHECK(evaluation.items == 24);
    std::vector<CaptionTexts> texts;
    for (const json& line : parsed(evaluation.predictions)) {
      texts.push_back({line["prediction"], line["captions"]});
      CHECK(texts.back().references.size() == 4);
    }
    const auto scores = score_captions(tokenize_captions(texts));
    REQUIRE(scores.size() == evaluation.metrics.size());
    for (const auto& score : scores) CHECK(evaluation.metric(score.first) == score.second);
  }
}

TEST_CASE("eval caption: a head that knows one word writes it to the end, and an unread video has no caption") {
  test::EvalSet set({{"name", "words"}, {"task", "caption"}});
  set.add({{"id", "a"}, {"media", test::clip(0)}, {"caption", "red red red"}});
  set.add({{"id", "b"}, {"media", "clips/none.mp4"}, {"caption", "red red red"}});
  test::EvalModel built;
  const WordPiece& tokenizer = test::eval_tokenizer();
  std::vector<float> bias(static_cast<std::size_t>(tokenizer.size()), 0);
  bias[static_cast<std::size_t>(tokenizer.encode("red").at(1))] = 1000;
  built.plant("lm_score.bias", bias);
  apps::EvalOptions options;
  options.max_words = 3;
  const Evaluation evaluation = evaluate("caption", built.model, set.path(), options);
  const auto lines = parsed(evaluation.predictions);
  CHECK(lines[0]["prediction"] == "red red red");
  CHECK(lines[1]["prediction"] == "");
  CHECK(evaluation.metric("ROUGE_L") == doctest::Approx(0.5));
  REQUIRE(evaluation.metrics_readable.size() == evaluation.metrics.size());
  CHECK(evaluation.metrics_readable[0].second == doctest::Approx(1));  // Bleu_1
  CHECK_THROWS_WITH_AS(evaluate("caption", test::EvalModel(no_caption()).model, set.path()),
                       doctest::Contains("no head lm_score"), Error);
}

TEST_CASE("eval: tasks by name") {
  CHECK_THROWS_WITH_AS(apps::eval_task("vqa"), doctest::Contains("no task \"vqa\"; there are retrieval, qa, mc-qa"),
                       Error);
  std::set<std::string> names;
  for (const apps::EvalTask& task : apps::eval_tasks()) CHECK(names.insert(task.name).second);
}
