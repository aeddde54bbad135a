#include "models/objectives/wpa.h"

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tensor/recording.h"

namespace aio::models {
namespace {

constexpr double kNormEps = 1e-5;
constexpr double kLeftOut = 1e4;  // added to a left-out slot's denominator

/// bf16 is too coarse for fifty products in a row.
Tensor at_least_f32(const Tensor& x) { return x.dtype() == DType::bf16 ? cast(x, DType::f32) : x; }

/// Slots that take part, as numbers of type `dtype`: [B].
Tensor count_in(const Tensor& mask, DType dtype) {
  const Tensor out = sum(cast(mask, dtype), {1});
  return add_scalar(scale(out, -1), static_cast<double>(mask.dim(1)));
}

}  // namespace

WpaMasks wpa_masks(const Encoded& joint, const Tensor& text_lengths, const Tensor& video_valid,
                   const WpaOptions& options) {
  const std::int64_t B = joint.text.dim(0), L = joint.text.dim(1), visual = joint.video.dim(1);
  const auto text_mask = [=] {
    std::vector<std::uint8_t> text;
    for (const std::int64_t length : text_lengths.to_vector<std::int64_t>()) {
      for (std::int64_t i = 0; i < L; ++i) text.push_back(i == 0 || i >= length - 1);
    }
    return Tensor::from(text, {B, L});
  };
  const auto video_mask = [=] {
    std::vector<std::uint8_t> valid, video;
    if (video_valid.defined()) valid = video_valid.to_vector<std::uint8_t>();
    const std::int64_t rows = valid.empty() ? 0 : video_valid.dim(0) / B;  // a clip's frames
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::int64_t j = 0; j < visual; ++j) {
        const bool padding = !valid.empty() && valid[static_cast<std::size_t>(b * rows * visual + j)] == 0;
        video.push_back(j == 0 || (j == 1 && options.mask_second_visual_token) || padding);
      }
    }
    return Tensor::from(video, {B, visual});
  };
  const Device device = joint.text.device();
  return {host_tensor(text_mask).to(device), host_tensor(video_mask).to(device)};
}

Tensor ipot_plan(const Tensor& cost, const WpaMasks& masks, const WpaOptions& options) {
  const NoGrad no_grad;
  const std::int64_t B = cost.dim(0), L = cost.dim(1), visual = cost.dim(2);
  const DType dtype = cost.dtype();
  const Tensor left_out =
      cast(add_scalar(cast(unsqueeze(masks.video, 2), dtype), 0) + cast(unsqueeze(masks.text, 1), dtype),
           DType::u8);  // [B, visual, L]
  const Tensor text_count = reshape(count_in(masks.text, dtype), {B, 1, 1});
  const Tensor video_count = reshape(count_in(masks.video, dtype), {B, 1, 1});
  const Tensor text_pad = scale(reshape(cast(masks.text, dtype), {B, 1, L}), kLeftOut);
  const Tensor video_pad = scale(reshape(cast(masks.video, dtype), {B, visual, 1}), kLeftOut);

  const Tensor ones = Tensor::full({B, 1, L}, 1, cost.options());
  Tensor sigma = masked_fill(ones / text_count, unsqueeze(masks.text, 1), 0);  // [B, 1, L]
  const Tensor kernel = masked_fill(exp(scale(contiguous(transpose(cost, 1, 2)), -1 / options.beta)), left_out, 0);
  Tensor plan = masked_fill(Tensor::full({B, visual, L}, 1, cost.options()), left_out, 0);
  const Tensor one = Tensor::full({1}, 1, cost.options());
  for (int i = 0; i < options.iterations; ++i) {
    const Tensor q = kernel * plan;
    const Tensor delta = one / (video_count * matmul(q, transpose(sigma, 1, 2)) + video_pad);  // [B, visual, 1]
    sigma = one / (text_count * matmul(transpose(delta, 1, 2), q) + text_pad);                 // [B, 1, L]
    plan = delta * q * sigma;
  }
  return masked_fill(plan, left_out, 0);
}

WpaLoss wpa_loss(const Encoded& joint, const WpaMasks& masks, const Tensor& labels, const WpaOptions& options,
                 const Tensor& plan) {
  const std::int64_t B = joint.text.dim(0);
  const Tensor words = l2_normalize(at_least_f32(joint.text), kNormEps);
  const Tensor patches = l2_normalize(at_least_f32(joint.video), kNormEps);
  const Tensor distance = add_scalar(scale(matmul(words, transpose(patches, 1, 2)), -1), 1);

  WpaLoss out;
  out.cost = masked_fill(masked_fill(distance, unsqueeze(masks.text, 2), 0), unsqueeze(masks.video, 1), 0);
  out.plan = plan.defined() ? plan : ipot_plan(detach(out.cost), masks, options);
  out.distance = sum(out.cost * transpose(out.plan, 1, 2), {1, 2});
  const Tensor signs = add_scalar(scale(cast(labels.to(out.distance.device()), out.distance.dtype()), 2), -1);
  out.loss = scale(sum(out.distance * signs), 1.0 / static_cast<double>(B));
  return out;
}

}  // namespace aio::models
