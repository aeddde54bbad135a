#include "apps/visualizer/word_patches.h"

#include "apps/visualizer/token_home.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/wpa.h"

namespace aio::apps {

std::vector<std::vector<double>> word_patches(const Subject& subject, const std::vector<Word>& words) {
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const models::AllInOne& model = subject.model();
  const models::VideoTokens video = model.embed_video(subject.frames, ctx);
  const models::Encoded joint = model.encode(model.embed_text(subject.text(subject.ids), ctx), video, ctx);
  const std::int64_t T = video.frames(), visual = video.visual(), C = model.config.hidden_size;
  const std::int64_t L = joint.text.dim(1), patches = visual - model.config.prefix_tokens();

  // Each frame is a clip of its own, with the text that all of them share.
  models::Encoded frames;
  frames.text = contiguous(expand(joint.text, {T, L, C}));
  frames.video = contiguous(slice(select(joint.frames, 0, 0), 1, 0, visual));
  models::WpaOptions options;
  options.mask_second_visual_token = model.config.wpa_masks_second_visual_token || model.config.distilled;
  const Tensor lengths = Tensor::from(std::vector<std::int64_t>(static_cast<std::size_t>(T), L), {T});
  const Tensor labels = Tensor::from(std::vector<std::int64_t>(static_cast<std::size_t>(T), 1), {T});
  const models::WpaMasks masks = models::wpa_masks(frames, lengths, {}, options);
  const Tensor plan = models::wpa_loss(frames, masks, labels, options).plan;  // [T, visual, L]
  const std::vector<float> values = contiguous(plan).to_vector<float>();

  TokenHome home(model.config, video);
  for (int layer = 0; layer < model.config.layers; ++layer) home.roll(layer);
  std::vector<std::vector<double>> out;
  for (const Word& word : words) {
    std::vector<double>& heat = out.emplace_back(static_cast<std::size_t>(T * patches), 0.0);
    for (std::int64_t t = 0; t < T; ++t) {
      for (std::int64_t slot = 0; slot < visual; ++slot) {
        const std::int64_t patch = home.patch(t, slot);
        if (patch < 0) continue;
        double& sum = heat[static_cast<std::size_t>(home.frame(t, slot) * patches + patch)];
        for (std::int64_t piece = word.first; piece < word.first + word.pieces; ++piece) {
          sum += values[static_cast<std::size_t>((t * visual + slot) * L + piece)];
        }
      }
    }
  }
  return out;
}

}  // namespace aio::apps
