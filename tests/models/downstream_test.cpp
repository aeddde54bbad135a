// The fine-tuning objectives: what is shared, what is repeated, what a caption may see, what is refused.

#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "models/objectives/caption.h"
#include "models/objectives/caption_search.h"
#include "models/objectives/classify.h"
#include "models/objectives/count.h"
#include "models/objectives/image_text.h"
#include "models/objectives/qa.h"
#include "models/objectives/retrieval.h"
#include "tests/expect_error.h"
#include "tiny_model.h"

using namespace aio;
using namespace aio::models;
using namespace aio::test;

namespace {

AioConfig config_with(const HeadsConfig& heads) {
  AioConfig config = tiny_config();
  config.head = heads;
  return config;
}

Tensor clips(std::int64_t count) { return normal({count, 3, 3, 16, 16}, 0, 1, {42}, {DType::f64, {}}); }
nn::ForwardCtx evaluating() { return nn::ForwardCtx::eval(DType::f64); }

double distance(const Tensor& a, const Tensor& b) {
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  REQUIRE(x.size() == y.size());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(x[i] - y[i]));
  return worst;
}

const ChoiceBatch kChoice{clips(2), tiny_options({2, 4, 3, 3, 2, 2}, 3, 4), indices({2, 0})};

}  // namespace

TEST_CASE("options: one pass over all is one pass each, video by video") {
  const TinyModel tiny(config_with({.rank = true, .choice_qa = true}));
  nn::ForwardCtx ctx = evaluating();
  const Tensor together = multiple_choice(tiny.model, kChoice, ctx).scores;
  const Tensor qa = multiple_choice_qa(tiny.model, kChoice, ctx).scores;
  CHECK(together.shape() == Shape{2, 3});
  for (std::int64_t b = 0; b < 2; ++b) {
    for (std::int64_t option = 0; option < 3; ++option) {
      const TextBatch text{slice(select(kChoice.options.ids, 1, option), 0, b, b + 1),
                           slice(select(kChoice.options.mask, 1, option), 0, b, b + 1)};
      const Tensor features = joint_features(tiny.model, text, slice(kChoice.frames, 0, b, b + 1), ctx);
      const auto at = [&](const Tensor& scores) { return select(select(scores, 0, b), 0, option); };
      CHECK(distance(match_logits(tiny.model, features, MatchHead::rank, ctx), at(together)) < 1e-12);
      CHECK(distance(tiny.model.heads.choice_qa->forward(features, ctx), at(qa)) < 1e-12);
    }
  }
  // rank_output starts as the VTM head's match row; retrieval's answer is option 0.
  CHECK(distance(multiple_choice(tiny.model, kChoice, ctx, MatchHead::vtm).scores, together) < 1e-12);
  const Tensor first = cross_entropy(together, indices({0, 0}));
  CHECK(distance(retrieval(tiny.model, kChoice, ctx).loss, first) < 1e-12);
}

TEST_CASE("match scores: any pairs, in any chunks, over embeddings made once") {
  const TinyModel tiny(config_with({.rank = true}));
  nn::ForwardCtx ctx = evaluating();
  const TextTokens texts = tiny.model.embed_text(tiny_text({3, 5, 2}, 6), ctx, {.keep_padding = true});
  const VideoTokens videos = tiny.model.embed_video(clips(2), ctx);
  const Pairs pairs{{2, 0, 1, 1, 0}, {0, 0, 1, 0, 1}};
  const Tensor all = match_scores(tiny.model, texts, videos, pairs, ctx);
  CHECK(all.shape() == Shape{5});
  CHECK_FALSE(requires_grad(all));
  for (const std::int64_t chunk : {1, 2, 4}) {
    CHECK(distance(match_scores(tiny.model, texts, videos, pairs, ctx, MatchHead::rank, chunk), all) < 1e-12);
  }
  CHECK(match_scores(tiny.model, texts, videos, {}, ctx).numel() == 0);
  EXPECT_ERROR(match_scores(tiny.model, texts, videos, {{3}, {0}}, ctx), index, "text 3 is not among the 3");
  EXPECT_ERROR(match_scores(tiny.model, texts, videos, {{0}, {2}}, ctx), index, "video 2 is not among the 2");
  EXPECT_ERROR(match_scores(tiny.model, texts, videos, pairs, ctx, MatchHead::rank, 0), value, "chunk is 0");
}

