// The vocabulary trainer against plain implementations that count all pairs anew at every join.

#include "data/wordpiece_trainer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "data/dice.h"
#include "data/wordpiece.h"
#include "tests/expect_error.h"
#include "tests/text_file.h"

namespace aio {
namespace {

const std::string kGolden = AIO_TEST_DATA "/golden/text/";

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> learn(const std::vector<std::string>& texts, const WordPieceTrainer::Options& options) {
  WordPieceTrainer trainer;
  for (const std::string& text : texts) trainer.add(text);
  return trainer.learn(options);
}

/// Words of a..z only, counted anew for each join.
std::vector<std::string> learn_plainly(const std::vector<std::string>& words, std::size_t size,
                                       std::int64_t min_count) {
  std::vector<std::vector<std::string>> spelled;
  std::map<std::string, int> initial, continuing;
  for (const std::string& word : words) {
    spelled.emplace_back();
    for (const char c : word) {
      const std::string letter(1, c);
      initial[letter];
      if (!spelled.back().empty()) continuing["##" + letter];
      spelled.back().push_back((spelled.back().empty() ? "" : "##") + letter);
    }
  }
  std::vector<std::string> vocabulary{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (const auto& item : initial) vocabulary.push_back(item.first);
  for (const auto& item : continuing) vocabulary.push_back(item.first);
  const auto id = [&](const std::string& piece) {
    return std::find(vocabulary.begin(), vocabulary.end(), piece) - vocabulary.begin();
  };
  while (vocabulary.size() < size) {
    std::map<std::pair<std::ptrdiff_t, std::ptrdiff_t>, std::int64_t> counts;
    for (const auto& pieces : spelled) {
      for (std::size_t i = 0; i + 1 < pieces.size(); ++i) ++counts[{id(pieces[i]), id(pieces[i + 1])}];
    }
    const auto best = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == counts.end() || best->second < min_count) break;
    const std::string left = vocabulary[static_cast<std::size_t>(best->first.first)];
    const std::string right = vocabulary[static_cast<std::size_t>(best->first.second)];
    const std::string joined = left + right.substr(2);
    if (id(joined) == std::ssize(vocabulary)) vocabulary.push_back(joined);
    for (auto& pieces : spelled) {
      for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
        if (pieces[i] != left || pieces[i + 1] != right) continue;
        pieces[i] = joined;
        pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
  return vocabulary;
}

// Recorded from 40 lines of Python on Hugging Face's BertNormalizer and BertPreTokenizer, counting anew at every join.
TEST_CASE("vocabulary: real captions give the recorded pieces, in their order") {
  const std::vector<std::string> captions = lines_of(test::read_text_file(kGolden + "captions.txt"));
  const std::vector<std::string> expected = lines_of(test::read_text_file(kGolden + "captions_vocab.txt"));
  REQUIRE(expected.size() == 141);
  CHECK(learn(captions, {.size = 160}) == expected);
  CHECK(learn(captions, {.size = 100}) == std::vector<std::string>(expected.begin(), expected.begin() + 100));
}

TEST_CASE("vocabulary: random words, as by counting all pairs at every join") {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    Dice dice({.seed = 30, .step = seed});
    std::vector<std::string> words(static_cast<std::size_t>(1 + dice.below(60)));
    for (std::string& word : words) {
      for (std::int64_t n = 1 + dice.below(9); n > 0; --n) word += static_cast<char>('a' + dice.below(1 + seed % 4));
    }
    const std::int64_t size = 13 + dice.below(60);
    const std::int64_t min_count = 1 + dice.below(3);
    CAPTURE(seed);
    CHECK(learn(words, {.size = size, .min_count = min_count}) ==
          learn_plainly(words, static_cast<std::size_t>(size), min_count));
  }
}

TEST_CASE("vocabulary: the order of the texts does not matter, and what it learned can spell them") {
  std::vector<std::string> captions = lines_of(test::read_text_file(kGolden + "captions.txt"));
  const std::vector<std::string> vocabulary = learn(captions, {.size = 130});
  std::reverse(captions.begin(), captions.end());
  CHECK(learn(captions, {.size = 130}) == vocabulary);
  const WordPiece tokenizer(vocabulary);
  CHECK(tokenizer.special().pad == 0);
  for (const std::string& caption : captions) {
    for (const std::int64_t id : tokenizer.encode(caption)) CHECK(id != tokenizer.special().unk);
  }
}

TEST_CASE("vocabulary: case, rare characters, too little room") {
  WordPieceTrainer cased(LetterCase::cased);
  cased.add("É é É");
  const std::vector<std::string> both = cased.learn({.size = 10});
  CHECK(std::vector<std::string>(both.begin() + 5, both.end()) == std::vector<std::string>{"É", "é"});

  const std::vector<std::string> few = learn({"aaab aab zzz"}, {.size = 50, .min_count = 2, .max_characters = 2});
  CHECK(std::vector<std::string>(few.begin() + 5, few.end()) == std::vector<std::string>{"a", "z", "##z"});  // no b
  EXPECT_ERROR(learn({"ab"}, {.size = 7}), config, "expected at least 8 (or keep fewer characters than 2)");
  CHECK(learn({"ab"}, {.size = 8, .min_count = 1}).size() == 8);
  CHECK(learn({std::string(101, 'a')}, {.size = 8}).size() == 5);  // too long to be a word
}

}  // namespace
}  // namespace aio
