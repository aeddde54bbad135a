// BLEU, ROUGE-L and CIDEr against pycocoevalcap 1.2: 1,000 random pairs with empty, one-word and repeated sentences and
// one to four references, and the example of the COCO evaluation's repository (misc/debug.{hypo,ref}.json), tokenized
// by its own Java tokenizer.

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/metrics/bleu.h"
#include "data/metrics/cider.h"
#include "data/metrics/rouge.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using nlohmann::json;

Words split(const std::string& text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

json recorded(const char* name) {
  return json::parse(std::ifstream(std::string(AIO_TEST_DATA "/golden/captions/") + name));
}

/// From ["prediction", "reference", ...].
std::vector<CaptionPair> pairs_of(const json& rows) {
  std::vector<CaptionPair> pairs;
  for (const json& row : rows) {
    pairs.push_back({split(row[0]), {}});
    for (std::size_t i = 1; i < row.size(); ++i) pairs.back().references.push_back(split(row[i]));
  }
  return pairs;
}

void check_equal(const std::vector<double>& ours, const json& expected) {
  REQUIRE(ours.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) worst = std::max(worst, std::abs(ours[i] - expected[i].get<double>()));
  CHECK(worst < 1e-10);  // observed 2e-11: the recorded values have 12 digits
}

void check_against(const json& expected, const std::vector<CaptionPair>& pairs) {
  const std::array<double, kMaxGram> corpus = bleu(pairs);
  for (std::size_t n = 0; n < kMaxGram; ++n) CHECK(std::abs(corpus[n] - expected["bleu"][n].get<double>()) < 1e-12);
  check_equal(rouge_l(pairs), expected["rouge_l"]);
  check_equal(cider(pairs), expected["cider"]);
}

TEST_CASE("captions: 1,000 random pairs score as in pycocoevalcap") {
  const json expected = recorded("random_pairs.json");
  REQUIRE(expected["pairs"].size() == 1000);
  check_against(expected, pairs_of(expected["pairs"]));
}

TEST_CASE("captions: the COCO evaluation's example scores as in pycocoevalcap") {
  const json expected = recorded("coco_example.json");
  check_against(expected, pairs_of(expected["tokenized"]));
}

TEST_CASE("bleu: by hand") {
  // 5 words against 5: unigrams 4/5 (one "the" too many), bigrams 2/4, trigrams 1/3, no 4-gram.
  const std::vector<CaptionPair> pairs = {{split("the cat sat the the"), {split("the cat sat on the")}}};
  const auto scores = bleu(pairs);
  CHECK(scores[0] == doctest::Approx(0.8));
  CHECK(scores[1] == doctest::Approx(std::sqrt(0.8 * 0.5)));
  CHECK(scores[2] == doctest::Approx(std::cbrt(0.8 * 0.5 / 3)));
  CHECK(scores[3] < 1e-3);
  // Of references of 2 and 6 words, both 2 away from 4, the shorter: no penalty. With 6 alone: exp(1 - 6/4).
  CHECK(bleu({{split("a b c d"), {split("a b c d e f"), split("a b")}}})[3] == doctest::Approx(1));
  CHECK(bleu({{split("a b c d"), {split("a b c d e f")}}})[3] == doctest::Approx(std::exp(-0.5)));
}

TEST_CASE("rouge-l: by hand") {
  // Common "a c d": precision 3/4, recall 3/5.
  const double f = 2.44 * 0.75 * 0.6 / (0.6 + 1.44 * 0.75);
  CHECK(rouge_l({{split("a x c d"), {split("a b c d e")}}})[0] == doctest::Approx(f));
  CHECK(rouge_l({{split("d c b a"), {split("a b c d")}}})[0] == doctest::Approx(0.25));
  CHECK(rouge_l({{split("x"), {split("a b")}}})[0] == 0);
}

TEST_CASE("cider: by hand") {
  // Two items with nothing in common: every gram has weight log 2, and an exact caption has cosine 1 for each n.
  const CaptionPair exact{split("a b c d"), {split("a b c d")}};
  const CaptionPair wrong{split("a b c d"), {split("e f g h")}};
  const std::vector<double> scores = cider({exact, wrong});
  CHECK(scores[0] == doctest::Approx(10));
  CHECK(scores[1] == 0);
  CHECK(cider({exact})[0] == 0);  // a corpus of one item knows no rare words
}

TEST_CASE("captions: no pairs and no references are refused") {
  EXPECT_ERROR(bleu({}), value, "BLEU: there are no captions to score");
  EXPECT_ERROR(rouge_l({{split("a"), {split("a")}}, {split("a"), {}}}), value, "ROUGE-L: caption 1 has no reference");
  EXPECT_ERROR(cider({{split("a"), {}}}), value, "CIDEr: caption 0 has no reference");
}

}  // namespace
}  // namespace aio
