#pragma once
// WordPieceTrainer: a WordPiece vocabulary learned from texts.
//
// Byte-pair encoding over characters (Sennrich et al., "Neural machine translation of rare words with subword units",
// 2016), written as WordPiece writes it, which is how Hugging Face's trainer makes vocabularies for BERT: begin with
// the characters, then join, again and again, the two neighbouring pieces that are most often together in the texts.
// The same texts give the same vocabulary, in any order and on any machine: of equally frequent pairs the one whose
// pieces came into the vocabulary first is joined.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/word_splitter.h"

namespace aio {

class WordPieceTrainer {
 public:
  struct Options {
    std::int64_t size = 8000;            ///< tokens at most, the 5 special ones included
    std::int64_t min_count = 2;          ///< pairs that are together less often are not joined
    std::int64_t max_characters = 1000;  ///< the most frequent are kept; words with others become [UNK]
  };

  explicit WordPieceTrainer(LetterCase letter_case = LetterCase::uncased) : letter_case_(letter_case) {}

  /// Counts the words of a text.
  void add(std::string_view text);
  /// How many different words there were.
  std::int64_t words() const { return static_cast<std::int64_t>(counts_.size()); }
  /// [PAD], [UNK], [CLS], [SEP], [MASK], the characters that begin words, those that go on with them ("##x"), both by
  /// code point, then pieces in the order in which they were learned; fewer than `size` when no pair is left. Throws
  /// Error{config} if `size` leaves no room for the characters, saying how much they need.
  std::vector<std::string> learn(const Options& options) const;

 private:
  LetterCase letter_case_;
  std::unordered_map<std::string, std::int64_t> counts_;
};

}  // namespace aio
