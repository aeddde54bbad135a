// Captions with kept keys and values against recomputing, and beam search against all captions there are.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/autograd.h"
#include "models/objectives/caption.h"
#include "models/objectives/caption_decoder.h"
#include "models/objectives/caption_search.h"
#include "tensor/raw.h"
#include "tests/expect_error.h"
#include "tiny_model.h"

using namespace aio;
using namespace aio::models;
using namespace aio::test;

namespace {

using Ids = std::vector<std::int64_t>;
constexpr CaptionTokens kTokens{.cls = 1, .sep = 2, .mask = 3};

AioConfig config_with(RollKind roll) {
  AioConfig config = tiny_config();
  config.head.caption = true;
  config.layers = 3;
  config.roll.kind = roll;
  return config;
}

Tensor clips(std::int64_t count, DType dtype = DType::f64) {
  return normal({count, 3, 3, 16, 16}, 0, 1, {42}, {dtype, {}});
}

/// What comes after each text, all of one length, without anything kept.
Tensor recomputed(const AllInOne& model, const std::vector<Ids>& texts, const VideoTokens& video, nn::ForwardCtx& ctx,
                  const InputOptions& options = {}) {
  Ids all;
  for (const Ids& text : texts) all.insert(all.end(), text.begin(), text.end());
  const Shape shape{static_cast<std::int64_t>(texts.size()), static_cast<std::int64_t>(texts[0].size())};
  const TextBatch batch{Tensor::from(all, shape), Tensor::full(shape, 1, {DType::i64, {}})};
  const NoGrad no_grad;
  return next_token_logits(model, batch, video, kTokens.mask, ctx, options);
}

double distance(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  const auto x = cast(a, DType::f64).to_vector<double>(), y = cast(b, DType::f64).to_vector<double>();
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(x[i] - y[i]));
  return worst;
}

/// The largest difference over the steps of two captions, of one video each.
double worst_of_steps(const TinyModel& tiny, const Tensor& frames, nn::ForwardCtx ctx, const InputOptions& options) {
  const NoGrad no_grad;
  const VideoTokens video = embed_input(tiny.model, frames, ctx, options);
  CaptionDecoder decoder(tiny.model, video, 1, 5, ctx, options);
  std::vector<Ids> texts = {{}, {}};
  double worst = 0;
  for (const Ids& words : {Ids{1, 1}, Ids{5, 9}, Ids{6, 4}, Ids{6, 10}, Ids{3, 2}}) {
    for (std::size_t b = 0; b < 2; ++b) texts[b].push_back(words[b]);
    const Tensor expected = recomputed(tiny.model, texts, video, ctx, options);
    worst = std::max(worst, distance(decoder.next(words, kTokens.mask, ctx), expected));
  }
  CHECK(decoder.words() == 5);
  EXPECT_ERROR(decoder.next({5, 5}, kTokens.mask, ctx), value, "but the model has 6 text positions");
  return worst;
}

TEST_CASE("captions: kept keys and values give the scores of recomputing, however tokens roll") {
  for (const RollKind kind :
       {RollKind::none, RollKind::roll, RollKind::random, RollKind::per_layer, RollKind::channel,
        RollKind::time_average, RollKind::flatten, RollKind::per_layer_reference, RollKind::channel_reference}) {
    CAPTURE(to_string(kind));
    const TinyModel tiny(config_with(kind));
    CHECK(worst_of_steps(tiny, clips(2), nn::ForwardCtx::eval(DType::f64), {}) < 1e-12);  // observed 2e-15
  }
  const TinyModel narrow(config_with(RollKind::roll), DType::f32);
  CHECK(worst_of_steps(narrow, clips(2, DType::f32), nn::ForwardCtx::eval(DType::f32), {}) < 1e-5);  // 5e-7
}

TEST_CASE("captions: images of two sizes in one batch: padded patches stay unseen") {
  const TinyModel tiny(config_with(RollKind::roll));
  std::vector<double> pixels = normal({2, 1, 3, 16, 16}, 0, 1, {42}, {DType::f64, {}}).to_vector<double>();
  // The second image is 16 x 8: its right half is zeros.
  for (std::size_t i = 3 * 16 * 16; i < pixels.size(); ++i) pixels[i] = i % 16 < 8 ? pixels[i] : 0;
  InputOptions options;
  options.images = true;
  CHECK(worst_of_steps(tiny, Tensor::from(pixels, {2, 1, 3, 16, 16}), nn::ForwardCtx::eval(DType::f64), options) <
        1e-12);
}

