// What the backbone promises besides the goldens: randomness that depends on the seed alone, padding that does not
// show, recomputation that changes no bit, every way of mixing frames, and errors that say what to do.

#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "tensor/parallel.h"
#include "tests/expect_error.h"
#include "tiny_model.h"

using namespace aio;
using namespace aio::models;
using namespace aio::test;

namespace {

using Values = std::vector<double>;

double distance(const Tensor& a, const Tensor& b) {
  const Values x = a.to_vector<double>(), y = b.to_vector<double>();
  REQUIRE(x.size() == y.size());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(x[i] - y[i]));
  return worst;
}

Tensor clips(std::int64_t count, std::int64_t frames, DType dtype = DType::f64) {
  return normal({count, frames, 3, 16, 16}, 0, 1, {42}, {dtype, {}});
}

nn::ForwardCtx evaluating() { return nn::ForwardCtx::eval(DType::f64); }

AioConfig noisy_config() {
  AioConfig config = tiny_config();
  config.head = {};
  config.dropout = 0.2;
  config.drop_path = 0.3;
  config.roll.proportion = 0.4;
  return config;
}

/// Output and all gradients of a training pass, as bits.
std::vector<std::vector<float>> training_bits(const AioConfig& config, std::uint64_t seed) {
  const TinyModel tiny(config, DType::f32);
  nn::ForwardCtx ctx = nn::ForwardCtx::train(seed, 3);
  const TextTokens text = tiny.model.embed_text(tiny_text({3, 5}, 6), ctx);
  const Tensor cls = tiny.model.encode(text, tiny.model.embed_video(clips(2, 3, DType::f32), ctx), ctx).cls();
  backward(sum(tiny.model.pool(cls, ctx)));
  std::vector<std::vector<float>> bits{cls.to_vector<float>()};
  for (const nn::Parameter& p : tiny.store.parameters()) {
    if (grad(p.value).defined()) bits.push_back(grad(p.value).to_vector<float>());
  }
  return bits;
}

}  // namespace

TEST_CASE("backbone: training depends on the seed, not on threads") {
  const auto expected = training_bits(noisy_config(), 1);
  CHECK(training_bits(noisy_config(), 2) != expected);
  const int before = num_threads();
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    CHECK(training_bits(noisy_config(), 1) == expected);
  }
  set_num_threads(before);
}

TEST_CASE("backbone: recomputation gives the same bits") {
  AioConfig config = noisy_config();
  config.recompute = true;
  CHECK(training_bits(config, 1) == training_bits(noisy_config(), 1));
}

TEST_CASE("backbone: rates and places of dropout and drop path") {
  const TinyModel tiny(noisy_config(), DType::f32);
  CHECK(tiny.model.text_embeddings.drop.rate == 0.2);
  CHECK(tiny.model.video_drop.rate == 0.2);
  const auto& blocks = tiny.model.transformer.blocks;
  CHECK(blocks[0].drop_path.rate == 0);
  CHECK(blocks[1].drop_path.rate == doctest::Approx(0.3));
  CHECK(blocks[0].attn.proj_drop.rate == 0.2);
  CHECK(blocks[0].mlp.drop.rate == 0.2);
  nn::ForwardCtx ctx = nn::ForwardCtx::train(1, 0);
  const TextTokens text = tiny.model.embed_text(tiny_text({3, 5}, 6), ctx);
  CHECK(ctx.rng.position().call == 1);
  tiny.model.encode(text, tiny.model.embed_video(clips(2, 3, DType::f32), ctx), ctx);
  // The video's, three in each block, and two drop paths in the second: the first block's rate is 0.
  CHECK(ctx.rng.position().call == 1 + 1 + 3 + 5);
}

TEST_CASE("backbone: a picture of zeros, or with a pixel like padding, is embedded whole") {
  const TinyModel tiny(noisy_config());
  nn::ForwardCtx ctx = evaluating();
  const Tensor pictures = clips(3, 1);
  auto* const pixels = pictures.data<double>();
  const std::int64_t picture = 3 * 16 * 16;
  std::fill(pixels + picture, pixels + 2 * picture, 0.0);                               // one that could not be read
  for (std::int64_t c = 0; c < 3; ++c) pixels[2 * picture + c * 256 + 8 * 16 + 8] = 0;  // first of the last patch
  const VideoTokens found = tiny.model.embed_video(pictures, ctx, {.detect_padding = true});
  const VideoTokens whole = tiny.model.embed_video(pictures, ctx);
  CHECK(found.tokens.shape() == whole.tokens.shape());
  for (const std::int64_t i : {0, 1}) {
    CHECK(distance(slice(found.tokens, 0, i, i + 1), slice(whole.tokens, 0, i, i + 1)) < 1e-12);
  }
  // 3 of 4 patches are seen: the rectangle around them has all.
  CHECK(distance(slice(found.tokens, 0, 2, 3), slice(whole.tokens, 0, 2, 3)) < 1e-12);
}

