#include "models/objectives/contrastive.h"

#include <numeric>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tensor/recording.h"

namespace aio::models {
namespace {

constexpr double kNormEps = 1e-8;

Tensor unit_rows(const Tensor& x) { return l2_normalize(x.dtype() == DType::bf16 ? cast(x, DType::f32) : x, kNormEps); }

/// queries [B, D] against the candidates, of which the first B are the right ones.
Tensor find_own(const Tensor& similarity, const Tensor& inverse_temperature) {
  const Tensor own = host_tensor([B = similarity.dim(0)] {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(B));
    std::iota(rows.begin(), rows.end(), 0);
    return Tensor::from(rows, {B});
  });
  return cross_entropy(similarity * inverse_temperature, own);
}

}  // namespace

Tensor project_text(const Heads& heads, const Tensor& text_cls, nn::ForwardCtx& ctx) {
  return unit_rows(require_head(heads.text_proj, "contrastive", "txt_proj").forward(text_cls, ctx));
}

Tensor project_video(const Heads& heads, const Tensor& video_cls, nn::ForwardCtx& ctx) {
  return unit_rows(require_head(heads.video_proj, "contrastive", "vid_proj").forward(video_cls, ctx));
}

ContrastiveLoss contrastive_loss(const Heads& heads, const Tensor& text, const Tensor& video, double temperature,
                                 const GatherRows& gather) {
  const Tensor factor = heads.log_temperature.defined() ? exp(scale(heads.log_temperature, -1))
                                                        : Tensor::full({1}, 1 / temperature, text.options());
  ContrastiveLoss out{{}, matmul(text, transpose(video, 0, 1)), text, video};
  Tensor text_to_video = out.similarity, video_to_text = transpose(out.similarity, 0, 1);
  if (gather) {
    const GatheredRows others = gather(detach(text), detach(video));
    text_to_video = concat({text_to_video, matmul(text, transpose(others.video, 0, 1))}, 1);
    video_to_text = concat({video_to_text, matmul(video, transpose(others.text, 0, 1))}, 1);
  }
  out.loss = find_own(text_to_video, factor) + find_own(video_to_text, factor);
  return out;
}

}  // namespace aio::models