TEST_CASE("QA: unknown answers add nothing, only unknown ones cost nothing") {
  const TinyModel tiny(config_with({.qa_labels = 5}));
  nn::ForwardCtx ctx = evaluating();
  const QaBatch known{clips(2), tiny_text({3, 5}, 6), indices({1, -100})};
  const Scored scored = open_ended_qa(tiny.model, known, ctx);
  CHECK(distance(scored.loss, cross_entropy(slice(scored.scores, 0, 0, 1), indices({1}))) < 1e-12);
  const QaBatch unknown{known.frames, known.text, indices({-100, -100})};
  const Tensor loss = open_ended_qa(tiny.model, unknown, ctx).loss;
  CHECK(loss.item() == 0);
  backward(loss);
  for (const double g : grad(tiny.model.heads.qa->out.weight).to_vector<double>()) CHECK(g == 0);
  EXPECT_ERROR(open_ended_qa(tiny.model, {known.frames, known.text, indices({1, 5})}, ctx), index, "5");
}

TEST_CASE("counting: the squared error over known counts, rounded where it is judged") {
  const TinyModel tiny(config_with({.qa_labels = 1}));
  nn::ForwardCtx ctx = evaluating();
  const QaBatch known{clips(2), tiny_text({3, 5}, 6), indices({3, 10})};
  const Scored scored = count_regression(tiny.model, known, ctx);
  REQUIRE(scored.scores.shape() == Shape{2, 1});
  const std::vector<double> scores = scored.scores.to_vector<double>();
  CHECK(scores[0] != scores[1]);
  const double first = (scores[0] - 3) * (scores[0] - 3), second = (scores[1] - 10) * (scores[1] - 10);
  CHECK(scored.loss.item() == doctest::Approx((first + second) / 2).epsilon(1e-12));
  const auto loss_of = [&](const std::vector<std::int64_t>& counts) {
    return count_regression(tiny.model, {known.frames, known.text, indices(counts)}, ctx).loss;
  };
  CHECK(loss_of({-100, 10}).item() == doctest::Approx(second).epsilon(1e-12));
  const Tensor none = loss_of({-100, -100});
  CHECK(none.item() == 0);
  backward(none);
  for (const double g : grad(tiny.model.heads.qa->out.weight).to_vector<double>()) CHECK(g == 0);

  const std::pair<double, std::int64_t> rounded[] = {{-3, 0}, {0.49, 0}, {0.5, 1}, {2.5, 3}, {9.6, 10}, {25, 10}};
  for (const auto& pair : rounded) CHECK(nearest_count(pair.first) == pair.second);
  const TinyModel classes(config_with({.qa_labels = 5}));
  EXPECT_ERROR(count_regression(classes.model, known, ctx), config, "has 5 outputs, expected one");
}

