#include "data/wordpiece.h"

#include <algorithm>

#include "data/data_file.h"
#include "data/unicode.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::string_view kContinuation = "##";
constexpr std::uint64_t kMaxVocabulary = 256 << 20;  // bytes of a vocab.txt

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

PieceTrie make_trie(const std::vector<std::string>& tokens) {
  constexpr std::size_t kLongest = 4 * WordSplitter::kMaxCharacters;  // bytes; no word has more
  PieceTrie::Keys initial;
  PieceTrie::Keys continuing;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    std::string_view token = tokens[i];
    check(unicode::is_valid(token), ErrorCode::format, "wordpiece: token ", i, " is not valid UTF-8");
    const bool goes_on = token.starts_with(kContinuation);
    if (goes_on) token.remove_prefix(kContinuation.size());
    if (token.size() <= kLongest) (goes_on ? continuing : initial).emplace_back(token, static_cast<std::int32_t>(i));
  }
  return {std::move(initial), std::move(continuing)};
}

SpecialTokens find_special(const std::vector<std::string>& tokens) {
  const auto id_of = [&](std::string_view token) {
    const auto found = std::find(tokens.rbegin(), tokens.rend(), token);
    check(found != tokens.rend(), ErrorCode::format, "wordpiece: the vocabulary of ", tokens.size(), " tokens has no ",
          token, " (a vocab.txt holds one token a line, [PAD], [UNK], [CLS], [SEP] and [MASK] among them)");
    return static_cast<std::int64_t>(tokens.rend() - found - 1);
  };
  return {id_of("[PAD]"), id_of("[UNK]"), id_of("[CLS]"), id_of("[SEP]"), id_of("[MASK]")};
}

}  // namespace

WordPiece::WordPiece(std::vector<std::string> tokens, LetterCase letter_case)
    : tokens_(std::move(tokens)),
      letter_case_(letter_case),
      trie_(make_trie(tokens_)),
      special_(find_special(tokens_)) {}

WordPiece WordPiece::load(const std::string& path, LetterCase letter_case) {
  const std::string text = read_file(path, kMaxVocabulary);
  try {
    return WordPiece(split_lines(text), letter_case);
  } catch (const Error& error) {
    fail(error.code(), path, ": ", error.what());
  }
}

std::vector<std::int64_t> WordPiece::encode(std::string_view text, std::size_t max_length) const {
  check(max_length >= 2, ErrorCode::value, "wordpiece: max_length is ", max_length,
        ", expected at least 2, for [CLS] and [SEP]");
  const std::size_t limit = max_length - 1;
  std::vector<std::int64_t> ids{special_.cls};
  std::size_t plain = 0;  // where the text since the last special token begins
  for (std::size_t at = text.find('['); at != text.npos && ids.size() < limit; at = text.find('[', at)) {
    const std::int64_t id = special_at(text.substr(at));
    if (id < 0) {
      ++at;
      continue;
    }
    encode_plain(text.substr(plain, at - plain), limit, ids);
    ids.push_back(id);
    at += token(id).size();
    plain = at;
  }
  encode_plain(text.substr(plain), limit, ids);
  ids.resize(std::min(ids.size(), limit));
  ids.push_back(special_.sep);
  return ids;
}

/// The special token that `text` begins with, or -1.
std::int64_t WordPiece::special_at(std::string_view text) const {
  for (const std::int64_t id : {special_.mask, special_.sep, special_.cls, special_.pad, special_.unk}) {
    if (text.starts_with(tokens_[static_cast<std::size_t>(id)])) return id;
  }
  return -1;
}

/// Appends the ids of a text without special tokens, until there are `limit` or a few more.
void WordPiece::encode_plain(std::string_view text, std::size_t limit, std::vector<std::int64_t>& ids) const {
  WordSplitter words(text, letter_case_);
  while (ids.size() < limit && words.next()) {
    if (words.too_long()) {
      ids.push_back(special_.unk);
    } else {
      append_pieces(words.word(), ids);
    }
  }
}

void WordPiece::append_pieces(std::string_view word, std::vector<std::int64_t>& ids) const {
  const std::size_t before = ids.size();
  for (PieceTrie::Match piece = trie_.longest_initial(word);; piece = trie_.longest_continuing(word)) {
    if (piece.length == 0) {
      ids.resize(before);
      ids.push_back(special_.unk);
      return;
    }
    ids.push_back(piece.id);
    word.remove_prefix(piece.length);
    if (word.empty()) return;
  }
}

TokenBatch WordPiece::encode_batch(std::span<const std::string> texts, std::size_t max_length) const {
  const Shape shape{static_cast<std::int64_t>(texts.size()), static_cast<std::int64_t>(max_length)};
  TokenBatch batch{Tensor::full(shape, static_cast<double>(special_.pad), {DType::i64}),
                   Tensor::zeros(shape, {DType::i64})};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::vector<std::int64_t> ids = encode(texts[i], max_length);
    std::copy(ids.begin(), ids.end(), batch.ids.data<std::int64_t>() + i * max_length);
    std::fill_n(batch.mask.data<std::int64_t>() + i * max_length, ids.size(), 1);
  }
  return batch;
}

std::string WordPiece::decode(std::span<const std::int64_t> ids, bool skip_special) const {
  // No blank before these; tokens that begin with more than a stop come from vocabularies that keep words like 's
  // whole.
  constexpr std::string_view kAttached[] = {".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re"};
  std::string text;
  bool first = true;
  for (const std::int64_t id : ids) {
    std::string_view piece = token(id);
    if (skip_special && is_special(id)) continue;
    if (!first && piece.starts_with(kContinuation)) {
      piece.remove_prefix(kContinuation.size());
    } else if (!first && std::none_of(std::begin(kAttached), std::end(kAttached),
                                      [&](std::string_view attached) { return piece.starts_with(attached); })) {
      text += ' ';
    }
    text += piece;
    first = false;
  }
  return text;
}

const std::string& WordPiece::token(std::int64_t id) const {
  check(id >= 0 && id < size(), ErrorCode::index, "wordpiece: id ", id, " is not in the vocabulary of ", size());
  return tokens_[static_cast<std::size_t>(id)];
}

bool WordPiece::is_special(std::int64_t id) const {
  return id == special_.pad || id == special_.unk || id == special_.cls || id == special_.sep || id == special_.mask;
}

}  // namespace aio
