#pragma once
// A retrieval split embedded once: what scoring any of its pairs of texts and videos needs, and who belongs together.

#include <string>
#include <vector>

#include "apps/evaluator/eval_split.h"
#include "data/metrics/retrieval.h"
#include "models/all_in_one.h"

namespace aio::apps {

/// Texts and videos of a split, before any model has seen them.
struct RetrievalItems {
  std::vector<Sample> videos;          ///< by row of the split
  std::vector<std::uint8_t> readable;  ///< of each video, in every view
  std::vector<std::string> texts;      ///< all captions of all videos
  std::vector<std::int64_t> video_of;  ///< the video that a text was given for
  /// The videos that each text describes: that one, and those that show the same scene.
  RetrievalTruth truth;

  /// Adds a video with its captions, `paragraph`: as one text, joined by blanks.
  void add(const Sample& video, bool was_read, bool paragraph);
  /// Fills in `truth`. Throws Error{value} where there are no texts.
  void find_truth();
};

/// What is to be embedded.
struct EmbedParts {
  bool bvtc = false;    ///< unit vectors
  bool tokens = false;  ///< the joint pass's input
};

/// One view of a split.
struct EmbeddedSplit {
  RetrievalItems items;
  Tensor text_vectors;        ///< [texts, shared_dim]; undefined unless asked for
  Tensor video_vectors;       ///< [videos, shared_dim]; likewise
  models::TextTokens text;    ///< of all texts, padded to one length
  models::VideoTokens video;  ///< of all videos
};

/// `view` of `views`: see EvalOptions. Throws Error{config} where the model lacks a head.
EmbeddedSplit embed_split(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options,
                          EmbedParts parts, std::int64_t view);

}  // namespace aio::apps
