#include "apps/evaluator/score_matrix.h"

#include <algorithm>

#include "autograd/ops.h"

namespace aio::apps {
namespace {

template <class Score>
std::vector<std::int64_t> by_score(std::int64_t count, const Score& score) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return score(a) > score(b); });
  return order;
}

}  // namespace

ScoreMatrix ScoreMatrix::from(const Tensor& scores) {
  return {scores.dim(0), scores.dim(1), cast(scores, DType::f32).to({}).to_vector<float>()};
}

void ScoreMatrix::add(const ScoreMatrix& other) {
  if (empty()) {
    *this = other;
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += other.values[i];
}

void ScoreMatrix::divide(float by) {
  for (float& value : values) value /= by;
}

std::vector<std::int64_t> ScoreMatrix::videos_by_score(std::int64_t text) const {
  return by_score(videos, [&](std::int64_t video) { return at(text, video); });
}

std::vector<std::int64_t> ScoreMatrix::texts_by_score(std::int64_t video) const {
  return by_score(texts, [&](std::int64_t text) { return at(text, video); });
}

void hide_videos(ScoreMatrix& scores, const std::vector<std::uint8_t>& readable) {
  for (std::size_t i = 0; i < scores.values.size(); ++i) {
    if (readable[i % static_cast<std::size_t>(scores.videos)] == 0) scores.values[i] = kNeverFound;
  }
}

Shortlist shortlist_of_texts(const ScoreMatrix& scores, std::int64_t count) {
  Shortlist listed(scores.values.size(), 0);
  for (std::int64_t text = 0; text < scores.texts; ++text) {
    const std::vector<std::int64_t> order = scores.videos_by_score(text);
    const std::size_t kept = std::min(order.size(), static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < kept; ++i) listed[scores.place(text, order[i])] = 1;
  }
  return listed;
}

Shortlist shortlist_of_videos(const ScoreMatrix& scores, std::int64_t count) {
  Shortlist listed(scores.values.size(), 0);
  for (std::int64_t video = 0; video < scores.videos; ++video) {
    const std::vector<std::int64_t> order = scores.texts_by_score(video);
    const std::size_t kept = std::min(order.size(), static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < kept; ++i) listed[scores.place(order[i], video)] = 1;
  }
  return listed;
}

ScoreMatrix reranked(const ScoreMatrix& cosine, const ScoreMatrix& match, const Shortlist& listed) {
  float lowest = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < listed.size(); ++i) {
    if (listed[i] != 0) lowest = std::min(lowest, match.values[i]);
  }
  ScoreMatrix result = cosine;
  for (std::size_t i = 0; i < listed.size(); ++i) {
    if (listed[i] != 0) result.values[i] = 2 + (match.values[i] - lowest);
  }
  return result;
}

ScoreMatrix dual_softmax(const ScoreMatrix& scores, double temperature) {
  const Tensor scaled = scale(scores.tensor(), 1 / temperature);
  return ScoreMatrix::from(log_softmax(scaled) + transpose(log_softmax(transpose(scaled, 0, 1)), 0, 1));
}

}  // namespace aio::apps
