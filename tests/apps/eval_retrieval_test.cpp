// Retrieval: scores equal those of each pair computed alone, and ranks those of a plain count.

#include "apps/evaluator/retrieval.h"

#include <algorithm>

#include "apps/evaluator/score_matrix.h"
#include "apps/report/metric_names.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/multiple_choice.h"
#include "tests/apps/eval_fixture.h"

using namespace aio;
using apps::Evaluation;
using test::parsed;

namespace {

const std::string& folder() {
  static const std::string path = test::eval_data() + "/retrieval";
  return path;
}

/// Rank of each query by counting, one right answer a query on the diagonal.
std::vector<std::int64_t> plain_ranks(const Tensor& scores, bool columns) {
  const std::vector<float> values = scores.to_vector<float>();
  const std::int64_t n = scores.dim(0);
  std::vector<std::int64_t> ranks;
  for (std::int64_t i = 0; i < n; ++i) {
    std::int64_t rank = 1;
    for (std::int64_t j = 0; j < n; ++j) {
      const std::int64_t place = columns ? j * n + i : i * n + j;
      if (j != i && values[static_cast<std::size_t>(place)] >= values[static_cast<std::size_t>(i * n + i)]) ++rank;
    }
    ranks.push_back(rank);
  }
  return ranks;
}

double share_up_to(const std::vector<std::int64_t>& ranks, std::int64_t k) {
  const auto hits = std::count_if(ranks.begin(), ranks.end(), [k](std::int64_t rank) { return rank <= k; });
  return static_cast<double>(hits) / static_cast<double>(ranks.size());
}

void check_metrics(const Evaluation& evaluation, const std::string& prefix, std::vector<std::int64_t> ranks) {
  INFO(prefix);
  for (const std::int64_t k : {1, 5, 10, 50})
    CHECK(evaluation.metric(message(prefix, "r", k)) == doctest::Approx(share_up_to(ranks, k)));
  double sum = 0;
  for (const std::int64_t rank : ranks) sum += static_cast<double>(rank);
  CHECK(evaluation.metric(prefix + "meanr") == doctest::Approx(sum / static_cast<double>(ranks.size())));
  std::sort(ranks.begin(), ranks.end());
  const std::size_t half = ranks.size() / 2;
  CHECK(evaluation.metric(prefix + "medr") == static_cast<double>(ranks[half] + ranks[(ranks.size() - 1) / 2]) / 2);
}

std::vector<std::int64_t> predicted_ranks(const Evaluation& evaluation, const std::string& name,
                                          const std::string& direction) {
  std::vector<std::int64_t> ranks;
  for (const nlohmann::json& line : parsed(evaluation.predictions)) {
    if (line["direction"] == direction) ranks.push_back(line[name + "_rank"].get<std::int64_t>());
  }
  return ranks;
}

}  // namespace

TEST_CASE("eval retrieval: ranks are counted right, in both directions") {
  const test::EvalModel built;
  const Evaluation evaluation = apps::evaluate_retrieval(built.model, test::eval_split(folder()), {});
  CHECK(evaluation.items == 64);
  CHECK(evaluation.predictions.size() == 128);
  for (const std::string name : {"bvtc", "vtm"}) {
    const Tensor& scores = evaluation.similarities.at(name);
    REQUIRE(scores.shape() == Shape{64, 64});
    check_metrics(evaluation, name + "_t2v_", plain_ranks(scores, false));
    check_metrics(evaluation, name + "_v2t_", plain_ranks(scores, true));
    CHECK(predicted_ranks(evaluation, name, "t2v") == plain_ranks(scores, false));
    CHECK(predicted_ranks(evaluation, name, "v2t") == plain_ranks(scores, true));
  }
}

TEST_CASE("eval retrieval: match scores over shared embeddings equal those of each pair alone") {
  const test::EvalModel built;
  apps::EvalSplit split = test::eval_split(folder());
  const Evaluation evaluation = apps::evaluate_retrieval(built.model, split, {});
  const std::vector<float> scores = evaluation.similarities.at("vtm").to_vector<float>();
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  Loader loader(split.manifests, *split.tokenizer, split.decode, split.loader);
  const Batch batch = *loader.next();
  for (const std::int64_t text : {0, 3, 9}) {
    for (const std::int64_t video : {0, 7}) {
      const models::TextBatch one{reshape(slice(batch.text.ids, 0, text, text + 1), {1, 1, 24}),
                                  reshape(slice(batch.text.mask, 0, text, text + 1), {1, 1, 24})};
      const models::ChoiceBatch pair{slice(batch.frames, 0, video, video + 1), one, {}};
      const double alone = models::multiple_choice(built.model, pair, ctx).scores.to_vector<float>()[0];
      CHECK(scores[static_cast<std::size_t>(text * 64 + video)] == doctest::Approx(alone).epsilon(1e-4));
    }
  }
}

