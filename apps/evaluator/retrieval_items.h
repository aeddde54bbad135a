#pragma once
// The texts and videos of a retrieval split, and who belongs together.

#include <string>
#include <vector>

#include "apps/evaluator/eval_split.h"
#include "data/metrics/retrieval.h"

namespace aio::apps {

struct RetrievalItems {
  std::vector<Sample> videos;          ///< by row of the split
  std::vector<std::uint8_t> readable;  ///< of each video, in every view; all 1 before they are read
  std::vector<std::string> texts;      ///< all captions of all videos
  std::vector<std::int64_t> video_of;  ///< the video that a text was given for
  /// The videos that each text describes: that one, and those that show the same scene.
  RetrievalTruth truth;
};

/// Of the split's lines; no video is opened. `paragraph`: the captions of a video are one text, joined by blanks.
/// Throws Error{value} where there are no texts.
RetrievalItems read_items(const EvalSplit& split, bool paragraph);

}  // namespace aio::apps
