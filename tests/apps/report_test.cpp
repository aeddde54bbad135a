// The report of a small tree of made-up runs, evaluations and an ablation.

#include "apps/report/report.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/report/examples.h"
#include "apps/report/summary.h"
#include "tensor/error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio::report {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void put_run(const std::string& folder, double loss, const std::string& config) {
  test::write_text_file(folder + "/metrics.jsonl",
                        message("{\"step\":10,\"loss\":", loss, ",\"accuracy\":0.25,\"lr\":0.001}\n",
                                "{\"step\":20,\"loss\":\"nan\",\"accuracy\":0.5,\"lr\":0.0005}\n",
                                "{\"step\":20,\"split\":\"val\",\"loss\":0.5,\"accuracy\":0.75}\n{\"step\":30,\"lo"));
  test::write_text_file(folder + "/timing.jsonl",
                        "{\"step\":20,\"seconds\":75.2,\"clips_per_second\":120,\"peak_bytes\":1073741824}\n");
  test::write_text_file(folder + "/config.toml", config);
  test::write_text_file(folder + "/environment.json", "{\"compiler\": \"<g++>\", \"threads\": 2}");
}

/// A run, a question-answering evaluation with predictions, a retrieval one, an ablation of two variants.
void put_tree(const std::string& dir) {
  put_run(dir + "/qa", 2.5, "[model]\nsize = \"demo\"\n[train]\ntask = \"qa\"\n");
  test::write_text_file(
      dir + "/eval/qa/results.json",
      message("{\"task\": \"qa\", \"checkpoint\": \"", dir,
              "/qa/weights.safetensors\", \"data\": \"/nowhere\", "
              "\"dataset\": \"shapes <1>\", \"split\": \"test\", \"items\": 3, \"frames\": 3, \"seed\": 7, "
              "\"commit\": \"abc\", \"metrics\": {\"acc_all\": 0.625, \"acc_all_motion\": 0.5}, "
              "\"paper\": [{\"metric\": \"acc_all\", \"value\": 0.446, \"condition\": \"MSR-VTT\"}]}"));
  test::write_text_file(
      dir + "/eval/qa/predictions.jsonl",
      "{\"id\": \"q0\", \"media\": \"a.mp4\", \"question\": \"<b>what?\", \"prediction\": \"red\", \"answer\": "
      "\"red\"}\n"
      "{\"id\": \"q1\", \"media\": \"b.mp4\", \"question\": \"who?\", \"prediction\": \"blue\", \"answer\": "
      "\"green\"}\n"
      "{\"id\": \"q2\", \"media\": \"c.mp4\", \"question\": \"why?\", \"prediction\": \"two\", \"answer\": \"two\"}\n");
  test::write_text_file(
      dir + "/eval/retrieval/results.json",
      "{\"task\": \"retrieval\", \"items\": 64, \"metrics\": {\"bvtc_t2v_r1\": 0.5, \"bvtc_t2v_medr\": 2, "
      "\"vtm_v2t_r5\": 0.25}}");
  test::write_text_file(dir + "/direction/ablation.json",
                        "{\"key\": \"model.roll\", \"metric\": \"accuracy\", \"seeds\": [0, 1], \"variants\": ["
                        "{\"name\": \"roll\", \"values\": [0.9, 1.0], \"mean\": 0.95, \"std\": 0.07, \"gmacs\": 0.012, "
                        "\"seconds\": [60, 62], \"steps\": 20, \"steps_to\": [10, -1]},"
                        "{\"name\": \"none\", \"values\": [0.5, 0.5], \"mean\": 0.5, \"std\": 0}]}");
  for (const char* run : {"roll-seed0", "roll-seed1", "none-seed0", "none-seed1"})
    put_run(dir + "/direction/" + run, 1.5, "[model]\nsize = \"demo\"\n[train]\ntask = \"qa\"\n");
}

TEST_CASE("report: evaluations of several sizes are a chart, whatever their folders are called") {
  const test::TempDir dir;
  for (const auto& [run, settings, score] :
       {std::tuple{"wide", "size = \"demo\"", 0.75}, std::tuple{"narrow", "size = \"demo\"\nhidden_size = 16", 0.5}}) {
    const std::string folder = dir / "all/" + run;
    put_run(folder, 1.5, message("[model]\n", settings, "\n[train]\ntask = \"qa\"\n"));
    test::write_text_file(
        folder + "-scores/results.json",
        message("{\"task\": \"qa\", \"checkpoint\": \"", folder,
                "\", \"dataset\": \"shapes\", \"split\": \"test\", \"items\": 3, \"metrics\": {\"acc_all\": ", score,
                "}}"));
  }
  write_report(dir / "all", dir / "report.html", {"sizes", 0.5});
  const std::string page = test::read_text_file(dir / "report.html");
  const std::string chart = page.substr(page.find("<h2 id=\"sizes\">"));
  INFO(chart.substr(0, 2000));
  CHECK(contains(chart, "scores by size of the model"));
  CHECK(contains(chart, "<th>16 x 4</th>"));
  CHECK(contains(chart, "question answering, shapes, test, accuracy</td>"));
  CHECK_FALSE(contains(chart, "Only one size"));
}