TEST_CASE("captioning: nothing sees what comes after it") {
  const TinyModel tiny(config_with({.caption = true}));
  nn::ForwardCtx ctx = evaluating();
  const std::vector<std::uint8_t> mask = caption_mask(2, 3).to_vector<std::uint8_t>();
  CHECK(mask == std::vector<std::uint8_t>{1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1});

  const VideoTokens video = tiny.model.embed_video(clips(1), ctx);
  const auto logits = [&](const std::vector<std::int64_t>& ids) {
    const Shape shape{1, static_cast<std::int64_t>(ids.size())};
    const TextBatch text{Tensor::from(ids, shape), Tensor::full(shape, 1, {DType::i64, {}})};
    return caption_logits(tiny.model, tiny.model.embed_text(text, ctx), video, ctx);
  };
  const Tensor a = logits({1, 5, 6, 7, 8}), b = logits({1, 5, 6, 9, 2});
  CHECK(distance(slice(a, 1, 0, 3), slice(b, 1, 0, 3)) < 1e-12);
  CHECK(distance(slice(a, 1, 3, 4), slice(b, 1, 3, 4)) > 1e-3);

  // The step's logits are those of [MASK] at the text's end, whatever the padding.
  const TextBatch two{Tensor::from(std::vector<std::int64_t>{1, 5, 6, 1, 7, 0}, {2, 3}),
                      Tensor::from(std::vector<std::int64_t>{1, 1, 1, 1, 1, 0}, {2, 3})};
  const VideoTokens twice{index_select(video.tokens, 0, indices({0, 0})), {}, {}};
  const Tensor next = next_token_logits(tiny.model, two, twice, 3, ctx);
  CHECK(distance(slice(next, 0, 0, 1), select(logits({1, 5, 6, 3}), 1, 3)) < 1e-12);
  CHECK(distance(slice(next, 0, 1, 2), select(logits({1, 7, 3}), 1, 2)) < 1e-12);

  // Greedy generation takes the best word each time, up to what the position table holds.
  const auto words = generate_captions(tiny.model, video, 20, ctx, {.cls = 1, .sep = 99, .mask = 3});
  REQUIRE(words.size() == 1);
  CHECK(words[0].size() == 5);
  std::vector<std::int64_t> ids{1};
  for (const std::int64_t word : words[0]) {
    ids.push_back(3);
    CHECK(argmax(select(logits(ids), 1, static_cast<std::int64_t>(ids.size()) - 1)).item() == word);
    ids.back() = word;
  }
  CHECK(generate_captions(tiny.model, video, 20, ctx, {.cls = 1, .sep = words[0][0], .mask = 3})[0].empty());
}

TEST_CASE("probes: what stays trainable") {
  const auto trainable = [](Probe probe, const HeadsConfig& heads) {
    TinyModel tiny(config_with(heads));
    freeze_for_probe(tiny.store, probe);
    std::string names;
    for (const nn::Parameter& p : tiny.store.parameters()) names += p.trainable ? p.name + " " : "";
    return names;
  };
  const HeadsConfig linear{.mlm = false, .vtm = false, .contrastive = false, .probe_labels = 4};
  CHECK(trainable(Probe::linear, linear) == "linear_probe.weight linear_probe.bias ");
  const HeadsConfig two{.mlm = false, .contrastive = false};
  CHECK(trainable(Probe::two_layer, two) ==
        "pooler.dense.weight pooler.dense.bias itm_score.fc.weight itm_score.fc.bias ");
}

TEST_CASE("objectives: a missing head is named") {
  const TinyModel tiny(config_with({.mlm = false, .vtm = false, .contrastive = false}));
  nn::ForwardCtx ctx = evaluating();
  const QaBatch qa{clips(2), tiny_text({3, 5}, 6), indices({1, 0})};
  EXPECT_ERROR(open_ended_qa(tiny.model, qa, ctx), config, "no head vqa_classifier");
  EXPECT_ERROR(count_regression(tiny.model, qa, ctx), config, "no head vqa_classifier");
  EXPECT_ERROR(linear_probe(tiny.model, qa, ctx), config, "no head linear_probe");
  EXPECT_ERROR(multiple_choice_qa(tiny.model, kChoice, ctx), config, "no head mc_vqa_classifier");
  EXPECT_ERROR(retrieval(tiny.model, kChoice, ctx), config, "no head rank_output");
  EXPECT_ERROR(multiple_choice(tiny.model, kChoice, ctx, MatchHead::vtm), config, "no head itm_score");
  EXPECT_ERROR(nlvr2(tiny.model, {qa.frames, qa.frames, qa.text, qa.labels}, ctx), config, "no head nlvr2_classifier");
  EXPECT_ERROR(captioning(tiny.model, {qa.frames, qa.text, qa.text.ids}, ctx), config, "no head lm_score");
}