TEST_CASE("backbone: a text's padding does not show") {
  const TinyModel tiny(noisy_config());
  const TextBatch text = tiny_text({3, 5}, 6);
  Encoded encoded[2], alone[2];
  for (const bool keep : {false, true}) {
    nn::ForwardCtx ctx = evaluating();
    const TextTokens tokens = tiny.model.embed_text(text, ctx, {.keep_padding = keep});
    CHECK(tokens.tokens.dim(1) == (keep ? 6 : 5));
    encoded[keep] = tiny.model.encode(tokens, tiny.model.embed_video(clips(2, 3), ctx), ctx);
    alone[keep] = tiny.model.encode_text(tokens, ctx);
  }
  CHECK(distance(encoded[0].video, encoded[1].video) < 1e-12);
  for (const auto* pair : {encoded, alone}) {
    CHECK(distance(select(pair[0].text, 0, 1), slice(select(pair[1].text, 0, 1), 0, 0, 5)) < 1e-12);
    CHECK(distance(slice(select(pair[0].text, 0, 0), 0, 0, 3), slice(select(pair[1].text, 0, 0), 0, 0, 3)) < 1e-12);
  }
}

TEST_CASE("backbone: a video does not depend on its neighbours in the batch, a text alone is one pass") {
  const TinyModel tiny(noisy_config());
  nn::ForwardCtx ctx = evaluating();
  const TextTokens text = tiny.model.embed_text(tiny_text({3, 5}, 6), ctx);
  const VideoTokens video = tiny.model.embed_video(clips(2, 3), ctx);
  const VideoTokens second{slice(video.tokens, 0, 1, 2), {}, {}};
  const Tensor both = tiny.model.encode_video(video, ctx).video;
  CHECK(distance(slice(both, 0, 1, 2), tiny.model.encode_video(second, ctx).video) < 1e-12);
  // The reference repeats the text once a frame and averages.
  const TextTokens again{index_select(text.tokens, 0, indices({0, 0, 0})), indices({3, 3, 3})};
  const Tensor mean_of_three = mean(tiny.model.encode_text(again, ctx).text, {0});
  CHECK(distance(slice(mean_of_three, 0, 0, 3), slice(select(tiny.model.encode_text(text, ctx).text, 0, 0), 0, 0, 3)) <
        1e-12);
}

TEST_CASE("backbone: every way of mixing frames, its shapes and gradients") {
  for (const RollKind kind :
       {RollKind::none, RollKind::roll, RollKind::random, RollKind::per_layer, RollKind::channel,
        RollKind::time_average, RollKind::flatten, RollKind::per_layer_reference, RollKind::channel_reference}) {
    CAPTURE(std::string(to_string(kind)));
    AioConfig config = noisy_config();
    config.roll.kind = kind;
    config.roll.proportion = 0.5;
    config.roll.video_only = true;
    const TinyModel tiny(config);
    const auto forward = [&] {
      nn::ForwardCtx ctx = evaluating();
      const VideoTokens video = tiny.model.embed_video(clips(2, 3), ctx);
      const Encoded joint = tiny.model.encode(tiny.model.embed_text(tiny_text({3, 5}, 6), ctx), video, ctx);
      const bool one = kind == RollKind::time_average || kind == RollKind::flatten;
      const std::int64_t visual = kind == RollKind::flatten ? 13 : 5;
      CHECK(joint.frames.shape() == Shape{2, one ? 1 : 3, visual + 5, 8});
      CHECK(joint.video.shape() == Shape{2, visual, 8});
      return concat({joint.cls(), tiny.model.encode_video(video, ctx).cls()}, 0);
    };
    const ParamGradcheck result = gradcheck_parameters(tiny.store, forward, {.max_elements = 2});
    INFO(result.worst);
    CHECK(result.max_rel_error < 1e-6);
  }
}

