// Open-ended QA: planted answers give known accuracies, and predictions give every metric again.

#include "apps/evaluator/qa.h"

#include "tensor/error.h"
#include "tests/apps/eval_fixture.h"

using namespace aio;
using apps::Evaluation;
using test::parsed;

namespace {

std::int64_t answers_of(const std::string& folder) {
  return static_cast<std::int64_t>(read_dataset_info(folder).answers.size());
}

/// A head that answers class `place` whatever it is asked.
void always_answer(test::EvalModel& built, std::int64_t classes, std::int64_t place) {
  std::vector<float> bias(static_cast<std::size_t>(classes), 0);
  bias[static_cast<std::size_t>(place)] = 1000;
  built.plant("vqa_classifier.4.bias", bias);
}

}  // namespace

TEST_CASE("eval qa: a model that always answers the same is right where that is the answer") {
  const std::string folder = test::eval_data() + "/qa";
  const std::int64_t classes = answers_of(folder);
  test::EvalModel built(classes);
  const std::string answer = "one";
  const Manifest manifest = Manifest::open(folder, "test");
  always_answer(built, classes, manifest.answer_class(answer));
  double all = 0, right = 0, counts = 0, right_counts = 0;
  for (std::int64_t i = 0; i < manifest.size(); ++i) {
    const Sample sample = manifest.sample(i);
    const bool hit = sample.answer == answer, count = nlohmann::json::parse(sample.extra)["kind"] == "count";
    all += 1;
    right += hit ? 1 : 0;
    counts += count ? 1 : 0;
    right_counts += count && hit ? 1 : 0;
  }
  REQUIRE(right > 0);
  const Evaluation evaluation = apps::evaluate_qa(built.model, test::eval_split(folder), {});
  CHECK(evaluation.items == manifest.size());
  CHECK(evaluation.unreadable == 0);
  CHECK(evaluation.metric("acc_all") == right / all);
  CHECK(evaluation.metric("acc_known") == right / all);
  CHECK(evaluation.metric("acc_all_count") == right_counts / counts);
  CHECK(evaluation.metric("acc_all_motion") == 0);
  CHECK(evaluation.metrics_readable.empty());
}

TEST_CASE("eval qa: every metric follows from the predictions") {
  const std::string folder = test::eval_data() + "/qa";
  const test::EvalModel built(answers_of(folder));
  for (const std::int64_t views : {1, 2}) {
    apps::EvalOptions options;
    options.views = views;
    const Evaluation evaluation = apps::evaluate_qa(built.model, test::eval_split(folder), options);
    std::map<std::string, std::pair<double, double>> sums;
    for (const nlohmann::json& line : parsed(evaluation.predictions)) {
      const double right = line["prediction"] == line["answer"] ? 1 : 0;
      for (const std::string& name : {std::string("acc_all"), "acc_all_" + line["extra"]["kind"].get<std::string>()}) {
        sums[name].first += right;
        sums[name].second += 1;
      }
      CHECK(line["top"][0][1].get<double>() >= line["top"][1][1].get<double>());
    }
    CHECK(sums.size() + 1 == evaluation.metrics.size());
    for (const auto& sum : sums) CHECK(evaluation.metric(sum.first) == sum.second.first / sum.second.second);
  }
}

TEST_CASE("eval qa: answers outside the list are wrong in acc_all and not counted in acc_known") {
  test::EvalSet set({{"name", "unknown"}, {"task", "qa"}, {"answers", "answers.txt"}});
  set.write("answers.txt", "red\nblue\n");
  set.add({{"id", "a"}, {"media", test::clip(0)}, {"question", "what color is it?"}, {"answer", "red"}});
  set.add({{"id", "b"}, {"media", test::clip(1)}, {"question", "what color is it?"}, {"answer", "blue"}});
  set.add({{"id", "c"}, {"media", test::clip(2)}, {"question", "what color is it?"}, {"answer", "mauve"}});
  set.add({{"id", "d"}, {"media", test::clip(3)}, {"question", "what color is it?"}});  // nobody knows
  set.add({{"id", "e"}, {"media", "clips/none.mp4"}, {"question", "what color is it?"}, {"answer", "red"}});
  test::EvalModel built(3);  // as the reference: one class more than answers
  always_answer(built, 3, 0);
  const Evaluation evaluation = apps::evaluate_qa(built.model, test::eval_split(set.path()), {});
  CHECK(evaluation.items == 5);
  CHECK(evaluation.unreadable == 1);
  CHECK(evaluation.metric("acc_known") == doctest::Approx(1.0 / 3));  // a, b, e
  CHECK(evaluation.metric("acc_all") == doctest::Approx(1.0 / 4));    // and c
  REQUIRE(evaluation.metrics_readable.size() == 2);
  CHECK(evaluation.metrics_readable[0].second == doctest::Approx(1.0 / 2));
  CHECK(evaluation.metrics_readable[1].second == doctest::Approx(1.0 / 3));
  const auto lines = parsed(evaluation.predictions);
  REQUIRE(lines.size() == 5);
  CHECK(lines[2]["known"] == false);
  CHECK(lines[3].contains("prediction"));
  CHECK_FALSE(lines[3].contains("answer"));
  CHECK(lines[4]["unreadable"] == true);
  CHECK_FALSE(lines[4].contains("prediction"));
}

