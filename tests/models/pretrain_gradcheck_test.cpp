// Every pre-training loss, through a whole model in float64, against central differences.

#include <doctest/doctest.h>

#include "autograd/ops.h"
#include "models/objectives/pretrain.h"
#include "tiny_model.h"

using namespace aio;
using namespace aio::models;
using aio::test::check_gradients;
using aio::test::tiny_batch;
using aio::test::tiny_config;
using aio::test::TinyModel;

namespace {

PretrainOptions only(double PretrainOptions::*weight) {
  PretrainOptions options;
  options.mlm = options.vtm = options.wpa = options.vtc = 0;
  options.*weight = 1;
  return options;
}

void check_pretrain(const AioConfig& config, const PretrainOptions& options, const PretrainBatch& batch = tiny_batch(),
                    const nn::ForwardCtx& ctx = nn::ForwardCtx::eval(DType::f64)) {
  const TinyModel tiny(config);
  check_gradients(tiny.store, [&] {
    nn::ForwardCtx fresh = ctx;  // the same random numbers each time
    return pretrain(tiny.model, batch, options, fresh).total;
  });
}

AioConfig shuffled() {
  AioConfig config = tiny_config();
  config.patch_order = PatchOrder::shuffled;
  return config;
}

}  // namespace

TEST_CASE("gradcheck: masked language modelling") { check_pretrain(tiny_config(), only(&PretrainOptions::mlm)); }

TEST_CASE("gradcheck: video-text matching") { check_pretrain(tiny_config(), only(&PretrainOptions::vtm)); }

TEST_CASE("gradcheck: word-patch alignment, its plan held fixed") {
  for (const bool second : {false, true}) {
    CAPTURE(second);
    AioConfig config = tiny_config();
    config.wpa_masks_second_visual_token = second;
    const TinyModel tiny(config);
    const PretrainBatch batch = tiny_batch();
    PretrainOptions options = only(&PretrainOptions::vtm);
    options.wpa = 1;
    nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
    options.frozen_plan = pretrain(tiny.model, batch, options, ctx).wpa->plan;
    check_gradients(tiny.store, [&] { return pretrain(tiny.model, batch, options, ctx).wpa->loss; });
  }
}

TEST_CASE("gradcheck: contrastive, temperature fixed and learned, alone and with gathered rows") {
  PretrainOptions options = only(&PretrainOptions::vtc);
  check_pretrain(tiny_config(), options);
  AioConfig config = tiny_config();
  config.head.learned_temperature = true;
  config.roll.video_only = true;
  const Tensor others = uniform({4, 5}, -1, 1, RngKey{31}, {DType::f64, Device{}});
  options.gather = [&](const Tensor&, const Tensor&) {
    return GatheredRows{l2_normalize(others, 1e-8), l2_normalize(scale(others, -1), 1e-8)};
  };
  check_pretrain(config, options);
}

TEST_CASE("gradcheck: masked patch prediction, raster and shuffled") {
  check_pretrain(tiny_config(), only(&PretrainOptions::mpp));
  check_pretrain(shuffled(), only(&PretrainOptions::mpp));
}

TEST_CASE("gradcheck: clip order prediction") { check_pretrain(tiny_config(), only(&PretrainOptions::vcop)); }

TEST_CASE("gradcheck: all losses of a training step, with dropout and drop path") {
  AioConfig config = tiny_config();
  config.dropout = 0.1;
  config.drop_path = 0.2;
  PretrainOptions options;
  options.wpa = 0;  // whose plan would be another at each point
  options.mpp = 0.5;
  options.vcop = 2;
  options.video_weight = 0.7;
  check_pretrain(config, options, tiny_batch(), nn::ForwardCtx::train(17, 2, DType::f64));
}

TEST_CASE("gradcheck: image batches with heads of their own, padded images, the naive form") {
  AioConfig config = tiny_config();
  config.separate_image_heads = true;
  config.head.vcop = false;
  PretrainBatch images = tiny_batch(DType::f64, 1);
  images.images = true;
  images.clip_order = {};
  PretrainOptions options;
  options.wpa = 0;
  options.image_weight = 0.3;
  options.mpp = 1;
  SUBCASE("full") {}
  SUBCASE("padded") {
    // The right half of the first image and the lower half of the second are empty.
    Tensor right = Tensor::full({3, 1, 1, 1, 16}, 1, images.frames.options());
    Tensor lower = Tensor::full({3, 1, 1, 16, 1}, 1, images.frames.options());
    for (std::int64_t i = 8; i < 16; ++i) {
      right.data<double>()[i] = 0;
      lower.data<double>()[16 + i] = 0;
    }
    images.frames = images.frames * right * lower;
  }
  SUBCASE("naive") { options.naive_images = true; }
  check_pretrain(config, options, images);
}
