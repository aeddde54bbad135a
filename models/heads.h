#pragma once
// The heads: what turns the backbone's tokens into scores. Names and layer numbers are the reference's.

#include <cstdint>
#include <optional>

#include "models/aio_config.h"
#include "nn/dropout.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"

namespace aio::models {

/// BERT's prediction transform: LayerNorm(gelu(dense(x))), eps 1e-12.
struct PredictionTransform {
  PredictionTransform(const nn::ParamScope& scope, const AioConfig& config);
  Tensor forward(const Tensor& x, nn::ForwardCtx& ctx) const;  ///< [..., C] -> [..., C]
  nn::Linear dense;
  nn::LayerNorm norm;
};

/// Masked language modelling: transform, then a decoder that is not tied to the word embeddings.
struct MlmHead {
  /// Parameters "transform.*", "decoder.weight" [vocab, C], "bias" [vocab].
  MlmHead(const nn::ParamScope& scope, const AioConfig& config);
  Tensor forward(const Tensor& x, nn::ForwardCtx& ctx) const;  ///< [..., C] -> [..., vocab]
  PredictionTransform transform;
  nn::Linear decoder;
  Tensor bias;
};

/// Masked patch prediction: a class of 256 for the mean of each colour channel.
struct MppHead {
  MppHead(const nn::ParamScope& scope, const AioConfig& config);
  Tensor forward(const Tensor& x, nn::ForwardCtx& ctx) const;  ///< [..., C] -> [..., 3, 256]
  PredictionTransform transform;
  nn::Linear decoder;
};

/// Clip order prediction (Xu et al. 2019): every pair of frames through a shared layer, all pairs to the T! orders.
struct VcopHead {
  /// Parameters "fc7.*" [512, 2 C], "fc8.*" [T!, pairs * 512], PyTorch's default initialisation.
  VcopHead(const nn::ParamScope& scope, const AioConfig& config);
  Tensor forward(const Tensor& frames, nn::ForwardCtx& ctx) const;  ///< [B, T, C] -> [B, T!]
  nn::Linear fc7, fc8;
  nn::Dropout drop{0.5};
};

/// A Sequential of the reference: dropout, linear, LayerNorm (eps 1e-5), GELU, linear. Its layers are numbered by
/// position, so `first` is 1 where a dropout stands at 0.
struct Classifier {
  Classifier(const nn::ParamScope& scope, const AioConfig& config, int first, std::int64_t in, std::int64_t hidden,
             std::int64_t out, double dropout);
  Tensor forward(const Tensor& x, nn::ForwardCtx& ctx) const;  ///< [..., in] -> [..., out]
  nn::Dropout drop;
  nn::Linear hidden;
  nn::LayerNorm norm;
  nn::Linear out;
};

/// One set of heads; those that the configuration leaves out are empty.
struct Heads {
  Heads(const nn::ParamScope& scope, const AioConfig& config);

  std::optional<MlmHead> mlm;            ///< mlm_score
  std::optional<nn::Linear> vtm;         ///< itm_score.fc: [.., C] -> [.., 2], class 1 = match
  std::optional<nn::Linear> text_proj;   ///< txt_proj
  std::optional<nn::Linear> video_proj;  ///< vid_proj
  std::optional<MppHead> mpp;            ///< mpp_score
  Tensor mask_token;                     ///< [C], with mpp: what replaces a masked patch
  std::optional<VcopHead> vcop;          ///< vcop_classifier
  std::optional<nn::Linear> rank;        ///< rank_output: [.., C] -> [.., 1]; starts as row 1 of vtm
  std::optional<nn::Linear> rank_2;      ///< rank_output_2; likewise
  std::optional<Classifier> choice_qa;   ///< mc_vqa_classifier
  std::optional<Classifier> qa;          ///< vqa_classifier of open-ended QA
  std::optional<Classifier> vqav2;       ///< vqa_classifier of VQAv2
  std::optional<Classifier> nlvr2;       ///< nlvr2_classifier
  std::optional<nn::Linear> probe;       ///< linear_probe
  std::optional<MlmHead> caption;        ///< lm_score
  Tensor log_temperature;                ///< [1], if learned
};

/// `head`, or Error{config} "TASK needs the head NAME, which this model lacks (head.FIELD in its configuration)".
template <class Head>
const Head& require_head(const std::optional<Head>& head, const char* task, const char* name);

[[noreturn]] void missing_head(const char* task, const char* name);

template <class Head>
const Head& require_head(const std::optional<Head>& head, const char* task, const char* name) {
  if (!head) missing_head(task, name);
  return *head;
}

}  // namespace aio::models
