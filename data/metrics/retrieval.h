#pragma once
// Recall of text-to-video and video-to-text retrieval from a matrix of similarities.
//
// The rank of a query is the place of its best right answer among the wrong ones, counted from 1:
//
//   rank = 1 + #{wrong answers whose score is not below the best right answer's}
//
// so several captions of a video, or several right videos of a text, do not push each other back. Ties count against
// the model: one that gives every pair the same score finds nothing, and NaN never beats anything (a wrong answer whose
// score is NaN counts as better, a right one as worst). The released code instead takes a tie for a hit from text to
// video and the middle of the tie from video to text; without ties all three agree.

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace aio {

/// For each text the videos that it describes. A text without any, or a video that no text names, is a distractor: it
/// is found wrongly, but nobody asks for it.
using RetrievalTruth = std::vector<std::vector<std::int64_t>>;
/// Text i describes video i.
RetrievalTruth diagonal_truth(std::int64_t items);

/// Shares of the queries whose rank is at most k; the median (the mean of the middle two if even) and mean rank.
struct RecallSummary {
  double r1 = 0, r5 = 0, r10 = 0, r50 = 0;
  double median_rank = 0, mean_rank = 0;
  std::int64_t queries = 0;
};
/// Throws Error{value} if there are no ranks.
RecallSummary summarize_ranks(std::vector<std::int64_t> ranks);

/// The rank of each query that has a right answer, in the order of the matrix.
struct RetrievalRanks {
  std::vector<std::int64_t> text_to_video;  ///< of the texts
  std::vector<std::int64_t> video_to_text;  ///< of the videos
};
/// `similarity` f32 or f64 [texts, videos], higher is more similar. Throws Error{shape|dtype} on another tensor,
/// Error{value} where `truth` is of another length, names a video that is not there, or has no right pair.
RetrievalRanks retrieval_ranks(const Tensor& similarity, const RetrievalTruth& truth);

struct RetrievalScores {
  RecallSummary text_to_video, video_to_text;
};
/// retrieval_ranks(), both summarized.
RetrievalScores score_retrieval(const Tensor& similarity, const RetrievalTruth& truth);

}  // namespace aio