TEST_CASE("eval retrieval: re-ranking everything is VTM, re-ranking one is BVTC") {
  const test::EvalModel built;
  const apps::EvalSplit split = test::eval_split(folder());
  const Evaluation both = apps::evaluate_retrieval(built.model, split, {});
  apps::EvalOptions options;
  options.vtm = false;
  options.rerank = {64};
  const Evaluation all = apps::evaluate_retrieval(built.model, split, options);
  CHECK(predicted_ranks(all, "rerank", "t2v") == predicted_ranks(both, "vtm", "t2v"));
  CHECK(predicted_ranks(all, "rerank", "v2t") == predicted_ranks(both, "vtm", "v2t"));
  options.rerank = {1};
  const Evaluation one = apps::evaluate_retrieval(built.model, split, options);
  CHECK(predicted_ranks(one, "rerank", "t2v") == predicted_ranks(both, "bvtc", "t2v"));
  // Between the two: what BVTC did not shortlist keeps its rank, what it did gets one within the list.
  options.rerank = {8};
  const auto ranks = predicted_ranks(apps::evaluate_retrieval(built.model, split, options), "rerank", "t2v");
  const auto before = predicted_ranks(both, "bvtc", "t2v");
  int moved = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    CHECK((before[i] <= 8) == (ranks[i] <= 8));
    if (before[i] > 8) CHECK(ranks[i] == before[i]);
    moved += ranks[i] == before[i] ? 0 : 1;
  }
  CHECK(moved > 0);
}

TEST_CASE("eval retrieval: several shortlists are a curve, each as if asked for alone") {
  const test::EvalModel built;
  const apps::EvalSplit split = test::eval_split(folder());
  apps::EvalOptions options;
  options.vtm = false;
  options.rerank = {2, 16, 64};
  const Evaluation curve = apps::evaluate_retrieval(built.model, split, options);
  for (const std::int64_t count : {2, 16, 64}) {
    options.rerank = {count};
    const Evaluation alone = apps::evaluate_retrieval(built.model, split, options);
    for (const std::string direction : {"t2v", "v2t"}) {
      CHECK(predicted_ranks(curve, message("rerank", count), direction) == predicted_ranks(alone, "rerank", direction));
    }
  }
  CHECK(report::retrieval_metric("rerank16_t2v_r5")->row == "text to video, best 16 reranked");
  CHECK(report::retrieval_metric("rerank16_t2v_r5")->column == "r5");
  CHECK_FALSE(report::retrieval_metric("reranked_t2v_r5"));
}

TEST_CASE("eval retrieval: what a pair scores does not depend on the batches of videos or the pairs of a pass") {
  const test::EvalModel built;
  apps::EvalSplit split = test::eval_split(folder());
  const Evaluation one = apps::evaluate_retrieval(built.model, split, {});
  split.loader.batch_size = 3;
  CHECK(apps::evaluate_retrieval(built.model, split, {}).predictions == one.predictions);
  apps::EvalOptions few;
  few.pairs_at_once = 5;
  const auto a = one.similarities.at("vtm").to_vector<float>();
  const auto b = apps::evaluate_retrieval(built.model, split, few).similarities.at("vtm").to_vector<float>();
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(b[i] == doctest::Approx(a[i]).epsilon(1e-4));
}

TEST_CASE("eval retrieval: similarities of several views are averaged") {
  const test::EvalModel built;
  const apps::EvalSplit split = test::eval_split(folder());
  apps::EvalOptions options;
  options.vtm = false;
  options.views = 2;
  const std::vector<float> mean =
      apps::evaluate_retrieval(built.model, split, options).similarities.at("bvtc").to_vector<float>();
  std::vector<std::vector<float>> views;
  for (const std::uint32_t view : {0U, 1U}) {
    apps::EvalSplit one = split;
    one.loader.view = view;
    one.loader.mode = SampleMode::random;
    options.views = 1;
    views.push_back(apps::evaluate_retrieval(built.model, one, options).similarities.at("bvtc").to_vector<float>());
  }
  const std::vector<float>&first = views[0], &second = views[1];
  double apart = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    CHECK(mean[i] == doctest::Approx((first[i] + second[i]) / 2).epsilon(1e-5));
    apart = std::max(apart, std::abs(static_cast<double>(first[i] - second[i])));
  }
  CHECK(apart > 1e-3);  // other frames
}

