#pragma once
// A whole model so small that every loss can be differentiated numerically, and a batch for it.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "autograd/autograd.h"
#include "models/all_in_one.h"

namespace aio::test {

/// 8 wide, 2 heads, 2 layers, 16 x 16 pixels in patches of 8, 3 frames, all pre-training heads.
inline models::AioConfig tiny_config() {
  models::AioConfig config;
  config.name = "tiny";
  config.hidden_size = 8;
  config.heads = 2;
  config.layers = 2;
  config.mlp_ratio = 2;
  config.image_size = 16;
  config.patch_size = 8;
  config.frames = 3;
  config.vocab_size = 11;
  config.max_text_len = 6;
  config.shared_dim = 5;
  config.head.mpp = true;
  config.head.vcop = true;
  config.init_std = 0.3;
  config.temporal_init_std = 0.3;
  config.dropout = 0;
  config.drop_path = 0;
  config.temperature = 0.5;
  return config;
}

struct TinyModel {
  explicit TinyModel(const models::AioConfig& config, DType dtype = DType::f64)
      : store(3, {dtype, Device{}}), model(store, config) {}
  nn::ParamStore store;
  models::AllInOne model;
};

/// Three clips with texts of 4, 6 and 5 tokens; the second clip is its own, the others false.
inline models::PretrainBatch tiny_batch(DType dtype = DType::f64, std::int64_t frames = 3) {
  const Shape clips = {3, frames, 3, 16, 16};
  models::PretrainBatch batch;
  batch.frames = uniform(clips, -1, 1, RngKey{21}, {dtype, Device{}});
  batch.false_frames = uniform(clips, -1, 1, RngKey{22}, {dtype, Device{}});
  const std::vector<std::int64_t> ids = {1, 5, 6, 2, 0, 0, 1, 7, 3, 9, 4, 2, 1, 8, 8, 10, 2, 0};
  const std::vector<std::int64_t> mask = {1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
  const std::vector<std::int64_t> masked = {1, 3, 6, 2, 0, 0, 1, 7, 3, 3, 4, 2, 1, 3, 8, 10, 2, 0};
  std::vector<std::int64_t> labels(18, -100);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != masked[i]) labels[i] = ids[i];
  }
  batch.text = {Tensor::from(ids, {3, 6}), Tensor::from(mask, {3, 6})};
  batch.mlm_ids = Tensor::from(masked, {3, 6});
  batch.mlm_labels = Tensor::from(labels, {3, 6});
  batch.vtm_labels = Tensor::from(std::vector<std::int64_t>{0, 1, 0}, {3});
  batch.clip_order = Tensor::from(std::vector<std::int64_t>{2, 0, 1, 0, 1, 2, 1, 2, 0}, {3, 3});
  return batch;
}

/// Is the gradient of `loss` by every parameter the derivative? Central differences at up to `elements` places of each
/// parameter, the one with the largest gradient among them. `loss` is a pure function of the parameters.
inline void check_gradients(const nn::ParamStore& store, const std::function<Tensor()>& loss, int elements = 3,
                            double tolerance = 1e-6) {
  for (const nn::Parameter& parameter : store.parameters()) set_grad(parameter.value, {});
  backward(loss());
  const NoGrad no_grad;
  int reached = 0;
  for (const nn::Parameter& parameter : store.parameters()) {
    const std::string& name = parameter.name;
    CAPTURE(name);
    const Tensor& x = parameter.value;
    const auto n = static_cast<std::size_t>(x.numel());
    const Tensor gradient = grad(x);
    const std::vector<double> analytic = gradient.defined() ? gradient.to_vector<double>() : std::vector<double>(n, 0);
    const auto larger = [](double a, double b) { return std::abs(a) < std::abs(b); };
    const auto largest = std::max_element(analytic.begin(), analytic.end(), larger);
    const double scale = std::max(1e-3, std::abs(*largest));
    reached += *largest != 0;
    std::vector<std::int64_t> places = random_integers({elements}, 0, x.numel(), RngKey{5}).to_vector<std::int64_t>();
    places[0] = largest - analytic.begin();
    double* const values = x.data<double>();
    for (const std::int64_t place : places) {
      CAPTURE(place);
      const double before = values[place], step = 1e-5 * std::max(1.0, std::abs(before));
      values[place] = before + step;
      const double above = loss().item();
      values[place] = before - step;
      const double below = loss().item();
      values[place] = before;
      const double numeric = (above - below) / (2 * step);
      CHECK(std::abs(numeric - analytic[static_cast<std::size_t>(place)]) <= tolerance * scale);
    }
  }
  CHECK(reached >= 20);  // a loss that reaches nothing would pass
}

}  // namespace aio::test