TEST_CASE("captions: a caption goes on where another of its video is") {
  const TinyModel tiny(config_with(RollKind::roll));
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
  const NoGrad no_grad;
  const VideoTokens video = tiny.model.embed_video(clips(2), ctx);
  const VideoTokens each{index_select(video.tokens, 0, Tensor::from(Ids{0, 0, 0, 1, 1, 1}, {6})), {}, {}};
  CaptionDecoder decoder(tiny.model, video, 3, 5, ctx);
  decoder.next(Ids(6, 1), kTokens.mask, ctx);
  decoder.next({4, 5, 6, 7, 8, 9}, kTokens.mask, ctx);
  decoder.reorder({2, 0, 0, 4, 4, 3});
  const Tensor next = decoder.next({10, 4, 5, 6, 7, 8}, kTokens.mask, ctx);
  const std::vector<Ids> texts = {{1, 6, 10}, {1, 4, 4}, {1, 4, 5}, {1, 8, 6}, {1, 8, 7}, {1, 7, 8}};
  CHECK(distance(next, recomputed(tiny.model, texts, each, ctx)) < 1e-12);
  EXPECT_ERROR(decoder.reorder({0, 0, 3, 3, 3, 3}), index, "caption 2 cannot go on with caption 3 of another video");
  EXPECT_ERROR(decoder.reorder({0}), shape, "an order of 1 captions, there are 6");
  EXPECT_ERROR(decoder.next({1}, 3, ctx), shape, "1 words for 6 captions");
}

/// The score of a caption as the search defines it, from its words alone.
double score_of(const AllInOne& model, const Caption& caption, const VideoTokens& video, const CaptionSearch& search,
                nn::ForwardCtx& ctx) {
  Ids words = caption.words, text{search.tokens.cls};
  if (static_cast<std::int64_t>(words.size()) < search.max_words) words.push_back(search.tokens.sep);
  double sum = 0;
  for (const std::int64_t word : words) {
    const Tensor log_probabilities = log_softmax(recomputed(model, {text}, video, ctx));
    sum += log_probabilities.to_vector<double>()[static_cast<std::size_t>(word)];
    text.push_back(word);
  }
  return sum / std::pow(static_cast<double>(words.size()), search.length_penalty);
}

/// Every caption of up to `max_words` words: the best by search_captions()'s score.
Caption best_of_all(const AllInOne& model, const VideoTokens& video, const CaptionSearch& search, nn::ForwardCtx& ctx,
                    const Ids& text, double sum) {
  const auto scored = [&](double total, std::size_t tokens) {
    return total / std::pow(static_cast<double>(tokens), search.length_penalty);
  };
  const Ids words(text.begin() + 1, text.end());
  if (static_cast<std::int64_t>(words.size()) == search.max_words) return {words, scored(sum, words.size())};
  const std::vector<double> logits = recomputed(model, {text}, video, ctx).to_vector<double>();
  double total = 0;
  for (const double logit : logits) total += std::exp(logit);
  Caption best{{}, -1e300};
  for (std::size_t word = 0; word < logits.size(); ++word) {
    const double with_word = sum + logits[word] - std::log(total);
    Caption candidate{words, scored(with_word, words.size() + 1)};
    if (static_cast<std::int64_t>(word) != search.tokens.sep) {
      Ids longer = text;
      longer.push_back(static_cast<std::int64_t>(word));
      candidate = best_of_all(model, video, search, ctx, longer, with_word);
    }
    if (candidate.score > best.score) best = candidate;
  }
  return best;
}

