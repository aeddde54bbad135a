#pragma once
// A whole model so small that every loss can be differentiated numerically, and a batch for it.

#include <doctest/doctest.h>

#include <functional>

#include "autograd/ops.h"
#include "models/all_in_one.h"
#include "tests/param_gradcheck.h"

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
  config.roll.proportion = 0.5;  // of 5 tokens, one each way
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

/// Random words of vocabulary 11, padded with word 7, which is also a word: padding must not show.
inline models::TextBatch tiny_text(const std::vector<std::int64_t>& lengths, std::int64_t width,
                                   std::uint32_t call = 0) {
  const auto rows = static_cast<std::int64_t>(lengths.size());
  std::vector<std::int64_t> ids = random_integers({rows, width}, 1, 11, {43, 0, call}).to_vector<std::int64_t>();
  std::vector<std::int64_t> mask;
  for (std::int64_t i = 0; i < rows * width; ++i) {
    mask.push_back(i % width < lengths[static_cast<std::size_t>(i / width)]);
    if (mask.back() == 0) ids[static_cast<std::size_t>(i)] = 7;
  }
  return {Tensor::from(ids, {rows, width}), Tensor::from(mask, {rows, width})};
}

/// The same as sets of `options` texts: i64 [lengths / options, options, width].
inline models::TextBatch tiny_options(const std::vector<std::int64_t>& lengths, std::int64_t options,
                                      std::int64_t width) {
  const models::TextBatch flat = tiny_text(lengths, width, 9);
  const Shape shape{flat.ids.dim(0) / options, options, width};
  return {reshape(flat.ids, shape), reshape(flat.mask, shape)};
}

inline Tensor indices(const std::vector<std::int64_t>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

/// Is the gradient of `loss` by every parameter the derivative? `loss` is a pure function of the parameters.
inline void check_gradients(const nn::ParamStore& store, const std::function<Tensor()>& loss, int elements = 2,
                            double tolerance = 1e-6) {
  const ParamGradcheck result = gradcheck_parameters(store, loss, {.max_elements = elements});
  INFO(result.worst);
  CHECK(result.max_rel_error <= tolerance);
  CHECK(store.parameters().size() >= 20 + result.without_gradient.size());  // a loss that reaches nothing would pass
}

}  // namespace aio::test
