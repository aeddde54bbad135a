#include "data/metrics/retrieval.h"

#include <algorithm>
#include <cmath>

#include "tensor/parallel.h"
#include "tensor/raw.h"

namespace aio {
namespace {

/// The answers of one query: every `step`-th number from `first`.
template <class T>
struct Scores {
  const T* first;
  std::int64_t count, step;
  T operator[](std::int64_t i) const { return first[i * step]; }
};

template <class T>
std::int64_t rank_of(const Scores<T>& scores, const std::vector<std::int64_t>& right) {
  T best = scores[right.front()];
  for (const std::int64_t i : right) {
    if (std::isnan(best) || scores[i] > best) best = scores[i];
  }
  // A tie is lost, and so is a comparison with NaN on either side.
  std::int64_t lost = 0;
  for (std::int64_t i = 0; i < scores.count; ++i) lost += scores[i] < best ? 0 : 1;
  for (const std::int64_t i : right) lost -= scores[i] < best ? 0 : 1;
  return 1 + lost;
}

/// right[i]: the right answers of query i, in rising order, each once.
template <class T>
std::vector<std::int64_t> ranks_of(const std::vector<Scores<T>>& queries, const RetrievalTruth& right) {
  std::vector<std::int64_t> all(queries.size(), 0);
  parallel_for(static_cast<std::int64_t>(queries.size()), 16, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      if (!right[i].empty()) all[i] = rank_of(queries[i], right[i]);
    }
  });
  all.erase(std::remove(all.begin(), all.end(), 0), all.end());
  return all;
}

template <class T>
RetrievalRanks ranks_both_ways(const Tensor& similarity, const RetrievalTruth& videos_of,
                               const RetrievalTruth& texts_of) {
  const std::int64_t texts = similarity.dim(0), videos = similarity.dim(1);
  const T* const data = similarity.data<T>();
  std::vector<Scores<T>> rows, columns;
  for (std::int64_t i = 0; i < texts; ++i) rows.push_back({data + i * videos, videos, 1});
  for (std::int64_t j = 0; j < videos; ++j) columns.push_back({data + j, texts, videos});
  return {ranks_of(rows, videos_of), ranks_of(columns, texts_of)};
}

double share_up_to(const std::vector<std::int64_t>& sorted, std::int64_t k) {
  const auto hits = std::upper_bound(sorted.begin(), sorted.end(), k) - sorted.begin();
  return static_cast<double>(hits) / static_cast<double>(sorted.size());
}

}  // namespace

RetrievalTruth diagonal_truth(std::int64_t items) {
  RetrievalTruth truth;
  for (std::int64_t i = 0; i < items; ++i) truth.push_back({i});
  return truth;
}

RecallSummary summarize_ranks(std::vector<std::int64_t> ranks) {
  check(!ranks.empty(), ErrorCode::value, "retrieval: no query has a right answer, so there is nothing to score");
  std::sort(ranks.begin(), ranks.end());
  const std::size_t half = ranks.size() / 2;
  RecallSummary summary;
  summary.r1 = share_up_to(ranks, 1);
  summary.r5 = share_up_to(ranks, 5);
  summary.r10 = share_up_to(ranks, 10);
  summary.r50 = share_up_to(ranks, 50);
  summary.median_rank = static_cast<double>(ranks[half] + ranks[(ranks.size() - 1) / 2]) / 2;
  double sum = 0;
  for (const std::int64_t rank : ranks) sum += static_cast<double>(rank);
  summary.mean_rank = sum / static_cast<double>(ranks.size());
  summary.queries = static_cast<std::int64_t>(ranks.size());
  return summary;
}

RetrievalRanks retrieval_ranks(const Tensor& similarity, const RetrievalTruth& truth) {
  check(similarity.rank() == 2, ErrorCode::shape, "retrieval: the similarity is ", describe(similarity),
        ", expected [texts, videos]");
  check(similarity.dtype() == DType::f32 || similarity.dtype() == DType::f64, ErrorCode::dtype,
        "retrieval: the similarity is ", describe(similarity), ", expected f32 or f64");
  const std::int64_t texts = similarity.dim(0), videos = similarity.dim(1);
  check(static_cast<std::int64_t>(truth.size()) == texts, ErrorCode::value, "retrieval: the truth is about ",
        truth.size(), " texts, the similarity is ", describe(similarity));
  RetrievalTruth videos_of = truth;
  RetrievalTruth texts_of(static_cast<std::size_t>(videos));
  for (std::size_t text = 0; text < videos_of.size(); ++text) {
    std::vector<std::int64_t>& right = videos_of[text];
    std::sort(right.begin(), right.end());
    right.erase(std::unique(right.begin(), right.end()), right.end());
    for (const std::int64_t video : right) {
      check(video >= 0 && video < videos, ErrorCode::value, "retrieval: text ", text, " describes video ", video,
            ", but the similarity is ", describe(similarity));
      texts_of[static_cast<std::size_t>(video)].push_back(static_cast<std::int64_t>(text));
    }
  }
  const Tensor matrix = raw::contiguous(similarity.to(Device{}));
  return matrix.dtype() == DType::f32 ? ranks_both_ways<float>(matrix, videos_of, texts_of)
                                      : ranks_both_ways<double>(matrix, videos_of, texts_of);
}

RetrievalScores score_retrieval(const Tensor& similarity, const RetrievalTruth& truth) {
  RetrievalRanks ranks = retrieval_ranks(similarity, truth);
  return {summarize_ranks(std::move(ranks.text_to_video)), summarize_ranks(std::move(ranks.video_to_text))};
}

}  // namespace aio