TEST_CASE("beam search: a beam as wide as there are captions finds the best of them") {
  AioConfig config = config_with(RollKind::roll);
  config.vocab_size = 4;
  config.init_std = 0.5;  // words depend much on the words before
  const TinyModel tiny(config);
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
  const VideoTokens video = tiny.model.embed_video(clips(6), ctx);
  std::vector<std::size_t> lengths;
  for (const double penalty : {0.0, 1.0, 2.0}) {
    const CaptionSearch search{.max_words = 4, .beams = 256, .length_penalty = penalty, .tokens = kTokens};
    const std::vector<Caption> captions = search_captions(tiny.model, video, search, ctx);
    REQUIRE(captions.size() == 6);
    for (std::int64_t b = 0; b < 6; ++b) {
      const VideoTokens one{slice(video.tokens, 0, b, b + 1), {}, {}};
      const Caption best = best_of_all(tiny.model, one, search, ctx, {kTokens.cls}, 0);
      CHECK(captions[static_cast<std::size_t>(b)].words == best.words);
      CHECK(captions[static_cast<std::size_t>(b)].score == doctest::Approx(best.score).epsilon(1e-10));
    }
    lengths.push_back(0);
    for (const Caption& caption : captions) lengths.back() += caption.words.size();
  }
  CHECK(lengths.front() < lengths.back());  // the penalty matters here
}

TEST_CASE("beam search: one beam is greedy, more never score worse here, and equals go by order") {
  AioConfig config = config_with(RollKind::roll);
  config.init_std = 0.5;  // words depend much on the words before
  TinyModel tiny(config);
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
  const VideoTokens video = tiny.model.embed_video(clips(8), ctx);
  CaptionSearch search{.max_words = 5, .beams = 1, .length_penalty = 1, .tokens = kTokens};
  const auto greedy = generate_captions(tiny.model, video, 5, ctx, kTokens);
  const std::vector<Caption> one = search_captions(tiny.model, video, search, ctx);
  search.beams = 8;
  const std::vector<Caption> eight = search_captions(tiny.model, video, search, ctx);
  int better = 0;
  for (std::size_t b = 0; b < 8; ++b) {
    CHECK(one[b].words == greedy[b]);
    Ids text{kTokens.cls};
    for (const std::int64_t word : greedy[b]) {
      const VideoTokens own{
          slice(video.tokens, 0, static_cast<std::int64_t>(b), static_cast<std::int64_t>(b) + 1), {}, {}};
      CHECK(argmax(recomputed(tiny.model, {text}, own, ctx)).item() == word);
      text.push_back(word);
    }
    CHECK(eight[b].score >= one[b].score);
    better += eight[b].words != one[b].words ? 1 : 0;
    const auto video_of = static_cast<std::int64_t>(b);
    const VideoTokens own{slice(video.tokens, 0, video_of, video_of + 1), {}, {}};
    CHECK(eight[b].score == doctest::Approx(score_of(tiny.model, eight[b], own, search, ctx)).epsilon(1e-10));
  }
  CHECK(better > 0);

  // All words equally likely: the smallest tokens first, and without a penalty the shortest caption.
  raw::fill_(tiny.model.heads.caption->decoder.weight, 0);
  raw::fill_(tiny.model.heads.caption->bias, 0);
  CHECK(generate_captions(tiny.model, video, 3, ctx, kTokens)[0] == Ids{0, 0, 0});
  search.beams = 3;
  search.length_penalty = 0;
  const Caption shortest = search_captions(tiny.model, video, search, ctx)[0];
  CHECK(shortest.words.empty());  // words 0, 1 and [SEP] = 2 filled the beam
  CHECK(shortest.score == doctest::Approx(-std::log(11.0)));
  search.tokens.sep = 99;
  CHECK(search_captions(tiny.model, video, search, ctx)[0].words == Ids{0, 0, 0, 0, 0});
}

TEST_CASE("captions: what is refused") {
  const TinyModel tiny(config_with(RollKind::roll));
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
  const VideoTokens video = tiny.model.embed_video(clips(1), ctx);
  EXPECT_ERROR(search_captions(tiny.model, video, {.beams = 0}, ctx), value, "captions: 0 beams and 20 words");
  nn::ForwardCtx training = nn::ForwardCtx::train(0, 0, DType::f64);
  EXPECT_ERROR(CaptionDecoder(tiny.model, video, 1, 3, training), value, "written in evaluation mode");
  const TinyModel headless(tiny_config());
  EXPECT_ERROR(CaptionDecoder(headless.model, video, 1, 3, ctx), config, "lm_score");
}

}  // namespace