TEST_CASE("eval retrieval: captions of a video are right for it, and texts of one scene for all of its videos") {
  test::EvalSet set({{"name", "captions"}, {"task", "retrieval"}});
  set.add({{"id", "a"}, {"media", test::clip(0)}, {"captions", {"a red bar", "a bar that is red"}}});
  set.add({{"id", "b"}, {"media", test::clip(1)}, {"captions", {"a blue bar"}}, {"group", "blue"}});
  set.add({{"id", "c"}, {"media", test::clip(2)}, {"captions", {"a bar that is blue"}}, {"group", "blue"}});
  const test::EvalModel built;
  const Evaluation evaluation = apps::evaluate_retrieval(built.model, test::eval_split(set.path()), {});
  CHECK(evaluation.similarities.at("vtm").shape() == Shape{4, 3});
  const auto lines = parsed(evaluation.predictions);
  REQUIRE(lines.size() == 4 + 3);
  CHECK(lines[1]["text"] == "a bar that is red");
  CHECK(lines[1]["answer"] == "a");
  CHECK(lines[2]["right"] == nlohmann::json({"b", "c"}));
  // Right answers do not push each other back: with 1 wrong video for the blue texts, no rank is above 2.
  CHECK(lines[2]["vtm_rank"].get<int>() <= 2);
  CHECK(lines[3]["vtm_rank"].get<int>() <= 2);
  CHECK(lines[5]["direction"] == "v2t");
  CHECK(lines[5]["vtm_rank"].get<int>() <= 3);  // 2 right and 2 wrong texts

  apps::EvalOptions paragraph;
  paragraph.paragraph = true;
  const Evaluation joined = apps::evaluate_retrieval(built.model, test::eval_split(set.path()), paragraph);
  CHECK(parsed(joined.predictions)[0]["text"] == "a red bar a bar that is red");
  CHECK(joined.similarities.at("bvtc").shape() == Shape{3, 3});
}

TEST_CASE("eval retrieval: an unreadable video is found by nobody and finds nothing") {
  test::EvalSet set({{"name", "broken"}, {"task", "retrieval"}});
  for (int i = 0; i < 4; ++i) {
    set.add({{"id", message("v", i)}, {"media", i == 2 ? "clips/none.mp4" : test::clip(i)}, {"caption", "a red bar"}});
  }
  const test::EvalModel built;
  apps::EvalOptions options;
  options.rerank = {4};
  options.dual_softmax = true;
  const Evaluation evaluation = apps::evaluate_retrieval(built.model, test::eval_split(set.path()), options);
  CHECK(evaluation.unreadable == 1);
  const auto lines = parsed(evaluation.predictions);
  REQUIRE(lines.size() == 8);
  for (const char* way : {"bvtc", "vtm", "rerank", "bvtc_dual", "vtm_dual"}) {
    INFO(way);
    CHECK(lines[2][std::string(way) + "_rank"] == 4);
    CHECK(lines[6][std::string(way) + "_rank"] == 4);
    for (const int text : {0, 1, 3}) {
      CHECK(lines[static_cast<std::size_t>(text)][std::string(way) + "_rank"].get<int>() <= 3);
      CHECK(lines[static_cast<std::size_t>(text)][way].size() == 3);
    }
  }
  REQUIRE(evaluation.metrics_readable.size() == evaluation.metrics.size());
  CHECK(evaluation.metric("vtm_t2v_r5") == 0.75);  // although there are only 4
  CHECK(evaluation.metrics_readable[1].second == 1);
  CHECK(evaluation.metrics_readable[4].first == "bvtc_t2v_medr");
}

TEST_CASE("eval retrieval: dual softmax by its formula") {
  apps::ScoreMatrix scores{2, 3, {0.5F, 0.1F, -0.2F, 0.4F, 0.6F, 0.0F}};
  const apps::ScoreMatrix dual = apps::dual_softmax(scores, 0.5);
  for (std::int64_t i = 0; i < 2; ++i) {
    for (std::int64_t j = 0; j < 3; ++j) {
      double row = 0, column = 0;
      for (std::int64_t k = 0; k < 3; ++k) row += std::exp(scores.at(i, k) / 0.5);
      for (std::int64_t k = 0; k < 2; ++k) column += std::exp(scores.at(k, j) / 0.5);
      const double expected = 2 * scores.at(i, j) / 0.5 - std::log(row) - std::log(column);
      CHECK(dual.at(i, j) == doctest::Approx(expected).epsilon(1e-5));
    }
  }
}

TEST_CASE("eval retrieval: without heads it does what it can, and says what it cannot") {
  models::AioConfig config = test::eval_config(test::eval_tokenizer().size());
  config.head.contrastive = false;
  const test::EvalModel match_only(config);
  const Evaluation evaluation = apps::evaluate_retrieval(match_only.model, test::eval_split(folder()), {});
  CHECK(evaluation.similarities.count("bvtc") == 0);
  CHECK(evaluation.similarities.count("vtm") == 1);
  apps::EvalOptions options;
  options.vtm = false;
  CHECK_THROWS_WITH_AS(apps::evaluate_retrieval(match_only.model, test::eval_split(folder()), options),
                       doctest::Contains("no head txt_proj"), Error);
  CHECK_THROWS_WITH_AS(apps::evaluate_retrieval(match_only.model, test::eval_split(test::eval_data() + "/qa"), {}),
                       doctest::Contains("is for qa, expected retrieval"), Error);
}
