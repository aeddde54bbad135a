#include "data/mlm_masking.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio {
namespace {

/// The decisions about one token, from the four lanes of its place.
class TokenDice {
 public:
  TokenDice(const RngKey& key, std::int64_t place) : bits_(random_bits(key, static_cast<std::uint64_t>(place))) {}
  double choice() const { return uniform(0); }
  std::int64_t swap_with(std::int64_t count) const { return below(0, count); }  // in place of choice()
  bool becomes_mask() const { return uniform(1) < 0.8; }
  bool becomes_random() const { return uniform(2) < 0.5; }
  std::int64_t random_token(std::int64_t count) const { return below(3, count); }

 private:
  double uniform(int lane) const { return bits_.v[lane] * 0x1p-32; }
  std::int64_t below(int lane, std::int64_t count) const {
    return static_cast<std::int64_t>(std::uint64_t{bits_.v[lane]} * static_cast<std::uint64_t>(count) >> 32);
  }
  Philox4 bits_;
};

class Masking {
 public:
  Masking(const WordPiece& vocabulary, const MaskingOptions& options, const RngKey& key)
      : vocabulary_(vocabulary), options_(options), key_(key) {
    const SpecialTokens& special = vocabulary.special();
    special_ = {special.pad, special.unk, special.cls, special.sep, special.mask};
    std::sort(special_.begin(), special_.end());
    check(vocabulary.size() > kSpecials, ErrorCode::value,
          "mask_tokens: the vocabulary has nothing but special tokens");
  }

