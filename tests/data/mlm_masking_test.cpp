// Masking: what may be chosen, how much, and what is put there; the official collator's slips on request.

#include "data/mlm_masking.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <map>
#include <set>

#include "tests/expect_error.h"

namespace aio {
namespace {

using Ids = std::vector<std::int64_t>;

constexpr std::int64_t kPad = 0, kUnk = 1, kCls = 2, kSep = 3, kMask = 4;

/// Special tokens, then words w5 .. w49 and pieces ##50 .. ##99.
const WordPiece& vocabulary() {
  static const WordPiece vocabulary = [] {
    std::vector<std::string> tokens{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (int id = 5; id < 100; ++id) tokens.push_back((id < 50 ? "w" : "##") + std::to_string(id));
    return WordPiece(std::move(tokens));
  }();
  return vocabulary;
}

/// `rows` times [CLS] tokens [SEP], padded to `length`.
Tensor sequences(std::int64_t rows, const Ids& tokens, std::size_t length) {
  Ids all;
  for (std::int64_t row = 0; row < rows; ++row) {
    Ids ids{kCls};
    ids.insert(ids.end(), tokens.begin(), tokens.end());
    ids.push_back(kSep);
    ids.resize(length, kPad);
    all.insert(all.end(), ids.begin(), ids.end());
  }
  return Tensor::from(all, {rows, static_cast<std::int64_t>(length)});
}

struct Counts {
  double chosen = 0, mask = 0, same = 0, random = 0;
  std::set<std::int64_t> random_ids;
};

/// Checks that only chosen tokens change, and counts what became of them.
Counts count(const Tensor& before, const MaskedTokens& after) {
  const Ids original = before.to_vector<std::int64_t>();
  const Ids ids = after.ids.to_vector<std::int64_t>();
  const Ids labels = after.labels.to_vector<std::int64_t>();
  Counts counts;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (labels[i] == kIgnored) {
      REQUIRE(ids[i] == original[i]);
      continue;
    }
    REQUIRE(labels[i] == original[i]);
    ++counts.chosen;
    if (ids[i] == kMask) {
      ++counts.mask;
    } else if (ids[i] == original[i]) {
      ++counts.same;
    } else {
      ++counts.random;
      counts.random_ids.insert(ids[i]);
    }
  }
  return counts;
}

Ids repeated(std::int64_t id, std::size_t times) { return Ids(times, id); }

TEST_CASE("masking: tokens are chosen with the probability, 80 % masked, 10 % random, 10 % kept") {
  for (const bool reference : {false, true}) {
    const Tensor ids = sequences(2000, repeated(7, 38), 60);
    const Counts counts = count(ids, mask_tokens(ids, vocabulary(), {.reference = reference}, {1}));
    const double tokens = 2000 * 38;
    CHECK(counts.chosen / tokens == doctest::Approx(0.15).epsilon(0.03));  // standard error 0.9 %
    CHECK(counts.mask / counts.chosen == doctest::Approx(0.8).epsilon(0.02));
    CHECK(counts.same / counts.chosen == doctest::Approx(0.1).epsilon(0.1));
    CHECK(counts.random / counts.chosen == doctest::Approx(0.1).epsilon(0.1));
    // All tokens may be drawn; in the reference the special ones, too ([MASK] counts as masked above).
    CHECK(counts.random_ids.size() == (reference ? 98 : 94));
    CHECK(counts.random_ids.contains(kPad) == reference);
  }
}

TEST_CASE("masking: special tokens are never chosen; in the reference [MASK] and [UNK] are") {
  const Tensor ids = sequences(500, {kMask, kUnk, 9, kSep, kPad, kCls}, 10);
  for (const bool whole_word : {false, true}) {
    for (const bool reference : {false, true}) {
      const MaskingOptions options{.probability = 0.5, .whole_word = whole_word, .reference = reference};
      std::set<std::int64_t> labels;
      for (const std::int64_t label : mask_tokens(ids, vocabulary(), options, {2}).labels.to_vector<std::int64_t>()) {
        labels.insert(label);
      }
      CHECK(labels ==
            (reference ? std::set<std::int64_t>{kIgnored, kUnk, kMask, 9} : std::set<std::int64_t>{kIgnored, 9}));
    }
  }
}

TEST_CASE("masking: the reference's budgets of whole-word masking, with all the sequence to choose from") {
  // round(0.15 L), half to even, at least 1 and at most 512. [CLS] and [SEP] are never words, so all is used up.
  const std::map<std::size_t, double> budgets{{10, 2},  {12, 2},   {30, 4}, {40, 6},    {50, 8},
                                              {80, 12}, {100, 15}, {3, 1},  {4000, 512}};
  for (const auto& item : budgets) {
    const std::size_t length = item.first;
    const Tensor ids = sequences(1, repeated(7, length - 2), length);
    const MaskingOptions options{.whole_word = true, .reference = true};
    CAPTURE(length);
    CHECK(count(ids, mask_tokens(ids, vocabulary(), options, {3})).chosen == item.second);
  }
}

TEST_CASE("masking: padding uses up the reference's budget, but not ours") {
  const Tensor ids = sequences(2000, repeated(7, 8), 40);
  const auto masked = [&](bool reference) {
    return mask_tokens(ids, vocabulary(), {.whole_word = true, .reference = reference}, {4});
  };
  // 6 of the 38 that are not [CLS] or [SEP] are drawn, whatever they are: of 8 words 8 * 6 / 38.
  CHECK(count(ids, masked(true)).chosen / 2000 == doctest::Approx(8 * 6.0 / 38).epsilon(0.05));
  CHECK(count(ids, masked(false)).chosen / 2000 == 1);  // round(0.15 * 8)
}

TEST_CASE("masking: the pieces of a word are chosen together") {
  const Tensor ids = sequences(300, {5, 50, 51, 6, 7, 52, 8, 9, 10, 53, 54, 55}, 20);
  for (const bool reference : {false, true}) {
    const MaskingOptions options{.probability = 0.3, .whole_word = true, .reference = reference};
    const Ids labels = mask_tokens(ids, vocabulary(), options, {5}).labels.to_vector<std::int64_t>();
    std::map<std::size_t, int> chosen;  // by first place
    for (std::size_t row = 0; row < 300; ++row) {
      for (const auto& [begin, end] :
           std::map<std::size_t, std::size_t>{{1, 4}, {4, 5}, {5, 7}, {7, 8}, {8, 9}, {9, 13}}) {
        for (std::size_t i = begin; i < end; ++i) {
          REQUIRE((labels[row * 20 + i] == kIgnored) == (labels[row * 20 + begin] == kIgnored));
        }
        chosen[begin] += labels[row * 20 + begin] != kIgnored ? 1 : 0;
      }
    }
    for (const auto& [begin, times] : chosen) CHECK(times > 20);  // each has its turn, the long ones too
  }
}

// Recorded from 400,000 runs of the code of transformers 4.2.1 (DataCollatorForWholeWordMask._whole_word_mask, and what
// mask_tokens excludes): budget 6 of 20; pieces after [SEP], [PAD] and [MASK] go on with the word before them.
TEST_CASE("masking: the reference chooses each token as often as its code") {
  const Ids tokens{2, 5, 50, 51, 6, 7, 52, 8, 9, 10, 53, 54, 55, 3, 50, 0, 0, 51, 4, 52};
  constexpr double kExpected[] = {0,      0.3132, 0.3132, 0.3132, 0.508,  0.3663, 0.3663, 0.5075, 0.5073, 0.1655,
                                  0.1655, 0.1655, 0.1655, 0,      0.1655, 0,      0,      0.368,  0.3669, 0.3669};
  constexpr std::int64_t kRows = 20'000;
  Ids all;
  for (std::int64_t row = 0; row < kRows; ++row) all.insert(all.end(), tokens.begin(), tokens.end());
  const MaskingOptions options{.probability = 0.3, .whole_word = true, .reference = true};
  const Ids labels =
      mask_tokens(Tensor::from(all, {kRows, 20}), vocabulary(), options, {8}).labels.to_vector<std::int64_t>();
  std::array<double, 20> chosen{};
  for (std::size_t i = 0; i < labels.size(); ++i) chosen[i % 20] += labels[i] == kIgnored ? 0 : 1;
  for (std::size_t i = 0; i < 20; ++i) {
    CAPTURE(i);
    CHECK(std::abs(chosen[i] / kRows - kExpected[i]) < 0.014);  // standard error 0.0035
  }
}

TEST_CASE("masking: a word longer than the budget is skipped by the reference, but ours chooses one word at least") {
  const Tensor ids = sequences(100, {5, 50, 51, 52, 53}, 7);  // one word of 5 pieces, budget 1
  CHECK(count(ids, mask_tokens(ids, vocabulary(), {.whole_word = true, .reference = true}, {6})).chosen == 0);
  CHECK(count(ids, mask_tokens(ids, vocabulary(), {.whole_word = true}, {6})).chosen == 500);
  const Tensor empty = sequences(3, {}, 7);
  CHECK(count(empty, mask_tokens(empty, vocabulary(), {.whole_word = true}, {6})).chosen == 0);
}

TEST_CASE("masking: the key decides all; other keys, steps and calls decide otherwise") {
  const Tensor ids = sequences(4, repeated(7, 38), 40);
  const Ids before = ids.to_vector<std::int64_t>();
  for (const bool whole_word : {false, true}) {
    const MaskingOptions options{.whole_word = whole_word};
    std::set<Ids> seen;
    for (const RngKey key : {RngKey{1, 0, 0}, RngKey{2, 0, 0}, RngKey{1, 1, 0}, RngKey{1, 0, 1}}) {
      const Ids labels = mask_tokens(ids, vocabulary(), options, key).labels.to_vector<std::int64_t>();
      CHECK(mask_tokens(ids, vocabulary(), options, key).labels.to_vector<std::int64_t>() == labels);
      seen.insert(labels);
      for (std::size_t row = 0; row < 4; ++row)
        seen.insert(Ids(labels.begin() + 40 * std::ptrdiff_t(row), labels.begin() + 40 * std::ptrdiff_t(row + 1)));
    }
    CHECK(seen.size() == 4 + 16);  // rows differ, too
  }
  CHECK(ids.to_vector<std::int64_t>() == before);  // a copy was masked
}

TEST_CASE("masking: probabilities at the ends, empty batches, errors") {
  const Tensor ids = sequences(2, {5, 50, 6}, 8);
  for (const bool whole_word : {false, true}) {
    CHECK(count(ids, mask_tokens(ids, vocabulary(), {.probability = 0, .whole_word = whole_word}, {7})).chosen == 0);
    CHECK(count(ids, mask_tokens(ids, vocabulary(), {.probability = 1, .whole_word = whole_word}, {7})).chosen == 6);
    for (const Shape& shape : {Shape{0, 8}, Shape{2, 0}}) {
      const Tensor none = Tensor::zeros(shape, {DType::i64});
      CHECK(mask_tokens(none, vocabulary(), {.whole_word = whole_word}, {7}).labels.shape() == shape);
    }
  }
  EXPECT_ERROR(mask_tokens(ids, vocabulary(), {.probability = 1.5}, {7}), value, "probability is 1.5");
  EXPECT_ERROR(mask_tokens(Tensor::zeros({2, 2}), vocabulary(), {}, {7}), dtype, "ids are f32, expected i64");
  EXPECT_ERROR(mask_tokens(Tensor::zeros({2}, {DType::i64}), vocabulary(), {}, {7}), shape, "expected [B, L]");
  EXPECT_ERROR(mask_tokens(Tensor::full({1, 2}, 100, {DType::i64}), vocabulary(), {}, {7}), index, "id 100");
  const WordPiece bare({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"});
  EXPECT_ERROR(mask_tokens(sequences(1, {}, 2), bare, {}, {7}), value, "nothing but special tokens");
}

TEST_CASE("mask_tokens: the end of a caption is masked on request, once and always") {
  MaskingOptions options;
  options.end = true;
  options.probability = 0.3;
  const Tensor ids = sequences(50, {5, 6, kSep, 7}, 9);  // a [SEP] in the text is not the end
  const MaskedTokens masked = mask_tokens(ids, vocabulary(), options, RngKey{4});
  options.end = false;
  const MaskedTokens without = mask_tokens(ids, vocabulary(), options, RngKey{4});
  const Ids labels = masked.labels.to_vector<std::int64_t>(), out = masked.ids.to_vector<std::int64_t>();
  const Ids plain_labels = without.labels.to_vector<std::int64_t>(), plain = without.ids.to_vector<std::int64_t>();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool end = i % 9 == 5;
    CHECK(labels[i] == (end ? kSep : plain_labels[i]));
    CHECK(out[i] == (end ? kMask : plain[i]));
  }
}

}  // namespace
}  // namespace aio
