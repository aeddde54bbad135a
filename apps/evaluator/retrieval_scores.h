#pragma once
// Scores of all texts with all videos of a split, streamed: a batch of videos at a time is decoded, embedded, scored
// with every text and let go. What stays in memory are the contrastive vectors, the texts' token numbers and the
// matrices: 4 bytes a pair. (The tokens of a video are 1.8 MB for B; ActivityNet's 4,917 would be 9 GB.)

#include "apps/evaluator/eval_split.h"
#include "apps/evaluator/retrieval_items.h"
#include "apps/evaluator/score_matrix.h"
#include "models/all_in_one.h"
#include "models/objectives/multiple_choice.h"

namespace aio::apps {

struct RetrievalScores {
  ScoreMatrix cosine;  ///< of the contrastive vectors; empty unless asked for
  ScoreMatrix match;   ///< likewise
};

class RetrievalScorer {
 public:
  /// All outlive it; videos that a view cannot read are marked in `items`.
  RetrievalScorer(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options,
                  RetrievalItems& items)
      : model_(model), split_(split), options_(options), items_(items) {}

  /// Mean over options.views of both scores as far as options.bvtc and options.vtm ask for them. Throws Error{config}
  /// where the model lacks a head, TooManyBadSamples.
  RetrievalScores all() const { return score(options_.bvtc, options_.vtm, nullptr); }
  /// Match scores of the listed pairs; 0, which nobody reads, elsewhere. The videos are read again.
  ScoreMatrix match(const Shortlist& listed) const { return score(false, true, &listed).match; }

 private:
  RetrievalScores score(bool cosine, bool match, const Shortlist* listed) const;
  Tensor text_vectors(const TokenBatch& texts, nn::ForwardCtx& ctx) const;

  const models::AllInOne& model_;
  const EvalSplit& split_;
  const EvalOptions& options_;
  RetrievalItems& items_;
};

}  // namespace aio::apps
