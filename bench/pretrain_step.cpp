#include "bench/pretrain_step.h"

#include <algorithm>

#include "autograd/ops.h"
#include "models/objectives/labelled_rows.h"
#include "models/objectives/pretrain.h"

namespace aio::bench {
namespace {

models::AioConfig make_config(const StepOptions& o) {
  models::AioConfig config = models::config_for_size(o.size);
  config.frames = o.frames;
  config.image_size = o.image;
  config.patch_size = o.patch;
  config.max_text_len = o.text;
  config.vocab_size = o.vocab;
  config.dropout = o.dropout;
  config.drop_path = 0;
  return config;
}

/// The peer's batch: random pixels, captions of which `words` tokens are real, two of them to be predicted; every other
/// video is replaced by the one from the other end of the batch.
models::PretrainBatch step_batch(const StepOptions& o) {
  const std::vector<std::int64_t> ids =
      random_integers({o.batch, o.text}, 5, o.vocab, RngKey{2}).to_vector<std::int64_t>();
  std::vector<std::int64_t> mask(ids.size()), labels(ids.size(), models::kIgnored), reversed, match;
  for (std::int64_t b = 0; b < o.batch; ++b) {
    const auto first = static_cast<std::size_t>(b * o.text);
    std::fill_n(mask.begin() + b * o.text, std::min(o.words, o.text), 1);
    for (const std::int64_t position : {2, 7}) {
      if (position >= std::min(o.words, o.text)) continue;
      labels[first + static_cast<std::size_t>(position)] = ids[first + static_cast<std::size_t>(position)];
    }
    reversed.push_back(o.batch - 1 - b);
    match.push_back(b % 2);
  }
  const Device device = parse_device(o.device);
  const auto integers = [](const std::vector<std::int64_t>& values, const Shape& shape) {
    return Tensor::from(values, shape);  // on the host, as a loader's batch
  };
  models::PretrainBatch batch;
  const Shape pixels{o.batch, o.frames, 3, o.image, o.image};
  const TensorOptions type{DType::f32, device};
  batch.frames = o.values ? normal(pixels, 0, 1, RngKey{1}, type) : Tensor::empty(pixels, type);
  batch.false_frames = index_select(batch.frames, 0, integers(reversed, {o.batch}));
  batch.text = {integers(ids, {o.batch, o.text}), integers(mask, {o.batch, o.text})};
  batch.mlm_ids = batch.text.ids;
  batch.mlm_labels = integers(labels, {o.batch, o.text});
  batch.vtm_labels = integers(match, {o.batch});
  return batch;
}

nn::ParamGroups all_decay() {
  nn::ParamGroups groups;
  groups.weight_decay = 0.01;
  return groups;
}

nn::AdamWOptions torch_adamw() {
  nn::AdamWOptions options;
  options.variant = nn::AdamWOptions::Variant::torch;
  return options;
}

}  // namespace

StepOptimizer::StepOptimizer(const nn::ParamStore& store) : params(store), adamw(params, all_decay(), torch_adamw()) {}

PretrainStep::PretrainStep(const StepOptions& o)
    : options(o),
      config(make_config(o)),
      store(1, {DType::f32, parse_device(o.device)},
            o.values ? nn::ParamStore::Values::drawn : nn::ParamStore::Values::unset),
      model(store, config),
      batch(step_batch(o)),
      evaluation(nn::ForwardCtx::eval(o.compute())) {}

Tensor PretrainStep::train(StepOptimizer& optimizer, int i) const {
  const Tensor loss = differentiate(optimizer, i);
  optimizer.adamw.step(1e-4);
  return loss;
}

Tensor PretrainStep::differentiate(StepOptimizer& optimizer, int i) const {
  nn::ForwardCtx ctx = nn::ForwardCtx::train(1, static_cast<std::uint32_t>(i), options.compute());
  optimizer.params.zero_grad(/*one_pass=*/true);
  return forward_backward(ctx);
}

Tensor PretrainStep::forward_backward(nn::ForwardCtx& ctx) const {
  models::PretrainOptions weights;
  weights.differentiate = true;
  weights.wpa = 0;
  weights.vtm = options.vtm ? 1 : 0;
  weights.vtc = options.vtc ? 1 : 0;
  return models::pretrain(model, batch, weights, ctx).total;
}

models::Encoded PretrainStep::infer() const {
  nn::ForwardCtx ctx = evaluation;
  return model.encode(model.embed_text(batch.text, ctx), model.embed_video(batch.frames, ctx), ctx);
}

std::vector<Tensor> PretrainStep::host_tensors() const {
  return {batch.text.ids, batch.text.mask, batch.mlm_ids, batch.mlm_labels, batch.vtm_labels};
}

}  // namespace aio::bench