TEST_CASE("eval qa: numbers are also judged by the squared error of the expected value") {
  test::EvalSet set({{"name", "count"}, {"task", "qa"}, {"answers", "answers.txt"}});
  set.write("answers.txt", "2\n3\n4\n10\n");
  set.add({{"id", "a"}, {"media", test::clip(0)}, {"question", "how many?"}, {"answer", "3"}});
  set.add({{"id", "b"}, {"media", test::clip(1)}, {"question", "how many?"}, {"answer", "9"}});
  test::EvalModel built(4);
  built.plant("vqa_classifier.4.weight", std::vector<float>(4 * 8, 0));
  built.plant("vqa_classifier.4.bias", {0, 0, 0, 0});  // all equally likely: 4.75, rounded 5
  const Evaluation evaluation = apps::evaluate_qa(built.model, test::eval_split(set.path()), {});
  CHECK(evaluation.metric("mse") == doctest::Approx((4.0 + 16.0) / 2));
}

TEST_CASE("eval qa: without a list of answers the classes are counts, or the one output is") {
  test::EvalSet set({{"name", "tgif_count"}, {"task", "qa"}});
  set.add({{"id", "a"}, {"media", test::clip(0)}, {"question", "how many?"}, {"answer", "3"}});
  set.add({{"id", "b"}, {"media", test::clip(1)}, {"question", "how many?"}, {"answer", "10"}});
  test::EvalModel classes(5);
  always_answer(classes, 5, 3);
  const Evaluation by_class = apps::evaluate_qa(classes.model, test::eval_split(set.path()), {});
  CHECK(by_class.metric("acc_all") == 0.5);
  CHECK(by_class.metric("acc_known") == 1);  // 10 is no class
  CHECK(by_class.metric("mse") == doctest::Approx(49.0 / 2));
  for (const double output : {3.49, 25.0}) {  // nearest 3; clipped to 10
    test::EvalModel regressing(1);
    regressing.plant("vqa_classifier.4.weight", std::vector<float>(8, 0));
    regressing.plant("vqa_classifier.4.bias", {static_cast<float>(output)});
    const Evaluation evaluation = apps::evaluate_qa(regressing.model, test::eval_split(set.path()), {});
    CHECK(evaluation.metric("acc_all") == 0.5);
    CHECK(evaluation.metric("mse") == doctest::Approx(49.0 / 2));
    CHECK(parsed(evaluation.predictions)[0]["prediction"] == (output < 10 ? "3" : "10"));
  }
}

TEST_CASE("eval qa: a blind model does not see the video") {
  const std::string folder = test::eval_data() + "/qa";
  const test::EvalModel built(answers_of(folder));
  apps::EvalOptions blind;
  blind.blind = true;
  std::map<std::string, double> scores;
  int repeated = 0;
  for (const nlohmann::json& line :
       parsed(apps::evaluate_qa(built.model, test::eval_split(folder), blind).predictions)) {
    const auto known = scores.emplace(line["question"], line["score"].get<double>());
    if (known.second) continue;
    ++repeated;
    CHECK(known.first->second == doctest::Approx(line["score"].get<double>()).epsilon(1e-5));
  }
  CHECK(repeated > 10);
}

TEST_CASE("eval qa: what does not fit is refused") {
  const std::string folder = test::eval_data() + "/qa";
  const test::EvalModel without;
  CHECK_THROWS_WITH_AS(apps::evaluate_qa(without.model, test::eval_split(folder), {}),
                       doctest::Contains("no head vqa_classifier"), Error);
  const test::EvalModel small(2);
  CHECK_THROWS_WITH_AS(apps::evaluate_qa(small.model, test::eval_split(folder), {}),
                       doctest::Contains("was it trained on this list?"), Error);
  CHECK_THROWS_WITH_AS(apps::evaluate_qa(small.model, test::eval_split(test::eval_data() + "/choice"), {}),
                       doctest::Contains("qa: the data set moving-shapes-choice is for choice, expected qa"), Error);
}
