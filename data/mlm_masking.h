#pragma once
// Masked language modelling (Devlin et al., "BERT", 2019, section 3.1): which tokens are to be predicted, and what the
// model sees in their place: [MASK] for 80 %, a random token for 10 %, the token itself for 10 %.
//
//   token masking       every token is chosen with the same probability, independently
//   whole-word masking  words are chosen at random while all their pieces fit into a budget of round(probability * L)
//
// The official code (transformers 4.2.1's collators) has slips that change what is learned; `reference` repeats them:
//   - whole-word masking counts [CLS], [SEP] and [PAD] into L, and lets each [PAD] use up budget like a word: of a
//     sequence of 40 about 6/38 of the tokens are chosen however short the caption is, quite often none
//   - [MASK] and [UNK] standing in the text may be chosen, too
//   - the random token may be a special one
// Without it, L counts ordinary tokens only, and one word at least is chosen if there is one.

#include "data/wordpiece.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace aio {

struct MaskingOptions {
  double probability = 0.15;
  bool whole_word = false;  ///< off by default in the official code, on in all its published commands
  bool reference = false;   ///< repeat the official code's slips
  /// Also mask the [SEP] that ends a sequence, always: who writes captions by appending [MASK] must learn where to
  /// stop.
  bool end = false;
};

struct MaskedTokens {
  Tensor ids;     ///< i64 [B, L]: what the model sees
  Tensor labels;  ///< i64 [B, L]: the token to be predicted, kIgnored elsewhere
};

/// The label of a token that is not to be predicted, as in PyTorch's cross_entropy.
inline constexpr std::int64_t kIgnored = -100;

/// Masks `ids`, i64 [B, L] with [CLS], [SEP] and [PAD]; nothing at probability 0. What happens to a token depends on
/// the key and its place only; to words, on those of their row. Throws Error{shape|dtype}; Error{value} for a
/// probability outside [0, 1], Error{index} for an id outside the vocabulary.
MaskedTokens mask_tokens(const Tensor& ids, const WordPiece& vocabulary, const MaskingOptions& options, RngKey key);

}  // namespace aio
