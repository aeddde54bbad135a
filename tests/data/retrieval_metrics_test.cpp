#include "data/metrics/retrieval.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "data/dice.h"
#include "tensor/raw.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using Ranks = std::vector<std::int64_t>;

Tensor matrix(const std::vector<float>& values, std::int64_t texts) {
  return Tensor::from(values, {texts, static_cast<std::int64_t>(values.size()) / texts});
}

/// Another way to the same ranks: sorts all answers, the wrong ones first where scores are equal.
std::int64_t sorted_rank(const std::vector<float>& scores, const Ranks& right) {
  const auto is_right = [&](std::size_t i) {
    return std::find(right.begin(), right.end(), static_cast<std::int64_t>(i)) != right.end();
  };
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : is_right(a) < is_right(b);
  });
  const auto hit = std::find_if(order.begin(), order.end(), is_right);
  return hit - order.begin() + 1;
}

TEST_CASE("retrieval: ranks by hand, in both directions") {
  //                    video 0    1    2
  const Tensor s = matrix({0.9F, 0.1F, 0.2F,   // text 0: first
                           0.8F, 0.3F, 0.5F,   // text 1: third
                           0.1F, 0.6F, 0.4F},  // text 2: second
                          3);
  const RetrievalRanks ranks = retrieval_ranks(s, diagonal_truth(3));
  CHECK(ranks.text_to_video == Ranks{1, 3, 2});
  CHECK(ranks.video_to_text == Ranks{1, 2, 2});  // columns: 0.9 > 0.8; 0.3 < 0.6; 0.4 < 0.5
  const RetrievalScores scores = score_retrieval(s, diagonal_truth(3));
  CHECK(scores.text_to_video.r1 == doctest::Approx(1.0 / 3));
  CHECK(scores.text_to_video.r5 == 1);
  CHECK(scores.text_to_video.median_rank == 2);
  CHECK(scores.text_to_video.mean_rank == 2);
  CHECK(scores.video_to_text.mean_rank == doctest::Approx(5.0 / 3));
  CHECK(scores.video_to_text.queries == 3);
}

TEST_CASE("retrieval: R@k counts ranks up to k; an even number of ranks has the middle two's mean as its median") {
  const RecallSummary s = summarize_ranks({51, 1, 5, 6, 10, 11, 50, 2});
  CHECK(s.r1 == 1.0 / 8);
  CHECK(s.r5 == 3.0 / 8);
  CHECK(s.r10 == 5.0 / 8);
  CHECK(s.r50 == 7.0 / 8);
  CHECK(s.median_rank == 8);  // 6 and 10
  CHECK(s.mean_rank == 17);
  EXPECT_ERROR(summarize_ranks({}), value, "retrieval: no query has a right answer, so there is nothing to score");
}

TEST_CASE("retrieval: right answers do not push each other back") {
  // Texts 0 and 1 describe video 0, text 2 videos 1 and 2; nobody describes video 3.
  const Tensor s = matrix({0.9F, 0.1F, 0.2F, 0.3F,   //
                           0.8F, 0.1F, 0.2F, 0.85F,  //
                           0.7F, 0.6F, 0.5F, 0.9F},
                          3);
  const RetrievalRanks ranks = retrieval_ranks(s, {{0}, {0}, {2, 1, 2}});
  CHECK(ranks.text_to_video == Ranks{1, 2, 3});  // text 2: behind videos 3 and 0, by its better video
  CHECK(ranks.video_to_text == Ranks{1, 1, 1});  // and none for video 3
}

TEST_CASE("retrieval: a collapsed model finds nothing, NaN wins nothing") {
  const RetrievalScores flat = score_retrieval(Tensor::zeros({60, 60}), diagonal_truth(60));
  CHECK(flat.text_to_video.r50 == 0);
  CHECK(flat.video_to_text.median_rank == 60);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(retrieval_ranks(matrix({nan, 0.5F, 0.4F}, 1), {{0}}).text_to_video == Ranks{3});
  CHECK(retrieval_ranks(matrix({nan, 0.5F, 0.4F}, 1), {{1}}).text_to_video == Ranks{2});
  CHECK(retrieval_ranks(matrix({nan, 0.5F, 0.4F}, 1), {{0, 1}}).text_to_video == Ranks{1});
}

TEST_CASE("retrieval: random matrices with ties against sorting, f32 and f64, any strides") {
  for (std::uint32_t trial = 0; trial < 20; ++trial) {
    const std::int64_t texts = 1 + trial * 3, videos = 2 + trial;
    std::vector<float> values;
    Dice dice(RngKey{7, 0, trial});
    for (std::int64_t i = 0; i < texts * videos; ++i) values.push_back(static_cast<float>(dice.below(9)));
    RetrievalTruth truth;
    for (std::int64_t i = 0; i < texts; ++i) {
      truth.push_back({dice.below(videos)});
      if (dice.below(4) == 0) truth.back().push_back(0);
    }
    const Tensor s = matrix(values, texts);
    const RetrievalRanks ranks = retrieval_ranks(s, truth);
    REQUIRE(ranks.text_to_video.size() == truth.size());
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const auto row = values.begin() + static_cast<std::int64_t>(i) * videos;
      CHECK(ranks.text_to_video[i] == sorted_rank({row, row + videos}, truth[i]));
    }
    std::size_t asked = 0;
    for (std::int64_t video = 0; video < videos; ++video) {
      std::vector<float> column;
      Ranks right;
      for (std::int64_t text = 0; text < texts; ++text) {
        column.push_back(values[static_cast<std::size_t>(text * videos + video)]);
        const Ranks& videos_of = truth[static_cast<std::size_t>(text)];
        if (std::find(videos_of.begin(), videos_of.end(), video) != videos_of.end()) right.push_back(text);
      }
      if (!right.empty()) CHECK(ranks.video_to_text.at(asked++) == sorted_rank(column, right));
    }
    CHECK(asked == ranks.video_to_text.size());
    const RetrievalRanks wide = retrieval_ranks(raw::cast(s, DType::f64), truth);
    CHECK(wide.text_to_video == ranks.text_to_video);
    const Tensor strided = raw::transpose(raw::contiguous(raw::transpose(s, 0, 1)), 0, 1);
    CHECK(retrieval_ranks(strided, truth).video_to_text == ranks.video_to_text);
  }
}

TEST_CASE("retrieval: what it refuses") {
  const Tensor s = Tensor::zeros({2, 3});
  EXPECT_ERROR(retrieval_ranks(s, {{0}}), value, "retrieval: the truth is about 1 texts, the similarity is f32[2, 3]");
  EXPECT_ERROR(retrieval_ranks(s, {{0}, {3}}), value,
               "retrieval: text 1 describes video 3, but the similarity is f32[2, 3]");
  EXPECT_ERROR(score_retrieval(s, {{}, {}}), value, "no query has a right answer");
  EXPECT_ERROR(retrieval_ranks(Tensor::zeros({2, 2}, {DType::i64, {}}), diagonal_truth(2)), dtype,
               "retrieval: the similarity is i64[2, 2], expected f32 or f64");
}

}  // namespace
}  // namespace aio
