#include "apps/visualizer/attention_map.h"

#include <cmath>

#include "apps/visualizer/token_home.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"

namespace aio::apps {

Tensor attention_probabilities(const nn::TransformerBlock& block, const Tensor& x, nn::ForwardCtx& ctx) {
  const std::int64_t B = x.dim(0), N = x.dim(1), C = x.dim(2), H = block.attn.heads, D = C / H;
  const Tensor qkv = reshape(block.attn.qkv.forward(block.norm1.forward(x, ctx), ctx), {B, N, 3, H, D});
  const auto heads = [&](std::int64_t part) { return contiguous(transpose(select(qkv, 2, part), 1, 2)); };
  const Tensor scores = matmul(heads(0), transpose(heads(1), 2, 3));
  return softmax(scale(scores, 1 / std::sqrt(static_cast<double>(D))));
}

TextAttention text_attention(const Subject& subject) {
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const models::AllInOne& model = subject.model();
  const models::VideoTokens video = model.embed_video(subject.frames, ctx);
  const models::TextTokens text = model.embed_text(subject.text(subject.ids), ctx);
  const std::int64_t T = video.frames(), visual = video.visual();
  const std::int64_t patches = visual - model.config.prefix_tokens();

  TextAttention out;
  out.by_slot.assign(static_cast<std::size_t>(visual), 0);
  out.by_patch.assign(static_cast<std::size_t>(T * patches), 0);
  TokenHome home(model.config, video);
  const auto layers = static_cast<double>(model.transformer.blocks.size());
  int layer = 0;
  models::EncodeOptions options;
  options.observer = [&](std::string_view place, const Tensor& x) {
    if (!place.ends_with(".in")) return;
    home.roll(layer);
    const nn::TransformerBlock& block = model.transformer.blocks[static_cast<std::size_t>(layer++)];
    const Tensor all = mean(attention_probabilities(block, select(x, 0, 0), ctx), {1});               // [T, N, N]
    const Tensor words = mean(slice(all, 1, visual + 1, visual + std::ssize(subject.ids) - 1), {1});  // no [CLS], [SEP]
    const std::vector<float> values = contiguous(slice(words, 1, 0, visual)).to_vector<float>();
    for (std::int64_t t = 0; t < T; ++t) {
      for (std::int64_t slot = 0; slot < visual; ++slot) {
        const double value = values[static_cast<std::size_t>(t * visual + slot)] / (layers * static_cast<double>(T));
        out.by_slot[static_cast<std::size_t>(slot)] += value;
        out.on_video += value;
        const std::int64_t patch = home.patch(t, slot);
        if (patch >= 0) out.by_patch[static_cast<std::size_t>(home.frame(t, slot) * patches + patch)] += value;
      }
    }
  };
  model.encode(text, video, ctx, options);
  return out;
}

}  // namespace aio::apps
