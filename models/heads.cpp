#include "models/heads.h"

#include <cmath>

#include "autograd/ops.h"

namespace aio::models {
namespace {

/// n!, small n.
std::int64_t factorial(std::int64_t n) { return n <= 1 ? 1 : n * factorial(n - 1); }

}  // namespace

PredictionTransform::PredictionTransform(const nn::ParamScope& scope, const AioConfig& config)
    : dense(scope / "dense", config.hidden_size, config.hidden_size, nn::LinearOptions::normal(config.init_std)),
      norm(scope / "LayerNorm", config.hidden_size, nn::kBertEps) {}

Tensor PredictionTransform::forward(const Tensor& x, nn::ForwardCtx& ctx) const {
  return norm.forward(dense.forward_gelu(x, ctx), ctx);
}

MlmHead::MlmHead(const nn::ParamScope& scope, const AioConfig& config)
    : transform(scope / "transform", config),
      decoder(scope / "decoder", config.hidden_size, config.vocab_size,
              nn::LinearOptions::normal(config.init_std).without_bias()),
      bias(scope.param("bias", {config.vocab_size}, nn::Init::zeros())) {
  decoder.bias = bias;  // it belongs to the head by name, to the product by use
}

Tensor MlmHead::forward(const Tensor& x, nn::ForwardCtx& ctx) const {
  return decoder.forward(transform.forward(x, ctx), ctx);
}

MppHead::MppHead(const nn::ParamScope& scope, const AioConfig& config)
    : transform(scope / "transform", config),
      decoder(scope / "decoder", config.hidden_size, 3 * 256, nn::LinearOptions::normal(config.init_std)) {}

Tensor MppHead::forward(const Tensor& x, nn::ForwardCtx& ctx) const {
  const Tensor scores = decoder.forward(transform.forward(x, ctx), ctx);
  Shape shape = scores.shape();
  shape[shape.rank() - 1] = 3;
  shape.push_back(256);
  return reshape(scores, shape);
}

VcopHead::VcopHead(const nn::ParamScope& scope, const AioConfig& config)
    : fc7(scope / "fc7", 2 * config.hidden_size, 512),
      fc8(scope / "fc8", 512 * config.frames * (config.frames - 1) / 2, factorial(config.frames)) {}

Tensor VcopHead::forward(const Tensor& frames, nn::ForwardCtx& ctx) const {
  std::vector<Tensor> pairs;
  for (std::int64_t i = 0; i < frames.dim(1); ++i) {
    for (std::int64_t j = i + 1; j < frames.dim(1); ++j) {
      pairs.push_back(relu(fc7.forward(concat({select(frames, 1, i), select(frames, 1, j)}, 1), ctx)));
    }
  }
  return fc8.forward(drop.forward(concat(pairs, 1), ctx), ctx);
}

Classifier::Classifier(const nn::ParamScope& scope, const AioConfig& config, int first, std::int64_t in,
                       std::int64_t hidden_size, std::int64_t out_size, double dropout)
    : drop(dropout),
      hidden(scope / first, in, hidden_size, nn::LinearOptions::normal(config.init_std)),
      norm(scope / (first + 1), hidden_size, nn::kClassifierEps),
      out(scope / (first + 3), hidden_size, out_size, nn::LinearOptions::normal(config.init_std)) {}

Tensor Classifier::forward(const Tensor& x, nn::ForwardCtx& ctx) const {
  return out.forward(gelu(norm.forward(hidden.forward(drop.forward(x, ctx), ctx), ctx)), ctx);
}

Heads::Heads(const nn::ParamScope& scope, const AioConfig& config) {
  const HeadsConfig& head = config.head;
  const std::int64_t C = config.hidden_size;
  const nn::LinearOptions init = nn::LinearOptions::normal(config.init_std);
  if (head.mlm) mlm.emplace(scope / "mlm_score", config);
  if (head.vtm) vtm.emplace(scope / "itm_score" / "fc", C, 2, init);
  if (head.contrastive) {
    text_proj.emplace(scope / "txt_proj", C, config.shared_dim, init);
    video_proj.emplace(scope / "vid_proj", C, config.shared_dim, init);
    if (head.learned_temperature) {
      log_temperature = scope.param("log_temperature", {1}, nn::Init::constant(std::log(config.temperature)));
    }
  }
  if (head.mpp) {
    mpp.emplace(scope / "mpp_score", config);
    mask_token = scope.param("mask_token", {C}, nn::Init::normal(config.init_std));
  }
  if (head.vcop) vcop.emplace(scope / "vcop_classifier", config);
  if (head.rank) rank.emplace(scope / "rank_output", C, 1, init);
  if (head.rank_2) rank_2.emplace(scope / "rank_output_2", C, 1, init);
  if (head.choice_qa) choice_qa.emplace(scope / "mc_vqa_classifier", config, 1, C, 256, 1, 0.1);
  if (head.qa_labels > 0) qa.emplace(scope / "vqa_classifier", config, 1, C, C / 2, head.qa_labels, 0.5);
  if (head.vqav2_labels > 0) vqav2.emplace(scope / "vqa_classifier", config, 0, C, 2 * C, head.vqav2_labels, 0.0);
  if (head.nlvr2) nlvr2.emplace(scope / "nlvr2_classifier", config, 0, 2 * C, 2 * C, 2, 0.0);
  if (head.probe_labels > 0) probe.emplace(scope / "linear_probe", C, head.probe_labels, init);
  if (head.caption) caption.emplace(scope / "lm_score", config);
  // Matching is what ranking starts from: row 1 of the VTM head, a copy.
  for (const std::optional<nn::Linear>* ranking : {&rank, &rank_2}) {
    if (!*ranking || !vtm) continue;
    const nn::NamedTensor weight{"weight", (*ranking)->weight}, bias{"bias", (*ranking)->bias};
    nn::load_into("rank_output", {weight, bias},
                  {{"weight", slice(vtm->weight, 0, 1, 2)}, {"bias", slice(vtm->bias, 0, 1, 2)}});
  }
}

void missing_head(const char* task, const char* name) {
  fail(ErrorCode::config, task, ": the model has no head ", name);
}

}  // namespace aio::models
