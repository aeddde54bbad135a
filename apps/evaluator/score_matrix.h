#pragma once
// ScoreMatrix: how well each text matches each video, and what retrieval makes of it.

#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace aio::apps {

struct ScoreMatrix {
  std::int64_t texts = 0, videos = 0;
  std::vector<float> values{};  ///< row by row, a text each; empty: not computed

  /// From a tensor [texts, videos].
  static ScoreMatrix from(const Tensor& scores);
  Tensor tensor() const { return Tensor::from(values, {texts, videos}); }
  bool empty() const { return values.empty(); }
  std::size_t place(std::int64_t text, std::int64_t video) const {
    return static_cast<std::size_t>(text * videos + video);
  }
  float at(std::int64_t text, std::int64_t video) const { return values[place(text, video)]; }

  /// Adds scores of the same size; an empty matrix becomes them.
  void add(const ScoreMatrix& other);
  void divide(float by);
  /// The videos of a text, or the texts of a video: the best first, of equal ones the first.
  std::vector<std::int64_t> videos_by_score(std::int64_t text) const;
  std::vector<std::int64_t> texts_by_score(std::int64_t video) const;
};

/// Below every score: what is never found.
inline constexpr float kNeverFound = -std::numeric_limits<float>::infinity();
/// Videos that could not be read are found by nobody, and find nothing.
void hide_videos(ScoreMatrix& scores, const std::vector<std::uint8_t>& readable);

/// 1 for the pairs that are looked at twice, [texts * videos].
using Shortlist = std::vector<std::uint8_t>;
/// The best `count` videos of each text.
Shortlist shortlist_of_texts(const ScoreMatrix& scores, std::int64_t count);
/// The best `count` texts of each video.
Shortlist shortlist_of_videos(const ScoreMatrix& scores, std::int64_t count);
/// Listed pairs in the order of `match`, above all others, which stay in that of `cosine` (at most 1).
ScoreMatrix reranked(const ScoreMatrix& cosine, const ScoreMatrix& match, const Shortlist& listed);

/// s / temperature -> log softmax over a text's videos + log softmax over a video's texts. A video that answers every
/// query a little is pushed back; it takes all queries at once to know.
ScoreMatrix dual_softmax(const ScoreMatrix& scores, double temperature);

}  // namespace aio::apps
