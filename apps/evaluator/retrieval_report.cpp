#include "apps/evaluator/retrieval_report.h"

#include <algorithm>

namespace aio::apps {
namespace {

constexpr std::size_t kShown = 10;  ///< answers a prediction

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

RecallSummary summary_of(const std::vector<std::int64_t>& ranks) {
  return ranks.empty() ? RecallSummary{} : summarize_ranks(ranks);
}

/// Of all queries, given those of the readable ones: who saw no video has found none, however few there are.
RecallSummary summary_of(const std::vector<std::int64_t>& all, const RecallSummary& readable) {
  RecallSummary summary = summary_of(all);
  if (summary.queries == 0) return summary;
  const double share = static_cast<double>(readable.queries) / static_cast<double>(summary.queries);
  summary.r1 = readable.r1 * share;
  summary.r5 = readable.r5 * share;
  summary.r10 = readable.r10 * share;
  summary.r50 = readable.r50 * share;
  return summary;
}

void add_recalls(const std::string& prefix, const RecallSummary& recall, NamedMetrics& metrics) {
  metrics.emplace_back(prefix + "r1", recall.r1);
  metrics.emplace_back(prefix + "r5", recall.r5);
  metrics.emplace_back(prefix + "r10", recall.r10);
  metrics.emplace_back(prefix + "r50", recall.r50);
  metrics.emplace_back(prefix + "medr", recall.median_rank);
  metrics.emplace_back(prefix + "meanr", recall.mean_rank);
}

/// The first of `order` with their scores, without those that can never be found.
template <class Name, class Score>
std::vector<ScoredText> best_of(const std::vector<std::int64_t>& order, const Name& name, const Score& score) {
  std::vector<ScoredText> best;
  for (const std::int64_t i : order) {
    if (best.size() == kShown || score(i) == kNeverFound) break;
    best.emplace_back(name(i), score(i));
  }
  return best;
}

}  // namespace

RetrievalReport::RetrievalReport(const RetrievalItems& items) : items_(items) {
  std::vector<bool> described(items.videos.size(), false);
  for (std::size_t text = 0; text < items.texts.size(); ++text) {
    const Sample& own = items.videos[index(items.video_of[text])];
    text_lines_.emplace_back(own, text_was_read(text));
    text_lines_.back().add("direction", std::string("t2v")).add("text", items.texts[text]).add("answer", own.id);
    std::vector<std::string> right;
    for (const std::int64_t video : items.truth[text]) {
      described[index(video)] = true;
      right.push_back(items.videos[index(video)].id);
    }
    if (right.size() > 1) text_lines_.back().add("right", right);
  }
  for (std::size_t video = 0; video < items.videos.size(); ++video) {
    if (!described[video]) continue;
    videos_.push_back(video);
    video_lines_.emplace_back(items.videos[video], items.readable[video] != 0);
    video_lines_.back().add("direction", std::string("v2t"));
  }
}

bool RetrievalReport::text_was_read(std::size_t text) const {
  const std::vector<std::int64_t>& right = items_.truth[text];
  return std::any_of(right.begin(), right.end(), [&](std::int64_t i) { return items_.readable[index(i)] != 0; });
}

void RetrievalReport::add(const std::string& name, const ScoreMatrix& text_to_video, const ScoreMatrix& video_to_text) {
  const std::vector<std::int64_t> text_ranks = retrieval_ranks(text_to_video.tensor(), items_.truth).text_to_video;
  const std::vector<std::int64_t> video_ranks = retrieval_ranks(video_to_text.tensor(), items_.truth).video_to_text;
  std::vector<std::int64_t> read_texts, read_videos;
  text_best_.assign(text_ranks.size(), "");
  video_best_.assign(video_ranks.size(), "");
  for (std::size_t text = 0; text < text_ranks.size(); ++text) {
    if (text_was_read(text)) read_texts.push_back(text_ranks[text]);
    const auto row = static_cast<std::int64_t>(text);
    const std::vector<ScoredText> best = best_of(
        text_to_video.videos_by_score(row), [&](std::int64_t i) { return items_.videos[index(i)].id; },
        [&](std::int64_t i) { return text_to_video.at(row, i); });
    text_lines_[text].add(name + "_rank", text_ranks[text]).add(name, best);
    if (!best.empty()) text_best_[text] = best.front().first;
  }
  for (std::size_t i = 0; i < video_ranks.size(); ++i) {
    if (items_.readable[videos_[i]] != 0) read_videos.push_back(video_ranks[i]);
    const auto column = static_cast<std::int64_t>(videos_[i]);
    const std::vector<ScoredText> best = best_of(
        video_to_text.texts_by_score(column), [&](std::int64_t t) { return items_.texts[index(t)]; },
        [&](std::int64_t t) { return video_to_text.at(t, column); });
    video_lines_[i].add(name + "_rank", video_ranks[i]).add(name, best);
    if (!best.empty()) video_best_[i] = best.front().first;
  }
  const RecallSummary read_t2v = summary_of(read_texts), read_v2t = summary_of(read_videos);
  add_recalls(name + "_t2v_", summary_of(text_ranks, read_t2v), all_);
  add_recalls(name + "_v2t_", summary_of(video_ranks, read_v2t), all_);
  add_recalls(name + "_t2v_", read_t2v, readable_);
  add_recalls(name + "_v2t_", read_v2t, readable_);
}

Evaluation RetrievalReport::finish() const {
  Evaluation evaluation;
  evaluation.items = static_cast<std::int64_t>(items_.videos.size());
  evaluation.unreadable = std::count(items_.readable.begin(), items_.readable.end(), 0);
  evaluation.metrics = all_;
  if (evaluation.unreadable > 0) evaluation.metrics_readable = readable_;
  const auto write = [&](std::vector<JsonLine> lines, const std::vector<std::string>& best) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      evaluation.predictions.push_back(lines[i].add("prediction", best[i]).text());
    }
  };
  write(text_lines_, text_best_);
  write(video_lines_, video_best_);
  return evaluation;
}

}  // namespace aio::apps