  /// Masks one row in place; the row's tokens have the places first_place, first_place + 1, ...
  void mask_row(std::span<std::int64_t> ids, std::span<std::int64_t> labels, std::int64_t first_place) const {
    const std::vector<bool> chosen =
        options_.whole_word ? choose_words(ids, first_place) : choose_tokens(ids, first_place);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!chosen[i]) continue;
      labels[i] = ids[i];
      const TokenDice dice(key_, first_place + static_cast<std::int64_t>(i));
      if (dice.becomes_mask()) {
        ids[i] = vocabulary_.special().mask;
      } else if (dice.becomes_random()) {
        ids[i] = random_token(dice);
      }
    }
    if (options_.end) mask_end(ids, labels);
  }

 private:
  static constexpr std::int64_t kSpecials = 5;

  /// The last [SEP]; one that stands in the text is a word like others.
  void mask_end(std::span<std::int64_t> ids, std::span<std::int64_t> labels) const {
    const std::int64_t sep = vocabulary_.special().sep;
    for (std::size_t i = ids.size(); i-- > 0;) {
      if (ids[i] != sep) continue;
      labels[i] = sep;
      ids[i] = vocabulary_.special().mask;
      return;
    }
  }

  bool may_be_chosen(std::int64_t id) const {
    const SpecialTokens& special = vocabulary_.special();
    if (options_.reference) return id != special.cls && id != special.sep && id != special.pad;
    return !vocabulary_.is_special(id);
  }

  std::vector<bool> choose_tokens(std::span<const std::int64_t> ids, std::int64_t first_place) const {
    std::vector<bool> chosen(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const TokenDice dice(key_, first_place + static_cast<std::int64_t>(i));
      chosen[i] = may_be_chosen(ids[i]) && dice.choice() < options_.probability;
    }
    return chosen;
  }

  static constexpr std::size_t kNoWord = static_cast<std::size_t>(-1);

  std::vector<bool> choose_words(std::span<const std::int64_t> ids, std::int64_t first_place) const {
    std::vector<std::size_t> pieces;  // of each word
    const std::vector<std::size_t> word_of = find_words(ids, pieces);
    std::vector<std::size_t> order(pieces.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = order.size(); i > 1; --i) {  // Fisher-Yates
      const TokenDice dice(key_, first_place + static_cast<std::int64_t>(i) - 1);
      std::swap(order[i - 1], order[static_cast<std::size_t>(dice.swap_with(static_cast<std::int64_t>(i)))]);
    }
    const std::size_t budget = word_budget(ids);
    std::vector<bool> word_chosen(pieces.size());
    std::size_t spent = 0;
    for (const std::size_t word : order) {
      const bool may_exceed = spent == 0 && !options_.reference;  // one word at least, however long
      if (spent >= budget || (spent + pieces[word] > budget && !may_exceed)) continue;
      spent += pieces[word];
      word_chosen[word] = true;
    }
    std::vector<bool> chosen(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
      chosen[i] = word_of[i] != kNoWord && word_chosen[word_of[i]] && may_be_chosen(ids[i]);
    }
    return chosen;
  }

  /// The number of each token's word, or kNoWord. A token that begins with "##" goes on with the word before it; the
  /// reference takes a [PAD] for a word.
  std::vector<std::size_t> find_words(std::span<const std::int64_t> ids, std::vector<std::size_t>& pieces) const {
    std::vector<std::size_t> word_of(ids.size(), kNoWord);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!may_be_chosen(ids[i]) && !(options_.reference && ids[i] == vocabulary_.special().pad)) continue;
      if (pieces.empty() || !vocabulary_.is_continuation(ids[i])) pieces.push_back(0);
      ++pieces.back();
      word_of[i] = pieces.size() - 1;
    }
    return word_of;
  }

  std::size_t word_budget(std::span<const std::int64_t> ids) const {
    constexpr double kMostPredictions = 512;  // of a sequence, in the official code
    const auto length =
        options_.reference
            ? static_cast<double>(ids.size())
            : static_cast<double>(std::count_if(ids.begin(), ids.end(), [&](auto id) { return may_be_chosen(id); }));
    // Half to even, as Python rounds.
    return static_cast<std::size_t>(std::clamp(std::nearbyint(options_.probability * length), 1.0, kMostPredictions));
  }

  std::int64_t random_token(const TokenDice& dice) const {
    if (options_.reference) return dice.random_token(vocabulary_.size());
    std::int64_t id = dice.random_token(vocabulary_.size() - kSpecials);
    for (const std::int64_t special : special_) id += id >= special ? 1 : 0;
    return id;
  }

  const WordPiece& vocabulary_;
  MaskingOptions options_;
  RngKey key_;
  std::array<std::int64_t, kSpecials> special_;  // ascending
};

}  // namespace

MaskedTokens mask_tokens(const Tensor& ids, const WordPiece& vocabulary, const MaskingOptions& options, RngKey key) {
  check(ids.rank() == 2, ErrorCode::shape, "mask_tokens: ids have shape ", ids.shape(), ", expected [B, L]");
  check(ids.dtype() == DType::i64, ErrorCode::dtype, "mask_tokens: ids are ", ids.dtype(), ", expected i64");
  check(options.probability >= 0 && options.probability <= 1, ErrorCode::value, "mask_tokens: probability is ",
        options.probability, ", expected 0 to 1");
  MaskedTokens masked{raw::clone(ids), Tensor::full(ids.shape(), kIgnored, {DType::i64})};
  const std::span<std::int64_t> all_ids(masked.ids.data<std::int64_t>(), static_cast<std::size_t>(ids.numel()));
  const std::span<std::int64_t> all_labels(masked.labels.data<std::int64_t>(), all_ids.size());
  for (const std::int64_t id : all_ids) vocabulary.token(id);  // throws for an id outside

  if (options.probability == 0) return masked;

  const Masking masking(vocabulary, options, key);
  const auto length = static_cast<std::size_t>(ids.dim(1));
  for (std::size_t first = 0; first < all_ids.size(); first += length) {
    masking.mask_row(all_ids.subspan(first, length), all_labels.subspan(first, length),
                     static_cast<std::int64_t>(first));
  }
  return masked;
}

}  // namespace aio