TEST_CASE("report: what lies in a folder is on the page") {
  const test::TempDir dir;
  put_tree(dir / "demo");
  write_report(dir / "demo", dir / "report.html", {"A <title>", 0.5});
  const std::string page = test::read_text_file(dir / "report.html");
  for (const char* part : {"<title>A &lt;title&gt;</title>",
                           "5 training runs",
                           "2 evaluations",
                           "1 ablation",  // the head
                           "62.5\u202f%",
                           "95\u202f%",  // tiles
                           "accuracy by model.roll",
                           ">chance</text>",
                           "10, 1 of 2",  // the ablation
                           "shapes &lt;1&gt;, test",
                           "44.6\u202f% (MSR-VTT)",
                           "motion questions",  // evaluations
                           "text to video, similarity",
                           "video to text, match score",
                           "<th>median rank</th>",  // retrieval
                           "Only one size",
                           "&lt;b&gt;what?",
                           "red</bdi> &#10003;",
                           "blue</bdi> &#10007;",
                           "green",  // examples
                           "question answering",
                           "size demo",
                           "20 steps",
                           "1:15 min",
                           "1 GiB",  // the run
                           "train.task = &quot;qa&quot;",
                           "&lt;g++&gt;"}) {
    INFO(std::string(part));
    CHECK(contains(page, part));
  }
  for (const char* part : {"<script", "http:", "https:", "<b>what", "\"nan\""}) {
    INFO(std::string(part));
    CHECK_FALSE(contains(page, part));
  }
  CHECK_FALSE(contains(page, "<h3>direction/roll-seed0</h3>"));  // an ablation's runs are its own
}

TEST_CASE("report: the same files give the same bytes, wherever they lie") {
  const test::TempDir dir;
  for (const char* place : {"a/demo", "b/demo"}) {
    put_tree(dir / place);
    write_report(dir / place, dir / place + ".html", {});
  }
  CHECK(test::read_text_file(dir / "a/demo.html") == test::read_text_file(dir / "b/demo.html"));
  CHECK(contains(test::read_text_file(dir / "a/demo.html"), "<title>demo</title>"));
}

TEST_CASE("report: data and weights are found from elsewhere, by the folders that they share with the evaluation") {
  const test::TempDir dir;
  const std::string runs = dir / "place/runs/demo";
  put_run(runs + "/qa", 1, "[model]\nsize = \"demo\"\n");
  test::write_text_file(runs + "/data/qa/dataset.json", "{}");
  const std::string results = runs + "/eval/qa/results.json";
  test::write_text_file(results, R"({"task": "qa", "checkpoint": "runs/demo/qa", "data": "runs/demo/data/qa",
                                     "metrics": {}})");
  const Evaluation evaluation = read_evaluation(results, "qa");
  CHECK(evaluation.data == runs + "/data/qa");
  CHECK(evaluation.model.size == "demo");
  fs::remove_all(runs + "/data");
  CHECK(read_evaluation(results, "qa").data == "runs/demo/data/qa");
}

TEST_CASE("report: a run's own folder; one that another version wrote is shown as it stands") {
  const test::TempDir dir;
  put_run(dir / "run", 1, "[model]\nwarp = \"9\"\n");
  CHECK(draw_run_report(dir / "run") == "report: " + dir / "run/report.html");
  const std::string page = test::read_text_file(dir / "run/report.html");
  CHECK(contains(page, "<h3>run</h3>"));
  CHECK(contains(page, "unknown key model.warp"));
  CHECK(contains(page, "warp = &quot;9&quot;"));
}

TEST_CASE("report: a run's last evaluation is on the run's own page, not on one of several runs") {
  const test::TempDir dir;
  put_run(dir / "all/run", 1, "[model]\nsize = \"demo\"\n");
  test::write_text_file(dir / "all/run/evaluation/qa/results.json",
                        R"({"task": "qa", "items": 1, "metrics": {"acc_all": 1}})");
  CHECK(read_report_tree(dir / "all/run").evaluations.size() == 1);
  const ReportTree above = read_report_tree(dir / "all");
  CHECK(above.evaluations.empty());
  CHECK(above.runs.size() == 1);
}