TEST_CASE("rolling: by hand") {
  // Three frames of ten tokens, token n of frame t is 10 t + n.
  Values values;
  for (int i = 0; i < 30; ++i) values.push_back(i);
  const Tensor x = Tensor::from(values, {1, 3, 10, 1});
  const auto frame = [&](const RollConfig& config, int layer, int t) {
    return select(select(roll_tokens(x, 9, layer, config), 0, 0), 0, t).to_vector<double>();
  };
  // Nine of the ten are visual: fold 1, slots 1 and 8; slot 9 is text.
  CHECK(frame({}, 0, 0) == Values{0, 21, 2, 3, 4, 5, 6, 7, 18, 9});
  CHECK(frame({}, 5, 1) == Values{10, 1, 12, 13, 14, 15, 16, 17, 28, 19});
  CHECK(frame({.proportion = 0.5}, 0, 0) == Values{0, 21, 22, 3, 4, 5, 6, 17, 18, 9});
  CHECK(frame({.proportion = 0}, 0, 0) == Values{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(frame({.kind = RollKind::none}, 0, 0) == Values{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(frame({.kind = RollKind::per_layer}, 0, 0) == Values{0, 21, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(frame({.kind = RollKind::per_layer}, 3, 0) == Values{0, 1, 2, 3, 24, 5, 6, 7, 8, 9});
  CHECK(frame({.kind = RollKind::per_layer}, 8, 0) == frame({.kind = RollKind::per_layer}, 0, 0));
  CHECK(frame({.kind = RollKind::per_layer_reference}, 3, 0) == Values{0, 0, 0, 0, 24, 5, 6, 7, 8, 9});

  const RollConfig random{.kind = RollKind::random, .proportion = 0.5, .seed = 4};
  const Values moved = frame(random, 0, 0);
  int count = 0;
  for (std::size_t i = 0; i < 10; ++i) count += moved[i] != static_cast<double>(i);
  CHECK(count == 4);
  CHECK(moved[0] == 0);
  CHECK(moved[9] == 9);
  CHECK(frame(random, 0, 0) == moved);
  CHECK(frame(random, 1, 0) != moved);
  CHECK(frame({.kind = RollKind::random, .proportion = 0.5, .seed = 5}, 0, 0) != moved);
  // One frame is its own neighbour.
  const Tensor still = slice(x, 1, 0, 1);
  CHECK(roll_tokens(still, 9, 0, {}).is_same(still));
}

TEST_CASE("patch order: shuffled is seeded, and position and temporal embedding go along") {
  AioConfig config = noisy_config();
  config.patch_order = PatchOrder::shuffled;
  const auto order = [&](std::uint64_t seed, std::uint32_t step) {
    config.shuffle_seed = seed;
    const TinyModel tiny(config);
    nn::ForwardCtx ctx = nn::ForwardCtx::train(1, step, DType::f64);
    return tiny.model.embed_video(clips(4, 3), ctx).patch_index.to_vector<std::int64_t>();
  };
  CHECK(order(1, 0) == order(1, 0));
  CHECK(order(1, 0) != order(2, 0));
  CHECK(order(1, 0) != order(1, 1));
  const TinyModel shuffled(config), raster(noisy_config());
  nn::ForwardCtx ctx = evaluating();
  const VideoTokens mixed = shuffled.model.embed_video(clips(2, 3), ctx);
  const VideoTokens plain = raster.model.embed_video(clips(2, 3), ctx);
  const Tensor patches = reshape(contiguous(slice(plain.tokens, 2, 1, 5)), {6, 4, 8});
  CHECK(distance(reshape(slice(mixed.tokens, 2, 1, 5), {6, 4, 8}), select_rows(patches, mixed.patch_index)) == 0);
}

TEST_CASE("image mode: no temporal embedding; otherwise a one-frame video") {
  const TinyModel tiny(noisy_config());
  nn::ForwardCtx ctx = evaluating();
  const Tensor picture = clips(2, 1);
  const Tensor image = tiny.model.embed_video(picture, ctx, {.temporal_embedding = false}).tokens;
  const Tensor naive = tiny.model.embed_video(picture, ctx).tokens;
  const Tensor row = select(select(tiny.model.video_embeddings.temporal_embed, 0, 0), 0, 0);
  CHECK(distance(slice(naive, 2, 1, 5), slice(image, 2, 1, 5) + row) < 1e-12);
  CHECK(distance(slice(naive, 2, 0, 1), slice(image, 2, 0, 1)) == 0);  // the class token has no time
}

TEST_CASE("backbone: what does not fit is refused, and why") {
  const TinyModel tiny(noisy_config());
  const AllInOne& model = tiny.model;
  nn::ForwardCtx ctx = evaluating();
  EXPECT_ERROR(model.embed_video(clips(1, 4), ctx), value, "4 frames, but the model has 3 temporal positions");
  EXPECT_ERROR(model.embed_text(tiny_text({7}, 7), ctx), value, "7 tokens, but the model has 6 text positions");
  EXPECT_ERROR(model.embed_video(Tensor::zeros({1, 1, 3, 16, 20}, {DType::f64, {}}), ctx), shape,
               "16 x 20 pixels, expected multiples of the patch size 8");
  EXPECT_ERROR(model.embed_video(Tensor::zeros({1, 3, 16, 16}, {DType::f64, {}}), ctx), shape, "[B, T, 3, H, W]");
  EXPECT_ERROR(model.embed_text({indices({1, 2}), indices({1, 1})}, ctx), shape, "expected i64 [B, L] both");
  const Tensor ids = tiny_text({3}, 4).ids;
  const auto mask = [](std::vector<std::int64_t> values) { return Tensor::from(values, {1, 4}); };
  EXPECT_ERROR(model.embed_text({ids, mask({1, 0, 1, 0})}, ctx), value, "a real token after padding");
  EXPECT_ERROR(model.embed_text({ids, mask({0, 0, 0, 0})}, ctx), value, "row 0 is empty");
  EXPECT_ERROR(model.embed_text({Tensor::full({1, 4}, 11, {DType::i64, {}}), mask({1, 1, 1, 1})}, ctx), index, "11");
  EXPECT_ERROR(model.encode(model.embed_text(tiny_text({3}, 4), ctx), model.embed_video(clips(2, 1), ctx), ctx), shape,
               "1 texts and 2 videos");
}
