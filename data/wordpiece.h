#pragma once
// WordPiece: text to the ids of BERT's word pieces and back, equal to Hugging Face's BertTokenizerFast.
//
// Words (data/word_splitter.h) are cut greedily: the longest piece of the vocabulary that the word begins with, then
// the longest "##" piece that the rest begins with, and so on; a word that cannot be cut to its end is [UNK] as a whole
// (Devlin et al., "BERT", 2019). Special tokens that stand literally in a text, as in "a man is [MASK]", are
// recognised.

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/piece_trie.h"
#include "data/word_splitter.h"
#include "tensor/tensor.h"

namespace aio {

/// Ids of the tokens that every vocabulary must have.
struct SpecialTokens {
  std::int64_t pad;   ///< [PAD]: fills a sequence
  std::int64_t unk;   ///< [UNK]: a word that the vocabulary cannot spell
  std::int64_t cls;   ///< [CLS]: begins a sequence
  std::int64_t sep;   ///< [SEP]: ends it
  std::int64_t mask;  ///< [MASK]: to be predicted
};

/// Sequences of one length.
struct TokenBatch {
  Tensor ids;   ///< i64 [B, L], filled with [PAD] on the right
  Tensor mask;  ///< i64 [B, L]: 1 for tokens, 0 for [PAD]
};

class WordPiece {
 public:
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

  /// The id of a token is its place in `tokens`, of equal ones the last. Throws Error{format} if a special token is
  /// missing or a token is not UTF-8.
  explicit WordPiece(std::vector<std::string> tokens, LetterCase letter_case = LetterCase::uncased);
  /// From a vocab.txt: one token a line. Throws Error{io|format} with the file's name.
  static WordPiece load(const std::string& path, LetterCase letter_case = LetterCase::uncased);

  /// [CLS] tokens [SEP]; if there are more than `max_length` (at least 2, else Error{value}), tokens are dropped from
  /// the end and [SEP] stays. Any bytes are a text. Linear time.
  std::vector<std::int64_t> encode(std::string_view text, std::size_t max_length = kNoLimit) const;
  /// encode() of each text, padded to `max_length`.
  TokenBatch encode_batch(std::span<const std::string> texts, std::size_t max_length) const;
  /// Tokens joined by blanks, "##" pieces without one, and no blank before . , ? ! (the `decode` of Hugging Face's
  /// WordPiece decoder). Special tokens are left out if asked. Throws Error{index} for an id outside the vocabulary.
  std::string decode(std::span<const std::int64_t> ids, bool skip_special = false) const;

  std::int64_t size() const { return static_cast<std::int64_t>(tokens_.size()); }
  /// Throws Error{index}.
  const std::string& token(std::int64_t id) const;
  const SpecialTokens& special() const { return special_; }
  bool is_special(std::int64_t id) const;
  /// The token begins with "##". Throws Error{index}.
  bool is_continuation(std::int64_t id) const { return token(id).starts_with("##"); }
  LetterCase letter_case() const { return letter_case_; }

 private:
  void encode_plain(std::string_view text, std::size_t limit, std::vector<std::int64_t>& ids) const;
  void append_pieces(std::string_view word, std::vector<std::int64_t>& ids) const;
  std::int64_t special_at(std::string_view text) const;

  std::vector<std::string> tokens_;
  LetterCase letter_case_;
  PieceTrie trie_;
  SpecialTokens special_;
};

}  // namespace aio
