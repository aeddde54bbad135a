#include "data/wordpiece_trainer.h"

#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <utility>

#include "data/unicode.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::string_view kContinuation = "##";

using Piece = std::uint32_t;           // its place in the vocabulary
using Pair = std::pair<Piece, Piece>;  // neighbours

struct Word {
  std::vector<Piece> pieces;
  std::int64_t count;
};

struct PairHash {
  std::size_t operator()(const Pair& pair) const {
    return (std::uint64_t{pair.first} << 32 | pair.second) * 0x9E3779B97F4A7C15U;  // 2^64 / golden ratio
  }
};

struct Occurrences {
  std::int64_t count = 0;
  std::vector<std::size_t> words;  // where the pair is, or was; some twice
};

struct Candidate {
  std::int64_t count;
  Pair pair;
  /// The queue's greatest comes first: the most frequent, of equally frequent ones the oldest pieces.
  bool operator<(const Candidate& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

template <class T>
void sort_unique(std::vector<T>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

class Learner {
 public:
  Learner(std::vector<std::string> vocabulary, std::vector<Word> words)
      : vocabulary_(std::move(vocabulary)), words_(std::move(words)) {
    for (std::size_t i = 0; i < vocabulary_.size(); ++i) ids_[vocabulary_[i]] = static_cast<Piece>(i);
    for (std::size_t i = 0; i < words_.size(); ++i) count_pairs(i, 1);
    queue_changed();
  }

  std::vector<std::string> learn(std::size_t size, std::int64_t min_count) {
    while (vocabulary_.size() < size && !candidates_.empty()) {
      const Candidate best = candidates_.top();
      candidates_.pop();
      const std::int64_t count = pairs_[best.pair].count;
      if (count != best.count) {  // joins nearby changed it since
        if (count > 0) candidates_.push({count, best.pair});
      } else if (count < min_count) {
        break;
      } else {
        join(best.pair);
      }
    }
    return std::move(vocabulary_);
  }

 private:
  /// Adds the pairs of a word to the counts, or takes them away (sign -1).
  void count_pairs(std::size_t index, std::int64_t sign) {
    const Word& word = words_[index];
    for (std::size_t i = 0; i + 1 < word.pieces.size(); ++i) {
      const Pair pair{word.pieces[i], word.pieces[i + 1]};
      Occurrences& occurrences = pairs_[pair];
      occurrences.count += sign * word.count;
      if (sign > 0) {
        occurrences.words.push_back(index);
        changed_.push_back(pair);
      }
    }
  }

  void queue_changed() {
    sort_unique(changed_);
    for (const Pair& pair : changed_) candidates_.push({pairs_[pair].count, pair});
    changed_.clear();
  }

  void join(const Pair& pair) {
    const std::string text = vocabulary_[pair.first] + vocabulary_[pair.second].substr(kContinuation.size());
    const auto [known, is_new] = ids_.emplace(text, static_cast<Piece>(vocabulary_.size()));  // ab + c, but also a + bc
    if (is_new) vocabulary_.push_back(text);
    std::vector<std::size_t> indices = std::exchange(pairs_[pair].words, {});
    sort_unique(indices);
    for (const std::size_t index : indices) {
      count_pairs(index, -1);
      std::vector<Piece>& pieces = words_[index].pieces;
      std::size_t kept = 0;
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        const bool here = i + 1 < pieces.size() && Pair{pieces[i], pieces[i + 1]} == pair;
        pieces[kept++] = here ? known->second : pieces[i];
        if (here) ++i;
      }
      pieces.resize(kept);
      count_pairs(index, 1);
    }
    queue_changed();
  }

  std::vector<std::string> vocabulary_;
  std::unordered_map<std::string, Piece> ids_;
  std::vector<Word> words_;
  std::unordered_map<Pair, Occurrences, PairHash> pairs_;
  std::priority_queue<Candidate> candidates_;
  std::vector<Pair> changed_;  // pairs whose count grew since the last join
};

std::u32string characters_of(std::string_view word) {
  std::u32string characters;
  while (!word.empty()) {
    const unicode::Decoded next = unicode::decode(word);
    characters += next.code_point;
    word.remove_prefix(next.bytes);
  }
  return characters;
}

std::string piece_text(char32_t character, bool continuing) {
  char bytes[4];
  const std::size_t length = unicode::encode(character, bytes);
  return std::string(continuing ? kContinuation : "").append(bytes, length);
}

/// The `most` most frequent characters, of equally frequent ones the lower code points.
std::set<char32_t> frequent(const std::map<char32_t, std::int64_t>& counts, std::int64_t most) {
  std::vector<std::pair<std::int64_t, char32_t>> order;
  for (const auto& [character, count] : counts) order.emplace_back(-count, character);
  std::sort(order.begin(), order.end());
  if (static_cast<std::int64_t>(order.size()) > most) order.resize(static_cast<std::size_t>(most));
  std::set<char32_t> kept;
  for (const auto& item : order) kept.insert(item.second);
  return kept;
}

}  // namespace

void WordPieceTrainer::add(std::string_view text) {
  for (WordSplitter words(text, letter_case_); words.next();) {
    if (!words.too_long()) ++counts_[std::string(words.word())];
  }
}

std::vector<std::string> WordPieceTrainer::learn(const Options& options) const {
  std::map<char32_t, std::int64_t> character_counts;
  for (const auto& [word, count] : counts_) {
    for (const char32_t c : characters_of(word)) character_counts[c] += count;
  }
  const std::set<char32_t> kept = frequent(character_counts, options.max_characters);
  std::vector<std::pair<std::u32string, std::int64_t>> spelled;  // the words that can be
  std::set<char32_t> continuing;
  for (const auto& [word, count] : counts_) {
    const std::u32string characters = characters_of(word);
    if (!std::all_of(characters.begin(), characters.end(), [&](char32_t c) { return kept.contains(c); })) continue;
    continuing.insert(characters.begin() + 1, characters.end());
    spelled.emplace_back(characters, count);
  }

  std::vector<std::string> vocabulary{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  std::map<char32_t, Piece> piece_of[2];  // at the beginning of a word, and further on
  for (const bool goes_on : {false, true}) {
    for (const char32_t c : goes_on ? continuing : kept) {
      piece_of[goes_on][c] = static_cast<Piece>(vocabulary.size());
      vocabulary.push_back(piece_text(c, goes_on));
    }
  }
  check(options.size >= static_cast<std::int64_t>(vocabulary.size()), ErrorCode::config, "vocabulary: size ",
        options.size, " has no room for the characters of the texts, expected at least ", vocabulary.size(),
        " (or keep fewer characters than ", kept.size(), ")");

  std::vector<Word> words;
  for (const auto& [characters, count] : spelled) {
    Word word{{}, count};
    for (const char32_t c : characters) word.pieces.push_back(piece_of[!word.pieces.empty()].at(c));
    words.push_back(std::move(word));
  }
  return Learner(std::move(vocabulary), std::move(words))
      .learn(static_cast<std::size_t>(options.size), options.min_count);
}

}  // namespace aio