TEST_CASE("report: refusals name the file") {
  const test::TempDir dir;
  const auto refusal = [&](const std::string& folder) -> std::string {
    try {
      write_report(folder, dir / "report.html", {});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(contains(refusal(dir / "none"), "is no folder"));
  fs::create_directories(dir / "empty");
  CHECK(contains(refusal(dir / "empty"), "nothing to report"));
  test::write_text_file(dir / "one/metrics.jsonl", "{\"step\": 1}\n[\n");
  CHECK(contains(refusal(dir / "one"), "one/metrics.jsonl:2: not JSON"));
  test::write_text_file(dir / "two/results.json", "{\"task\": \"qa\", \"metrics\": {\"acc_all\": \"high\"}}");
  CHECK(contains(refusal(dir / "two"), "acc_all is \"high\", expected a number"));
  test::write_text_file(dir / "three/ablation.json", "{\"key\": \"k\"}");
  CHECK(contains(refusal(dir / "three"), "three/ablation.json: has no metric"));
  CHECK(contains(draw_run_report(dir / "three"), "the report was NOT drawn: "));
}

TEST_CASE("summary: the agreed names, by stage and seed") {
  const test::TempDir dir;
  put_tree(dir / "demo");
  test::write_text_file(dir / "stages", "data\t8.5\nqa\t61\n");
  const auto json = nlohmann::json::parse(summary_json(read_report_tree(dir / "demo"), dir / "stages"));
  CHECK(json["qa_accuracy"] == 0.625);
  CHECK(json["bvtc_r1"] == 0.5);
  CHECK_FALSE(json.contains("vtm_r1"));  // was not measured
  CHECK(json["direction_qa"]["roll"] == nlohmann::json({0.9, 1.0}));
  CHECK(json["direction_qa"]["none"] == nlohmann::json({0.5, 0.5}));
  CHECK(json["seconds"]["qa"] == 61);
  CHECK(json["seed"] == 7);
  CHECK(json["commit"] == "abc");
  test::write_text_file(dir / "stages", "data 8.5\n");
  CHECK_THROWS_AS(summary_json(read_report_tree(dir / "demo"), dir / "stages"), Error);
}

TEST_CASE("summary: a line an evaluation and an ablation for the screen") {
  const test::TempDir dir;
  put_tree(dir / "demo");
  CHECK(summary_text(read_report_tree(dir / "demo")) ==
        "eval/qa           accuracy 62.5\u202f%; motion questions 50\u202f%\n"
        "eval/retrieval    R@1, text to video, similarity 50\u202f%\n"
        "direction         roll 95\u202f% \u00b1 7\u202f%; none 50\u202f% \u00b1 0\u202f%\n");
}

TEST_CASE("examples: evenly spread, wrong ones among them, options with marks") {
  const test::TempDir dir;
  std::string lines;
  for (int i = 0; i < 100; ++i)
    lines += message("{\"id\": \"", i, "\", \"prediction\": 1, \"answer\": ", i == 41 ? 2 : 1, "}\n");
  test::write_text_file(dir / "predictions.jsonl", lines);
  const std::vector<Example> examples = choose_examples(dir / "predictions.jsonl", 6);
  std::vector<std::string> ids;
  for (const Example& example : examples) ids.push_back(example.id);
  CHECK(ids == std::vector<std::string>{"10", "30", "41", "50", "70", "90"});
  CHECK(examples[2].verdict == Example::Verdict::wrong);

  const Example choice = parse_example(
      R"({"id": 3, "options": ["a", "b", "c"], "prediction": 0, "answer": 2, "scores": [1, 2, 3], "rank": 2})", "x");
  REQUIRE(choice.lines.size() == 4);
  CHECK(choice.lines[0].key == "chosen");
  CHECK(choice.lines[0].verdict == Example::Verdict::wrong);
  CHECK(choice.lines[1].verdict == Example::Verdict::unknown);
  CHECK(choice.lines[2].verdict == Example::Verdict::right);
  CHECK(choice.lines[3].key == "rank");

  const Example masked = parse_example(
      R"({"id": "a", "text": "t", "masked": ["red", "bar"], "prediction": ["red", "box"], "match": 0.25})", "x");
  REQUIRE(masked.lines.size() == 4);
  CHECK(masked.lines[0].value == "red, box");
  CHECK(masked.lines[0].verdict == Example::Verdict::wrong);
  CHECK(masked.lines[1].key == "masked");
  CHECK(masked.lines[1].value == "red, bar");
  const Example found = parse_example(R"({"id": "a", "answer": "a", "rank": 3, "all": [["b", 0.1]]})", "x");
  CHECK(found.verdict == Example::Verdict::unknown);
  CHECK(found.lines.size() == 1);
  CHECK_THROWS_AS(parse_example("[]", "x"), Error);
}

}  // namespace
}  // namespace aio::report
