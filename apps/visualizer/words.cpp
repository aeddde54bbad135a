#include "apps/visualizer/words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "tensor/error.h"

namespace aio::apps {
namespace {

constexpr std::array<std::string_view, 112> kFunctionWords = {
    "a",       "about",   "above",   "across", "after", "against", "all",   "along",   "also",   "am",     "an",
    "and",     "any",     "are",     "around", "as",    "at",      "be",    "been",    "before", "behind", "being",
    "below",   "beside",  "between", "both",   "but",   "by",      "can",   "could",   "did",    "do",     "does",
    "during",  "each",    "for",     "from",   "had",   "has",     "have",  "he",      "her",    "hers",   "him",
    "his",     "how",     "i",       "if",     "in",    "inside",  "into",  "is",      "it",     "its",    "me",
    "my",      "near",    "no",      "not",    "of",    "off",     "on",    "onto",    "or",     "other",  "our",
    "out",     "outside", "over",    "she",    "so",    "some",    "such",  "than",    "that",   "the",    "their",
    "them",    "then",    "there",   "these",  "they",  "this",    "those", "through", "to",     "too",    "toward",
    "towards", "under",   "until",   "up",     "upon",  "us",      "very",  "was",     "we",     "were",   "what",
    "when",    "where",   "which",   "while",  "who",   "whose",   "why",   "will",    "with",   "would",  "you",
    "your",    "yours"};
static_assert(std::is_sorted(kFunctionWords.begin(), kFunctionWords.end()));

}  // namespace

std::vector<Word> words_of(const std::vector<std::int64_t>& ids, const WordPiece& tokenizer) {
  std::vector<Word> words;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const SpecialTokens& special = tokenizer.special();
    if (ids[i] == special.cls || ids[i] == special.sep || ids[i] == special.pad) continue;
    const std::string& piece = tokenizer.token(ids[i]);
    if (tokenizer.is_continuation(ids[i]) && !words.empty()) {
      words.back().text += piece.substr(2);
      ++words.back().pieces;
    } else {
      words.push_back({piece, static_cast<std::int64_t>(i), 1});
    }
  }
  return words;
}

bool is_content_word(const std::string& word) {
  const bool punctuation = std::none_of(word.begin(), word.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || std::isalnum(byte) != 0;
  });
  const bool special = word == "[UNK]" || word == "[MASK]";
  return !punctuation && !special && !std::binary_search(kFunctionWords.begin(), kFunctionWords.end(), word);
}

std::vector<Word> choose_words(const std::vector<Word>& words, const std::vector<std::string>& wanted) {
  const auto is_hole = [](const Word& word) { return word.text == "[MASK]"; };
  const bool holes = std::any_of(words.begin(), words.end(), is_hole);
  std::vector<Word> chosen;
  for (const Word& word : words) {
    const bool named = std::find(wanted.begin(), wanted.end(), word.text) != wanted.end();
    const bool fits = !wanted.empty() ? named : holes ? is_hole(word) : is_content_word(word.text);
    if (fits) chosen.push_back(word);
  }
  std::string all;
  for (const Word& word : words) all += (all.empty() ? "" : " ") + word.text;
  for (const std::string& name : wanted) {
    const bool there = std::any_of(words.begin(), words.end(), [&](const Word& word) { return word.text == name; });
    check(there, ErrorCode::value, "the word \"", name, "\" is not in the sentence, whose words are: ", all);
  }
  check(!chosen.empty(), ErrorCode::value, "the sentence has no content word to choose (its words are: ", all,
        "); name some with --mask");
  return chosen;
}

}  // namespace aio::apps
