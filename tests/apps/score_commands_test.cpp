// aio_eval score-captions and score-retrieval: the programs from end to end, on files as others write them.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "apps/evaluator/coco_captions.h"
#include "tensor/safetensors.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio::apps {
namespace {

using nlohmann::json;
using test::read_text_file;
using test::write_text_file;

struct Ran {
  int code;
  std::string out, err;
};

Ran run_eval(const test::TempDir& folder, const std::string& arguments) {
  const std::string out = folder / "stdout", err = folder / "stderr";
  const int status = std::system((AIO_BIN "/aio_eval " + arguments + " > " + out + " 2> " + err).c_str());
  return {WEXITSTATUS(status), read_text_file(out), read_text_file(err)};
}

/// The recorded example as COCO's two files; references under numbers, predictions under strings.
json write_example(const test::TempDir& folder) {
  const json example = json::parse(read_text_file(AIO_TEST_DATA "/golden/captions/coco_example.json"));
  json references{{"annotations", json::array()}}, predictions = json::array();
  for (std::size_t image = 0; image < example["pairs"].size(); ++image) {
    const json& row = example["pairs"][image];
    predictions.push_back({{"image_id", std::to_string(image)}, {"caption", row[0]}});
    for (std::size_t i = 1; i < row.size(); ++i)
      references["annotations"].push_back({{"image_id", image}, {"id", i}, {"caption", row[i]}});
  }
  write_text_file(folder / "r.json", references.dump());
  write_text_file(folder / "p.json", predictions.dump());
  return example;
}

TEST_CASE("score-captions: the COCO example gives pycocoevalcap's numbers, under its names") {
  const test::TempDir folder;
  const json example = write_example(folder);
  const std::string files = "--references " + (folder / "r.json") + " --predictions " + (folder / "p.json");
  const Ran ran = run_eval(folder, "score-captions " + files + " --json");
  CHECK(ran.code == 0);
  CHECK(ran.err.empty());
  const json scores = json::parse(ran.out);
  for (int n = 1; n <= 4; ++n) {
    const double expected = example["bleu"][static_cast<std::size_t>(n - 1)];
    CHECK(std::abs(scores["Bleu_" + std::to_string(n)].get<double>() - expected) < 1e-9);
  }
  const auto mean = [](const json& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  };
  CHECK(std::abs(scores["ROUGE_L"].get<double>() - mean(example["rouge_l"])) < 1e-9);
  CHECK(std::abs(scores["CIDEr"].get<double>() - mean(example["cider"])) < 1e-9);
  CHECK(scores.contains("METEOR_exact"));
  CHECK_FALSE(scores.contains("METEOR"));
  CHECK(scores["items"] == 10);
  CHECK(run_eval(folder, "score-captions " + files).out.find("CIDEr         107.97 %") != std::string::npos);
}

TEST_CASE("score-captions: images without a prediction are counted and named, the rest is refused") {
  const test::TempDir folder;
  write_example(folder);
  const auto ran_with = [&](const std::string& predictions) {
    write_text_file(folder / "p.json", predictions);
    return run_eval(
        folder, "score-captions --json --references " + (folder / "r.json") + " --predictions " + (folder / "p.json"));
  };
  const Ran one = ran_with(R"([{"image_id": 3, "caption": "a plane"}])");
  CHECK(one.code == 0);
  CHECK(json::parse(one.out)["without_prediction"] == 9);
  CHECK(one.err.find("9 of the references' images have no prediction") != std::string::npos);

  const auto refused = [&](const std::string& predictions, const std::string& why) {
    const Ran ran = ran_with(predictions);
    CHECK(ran.code == 3);
    CHECK(ran.out.empty());
    CAPTURE(ran.err);
    CHECK(ran.err.find(why) != std::string::npos);
  };
  refused(R"([{"image_id": 77, "caption": "a plane"}])", "image 77 has no reference in");
  refused(R"([{"image_id": 3, "caption": "a"}, {"image_id": 3, "caption": "b"}])", "image 3 has 2 predictions");
  refused("[]", "holds no captions");
  refused(R"([{"image_id": 3}])", "has no caption");
  refused("{}", "has no annotations");
  refused("[{", "");
  refused(R"([{"image_id": 3, "caption": ")" + std::string(20'000, 'x') + "\"}]", "a sentence has 20000 bytes");
}

TEST_CASE("score-captions: METEOR comes from the given program or not at all") {
  const test::TempDir folder;
  write_example(folder);
  const Ran ran = run_eval(folder, "score-captions --references " + (folder / "r.json") + " --predictions " +
                                       (folder / "p.json") + " --meteor-jar " + (folder / "none.jar"));
  CHECK(ran.code == 3);
  CHECK(ran.err.find("none.jar is not a file") != std::string::npos);
}

TEST_CASE("score-retrieval: both directions, several captions a video") {
  const test::TempDir folder;
  const std::string similarity = folder / "s.safetensors", truth = folder / "t.json";
  const std::vector<float> values = {0.9F, 0.1F, 0.8F, 0.3F, 0.4F, 0.7F};  // texts 0 and 1: video 0; text 2: video 1
  save_safetensors(similarity, {{"similarity", Tensor::from(values, {3, 2})}});
  write_text_file(truth, "[0, [0], [1]]");
  const Ran ran = run_eval(folder, "score-retrieval --json --similarity " + similarity + " --truth " + truth);
  CHECK(ran.code == 0);
  const json scores = json::parse(ran.out);
  CHECK(scores["t2v"]["R1"] == 1);
  CHECK(scores["t2v"]["queries"] == 3);
  CHECK(scores["v2t"]["MedR"] == 1);
  write_text_file(truth, "[1, 0, 0]");
  const json wrong =
      json::parse(run_eval(folder, "score-retrieval --json --similarity " + similarity + " --truth " + truth).out);
  CHECK(wrong["t2v"]["R1"].get<double>() == doctest::Approx(1.0 / 3));
  CHECK(wrong["t2v"]["R5"] == 1);
  CHECK(wrong["v2t"]["MeanR"] == 2.5);  // video 0: 0.8 behind 0.9; video 1: 0.1 last

  const auto refused = [&](const std::string& arguments, const std::string& why) {
    const Ran bad = run_eval(folder, "score-retrieval --similarity " + similarity + arguments);
    CAPTURE(bad.err);
    CHECK(bad.code == 3);
    CHECK(bad.err.find(why) != std::string::npos);
  };
  refused("", "only if it is square");
  write_text_file(truth, "[0, 0, 2]");
  refused(" --truth " + truth, "text 2 describes video 2");
  write_text_file(truth, "[0, \"x\", 1]");
  refused(" --truth " + truth, "text 1: expected the number of a video");
  save_safetensors(similarity, {{"other", Tensor::zeros({2, 2})}});
  refused("", "has no tensor \"similarity\"");
}

}  // namespace
}  // namespace aio::apps
