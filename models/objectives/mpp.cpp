#include "models/objectives/mpp.h"

#include <algorithm>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/labelled_rows.h"

namespace aio::models {
namespace {

/// The class of each patch's mean colour, i64 [B, T, patches, 3], in f32 as the reference computes it.
std::vector<std::int64_t> colour_classes(const Tensor& frames, std::int64_t patch, const MppOptions& options) {
  const NoGrad no_grad;
  const std::int64_t images = frames.dim(0) * frames.dim(1), H = frames.dim(3), W = frames.dim(4);
  const std::vector<float> stddev(options.stddev.begin(), options.stddev.end());
  const std::vector<float> mean(options.mean.begin(), options.mean.end());
  const Device device = frames.device();
  const Tensor pixels = reshape(cast(frames, DType::f32), {images, 3, H, W}) * Tensor::from(stddev, {3, 1, 1}, device) +
                        Tensor::from(mean, {3, 1, 1}, device);
  const Tensor patches = patchify(pixels, static_cast<int>(patch));  // [images, patches, 3 p p]
  const std::int64_t N = patches.dim(1);
  const Tensor means = aio::mean(reshape(patches, {images * N * 3, patch * patch}), {1});
  std::vector<std::int64_t> classes;
  for (const float value : means.to_vector<float>()) {
    classes.push_back(std::clamp<std::int64_t>(static_cast<std::int64_t>(value * 255.0F), 0, 255));
  }
  return classes;
}

/// Which frame's patch sits in each slot after all layers, or -1 where rolling put a zero: [T][visual].
std::vector<std::vector<std::int64_t>> frames_after_rolling(const AioConfig& config, std::int64_t T,
                                                            std::int64_t visual) {
  std::vector<std::vector<std::int64_t>> frame_of(static_cast<std::size_t>(T));
  for (std::int64_t t = 0; t < T; ++t) {
    frame_of[static_cast<std::size_t>(t)].assign(static_cast<std::size_t>(visual), t);
  }
  for (int layer = 0; layer < config.layers; ++layer) {
    const RollStep step = roll_step(config.roll, layer, T, visual, config.hidden_size);
    const auto before = frame_of;
    for (std::int64_t t = 0; t < T; ++t) {
      for (std::int64_t n = 0; n < visual; ++n) {
        const auto slot = static_cast<std::size_t>(n);
        const std::int64_t from = ((t - step.shift[slot]) % T + T) % T;
        const bool kept = step.keep.empty() || step.keep[static_cast<std::size_t>(t * visual + n)] != 0;
        frame_of[static_cast<std::size_t>(t)][slot] = kept ? before[static_cast<std::size_t>(from)][slot] : -1;
      }
    }
  }
  return frame_of;
}

}  // namespace

MppTargets mpp_targets(const Tensor& frames, std::int64_t patch_size, const Tensor& predicted, const Tensor& replaced,
                       const MppOptions& options) {
  const std::int64_t B = frames.dim(0), T = frames.dim(1);
  const std::int64_t N = frames.dim(3) / patch_size * (frames.dim(4) / patch_size);
  const Shape expected = {B, T, N};
  check(predicted.shape() == expected && replaced.shape() == expected, ErrorCode::shape, "mpp: the draws are ",
        describe(predicted), " and ", describe(replaced), ", expected u8 ", expected);
  const std::vector<std::uint8_t> chosen = predicted.to_vector<std::uint8_t>();
  std::vector<std::uint8_t> hidden = replaced.to_vector<std::uint8_t>();
  std::vector<std::int64_t> labels = colour_classes(frames, patch_size, options);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    hidden[i] = hidden[i] != 0 && chosen[i] != 0;
    if (chosen[i] == 0) std::fill_n(labels.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, kIgnored);
  }
  return {Tensor::from(labels, {B, T, N, 3}), Tensor::from(hidden, expected, frames.device())};
}

MppTargets draw_mpp_targets(const Tensor& frames, std::int64_t patch_size, const MppOptions& options, RngKey key_1,
                            RngKey key_2) {
  const Shape shape = {frames.dim(0), frames.dim(1), frames.dim(3) / patch_size * (frames.dim(4) / patch_size)};
  const auto draw = [&](double probability, RngKey key) {
    std::vector<std::uint8_t> draws;
    for (const float value : uniform(shape, 0, 1, key).to_vector<float>()) {
      draws.push_back(static_cast<double>(value) < probability);
    }
    return Tensor::from(draws, shape);
  };
  return mpp_targets(frames, patch_size, draw(options.probability, key_1), draw(options.replaced, key_2), options);
}

Tensor labels_by_token(const AioConfig& config, const VideoTokens& video, const Tensor& labels, bool rolled) {
  const RollKind kind = config.roll.kind;
  check(kind != RollKind::time_average && (kind != RollKind::channel || !rolled), ErrorCode::config,
        "mpp: roll.kind \"", to_string(kind), "\" mixes patches of several frames, expected a kind that keeps them");
  const std::int64_t B = labels.dim(0), T = labels.dim(1), N = labels.dim(2), prefix = config.prefix_tokens();
  const std::vector<std::int64_t> values = labels.to_vector<std::int64_t>();
  std::vector<std::int64_t> order;
  if (video.patch_index.defined()) order = video.patch_index.to_vector<std::int64_t>();
  std::vector<std::uint8_t> valid;
  if (video.valid.defined()) valid = video.valid.to_vector<std::uint8_t>();
  const std::int64_t kept = order.empty() ? N : static_cast<std::int64_t>(order.size()) / (B * T);
  const bool flat = video.frames() != T;  // all frames' patches in one sequence
  const std::int64_t visual = flat ? prefix + T * kept : prefix + kept;
  std::vector<std::int64_t> tokens(static_cast<std::size_t>(B * video.frames() * visual * 3), kIgnored);
  const auto frame_of = frames_after_rolling(config, rolled && !flat ? T : 1, visual);
  for (std::int64_t b = 0; b < B; ++b) {
    for (std::int64_t t = 0; t < T; ++t) {
      for (std::int64_t j = 0; j < kept; ++j) {
        std::int64_t from = t;
        if (rolled && !flat) from = frame_of[static_cast<std::size_t>(t)][static_cast<std::size_t>(prefix + j)];
        if (from < 0) continue;
        const std::int64_t image = b * T + from;
        if (!valid.empty() && valid[static_cast<std::size_t>(image * visual + prefix + j)] == 0) continue;
        const std::int64_t patch = order.empty() ? j : order[static_cast<std::size_t>(image * kept + j)];
        const std::int64_t slot = flat ? b * visual + prefix + t * kept + j : (b * T + t) * visual + prefix + j;
        std::copy_n(values.begin() + (image * N + patch) * 3, 3, tokens.begin() + slot * 3);
      }
    }
  }
  return Tensor::from(tokens, {B, video.frames(), visual, 3});
}

MppLoss mpp_loss(const Heads& heads, const Encoded& joint, const Tensor& token_labels, nn::ForwardCtx& ctx) {
  const MppHead& head = require_head(heads.mpp, "mpp", "mpp_score");
  const Tensor visual = slice(joint.frames, 2, 0, joint.video.dim(1));
  const LabelledRows picked = labelled_rows(visual, token_labels, 3);
  MppLoss out;
  out.logits = head.forward(picked.rows, ctx);
  out.labels = picked.labels;
  out.loss = mean_cross_entropy(out.logits, out.labels);
  return out;
}

}  // namespace aio::models
