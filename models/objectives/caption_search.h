#pragma once
// The caption that the model finds most likely: greedily, or by beam search.
//
// A beam holds the `beams` best beginnings of a caption by the sum of their words' log-probabilities. Each step goes on
// with every word and keeps the best of all; one that ends in [SEP] is set aside, and the beam has one place less. When
// none is left, or the words are used up, the best of all by
//
//   score = (sum of log-probabilities, [SEP]'s included) / (words + [SEP])^length_penalty
//
// wins. Equal sums: the beginning that ranked first, then the smaller token; equal scores: the one that ended first.
// One beam is the greedy caption.

#include "models/objectives/objective.h"

namespace aio::models {

struct CaptionTokens {
  std::int64_t cls = 101, sep = 102, mask = 103;  ///< BERT's
};

struct CaptionSearch {
  std::int64_t max_words = 20;
  std::int64_t beams = 1;
  double length_penalty = 1;  ///< 0: none, which favours short captions; 1: the mean log-probability
  CaptionTokens tokens{};
};

struct Caption {
  std::vector<std::int64_t> words;  ///< without [CLS] and [SEP]
  double score = 0;
};

/// The best caption of each video. At most max_words words, or as many as the position table holds. No history.
/// Throws Error{value} unless beams and max_words are positive.
std::vector<Caption> search_captions(const AllInOne& model, const VideoTokens& video, const CaptionSearch& search,
                                     nn::ForwardCtx& ctx, const InputOptions& options = {});

/// Greedy captions of at most `max_words` tokens, without [CLS] and [SEP].
std::vector<std::vector<std::int64_t>> generate_captions(const AllInOne& model, const VideoTokens& video,
                                                         std::int64_t max_words, nn::ForwardCtx& ctx,
                                                         const CaptionTokens& tokens = {},
                                                         const InputOptions& options = {});

}  // namespace aio::models
