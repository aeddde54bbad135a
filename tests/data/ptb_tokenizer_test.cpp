// Our words against those of the COCO evaluation (pycocoevalcap 1.2, Stanford CoreNLP 3.4.1 under Java 17): 400
// recorded lines of what captions hold and what makes a tokenizer stumble. On 60,000 summaries of Python packages,
// which are not kept here, 13 lines differed.

#include "data/metrics/ptb_tokenizer.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "data/dice.h"

namespace aio {
namespace {

std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

TEST_CASE("ptb: recorded lines") {
  const auto rows = nlohmann::json::parse(std::ifstream(AIO_TEST_DATA "/golden/captions/ptb_words.json"));
  REQUIRE(rows.size() == 400);
  for (const auto& row : rows) {
    const std::string line = row[0];
    CAPTURE(line);
    CHECK(joined(ptb_words(line)) == row[1].get<std::string>());
  }
}

TEST_CASE("ptb: the COCO evaluation's example") {
  const auto example = nlohmann::json::parse(std::ifstream(AIO_TEST_DATA "/golden/captions/coco_example.json"));
  for (std::size_t i = 0; i < example["pairs"].size(); ++i) {
    for (std::size_t j = 0; j < example["pairs"][i].size(); ++j)
      CHECK(joined(ptb_words(example["pairs"][i][j].get<std::string>())) == example["tokenized"][i][j]);
  }
}

TEST_CASE("ptb: bytes of any kind come to an end") {
  Dice dice(RngKey{3, 0, 0});
  for (int trial = 0; trial < 300; ++trial) {
    std::string bytes;
    const std::int64_t length = dice.below(60);
    // Half of them from the characters that rules look at.
    const std::string likely = "aN.'-/:;()<>@&#$0 \t?!_\"`";
    for (std::int64_t i = 0; i < length; ++i)
      bytes += dice.coin() ? likely[static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(likely.size())))]
                           : static_cast<char>(dice.below(256));
    for (const std::string& word : ptb_words(bytes)) CHECK_FALSE(word.empty());
  }
  CHECK(ptb_words("").empty());
  CHECK(ptb_words("\xff\xfe").empty());
}

}  // namespace
}  // namespace aio
