#include "models/complexity.h"

#include <cmath>

#include "autograd/ops/mlp.h"
#include "tensor/error.h"

namespace aio::models {
namespace {

std::int64_t linear(std::int64_t in, std::int64_t out) { return in * out + out; }
std::int64_t norm(std::int64_t size) { return 2 * size; }
std::int64_t mlp_hidden(const AioConfig& config) {
  return std::llround(config.mlp_ratio * static_cast<double>(config.hidden_size));
}

std::int64_t block_weights(const AioConfig& config) {
  const std::int64_t C = config.hidden_size;
  return C * 3 * C + C * C + 2 * C * mlp_hidden(config);
}

std::int64_t transformer_parameters(const AioConfig& config) {
  const std::int64_t C = config.hidden_size, p = config.patch_size;
  const std::int64_t tables = config.prefix_tokens() + config.visual_tokens() + config.frames;
  const std::int64_t biases = 3 * C + C + mlp_hidden(config) + C;
  return tables * C + linear(3 * p * p, C) + config.layers * (block_weights(config) + biases + 2 * norm(C)) + norm(C);
}

std::int64_t transform(const AioConfig& config) {
  return linear(config.hidden_size, config.hidden_size) + norm(config.hidden_size);
}
std::int64_t mlm_head(const AioConfig& config) {
  return transform(config) + config.hidden_size * config.vocab_size + config.vocab_size;
}
/// linear, LayerNorm, GELU, linear
std::int64_t classifier(std::int64_t in, std::int64_t hidden, std::int64_t out) {
  return linear(in, hidden) + norm(hidden) + linear(hidden, out);
}
std::int64_t vcop_head(const AioConfig& config) {
  std::int64_t orders = 1;
  for (std::int64_t i = 2; i <= config.frames; ++i) orders *= i;
  const std::int64_t pairs = config.frames * (config.frames - 1) / 2;
  return linear(2 * config.hidden_size, 512) + linear(512 * pairs, orders);
}

std::vector<ModuleParameters> head_parameters(const AioConfig& config) {
  const HeadsConfig& head = config.head;
  const std::int64_t C = config.hidden_size;
  std::vector<ModuleParameters> out;
  const auto add = [&](bool present, const char* name, std::int64_t count) {
    if (present) out.push_back({name, count});
  };
  add(head.mlm, "mlm_score", mlm_head(config));
  add(head.vtm, "itm_score", linear(C, 2));
  add(head.contrastive, "txt_proj", linear(C, config.shared_dim));
  add(head.contrastive, "vid_proj", linear(C, config.shared_dim));
  add(head.contrastive && head.learned_temperature, "log_temperature", 1);
  add(head.mpp, "mpp_score", transform(config) + linear(C, 3 * 256));
  add(head.mpp, "mask_token", C);
  add(head.vcop, "vcop_classifier", head.vcop ? vcop_head(config) : 0);  // frames! has no end
  add(head.rank, "rank_output", linear(C, 1));
  add(head.rank_2, "rank_output_2", linear(C, 1));
  add(head.choice_qa, "mc_vqa_classifier", classifier(C, 256, 1));
  add(head.qa_labels > 0, "vqa_classifier", classifier(C, C / 2, head.qa_labels));
  add(head.vqav2_labels > 0, "vqa_classifier", classifier(C, 2 * C, head.vqav2_labels));
  add(head.nlvr2, "nlvr2_classifier", classifier(2 * C, 2 * C, 2));
  add(head.probe_labels > 0, "linear_probe", linear(C, head.probe_labels));
  add(head.caption, "lm_score", mlm_head(config));
  return out;
}

/// Counts are products of a configuration's sizes; absurd ones leave 64 bits.
void check_fits(double count) {
  check(count < 9e18, ErrorCode::config, "complexity: about ", count,
        " does not fit 64 bits (a smaller image, larger patches, fewer frames)");
}

/// How many sequences of how many tokens the blocks see.
struct Sequences {
  std::int64_t count, tokens;
};
Sequences sequences(const AioConfig& config, const PassSize& pass) {
  if (pass.frames == 0) return {1, pass.text};
  if (config.roll.kind == RollKind::time_average) return {1, config.visual_tokens() + pass.text};
  if (config.roll.kind == RollKind::flatten) {
    return {1, config.prefix_tokens() + pass.frames * config.patches() + pass.text};
  }
  return {pass.frames, config.visual_tokens() + pass.text};
}

}  // namespace

std::vector<ModuleParameters> count_parameters(const AioConfig& config) {
  const std::int64_t C = config.hidden_size;
  std::vector<ModuleParameters> out = {{"text_embeddings", (config.vocab_size + config.max_text_len + 2) * C + norm(C)},
                                       {"token_type_embeddings", (config.head.nlvr2 ? 3 : 2) * C},
                                       {"transformer", transformer_parameters(config)},
                                       {"pooler", linear(C, C)}};
  const std::vector<ModuleParameters> heads = head_parameters(config);
  out.insert(out.end(), heads.begin(), heads.end());
  if (config.separate_image_heads) {
    ModuleParameters images{"image_heads", 0};
    for (const ModuleParameters& head : heads) images.count += head.count;
    out.push_back(images);
  }
  return out;
}

std::int64_t total_parameters(const AioConfig& config) {
  std::int64_t total = 0;
  for (const ModuleParameters& module : count_parameters(config)) total += module.count;
  return total;
}

std::int64_t mlm_decoder_parameters(const AioConfig& config) {
  return config.head.mlm ? config.hidden_size * config.vocab_size : 0;
}

Macs count_macs(const AioConfig& config, const PassSize& pass) {
  const std::int64_t C = config.hidden_size, p = config.patch_size;
  const Sequences rows = sequences(config, pass);
  check_fits(2.0 * config.layers * static_cast<double>(rows.count) * static_cast<double>(rows.tokens) *
             static_cast<double>(rows.tokens + 12 * C) * static_cast<double>(C));
  Macs macs;
  macs.patches = pass.frames * config.patches() * 3 * p * p * C;
  macs.linear = config.layers * rows.count * rows.tokens * block_weights(config);
  macs.attention = config.layers * rows.count * 2 * rows.tokens * rows.tokens * C;
  macs.pooler = C * C;
  return macs;
}

std::int64_t mlm_head_macs(const AioConfig& config, std::int64_t text) {
  return text * config.hidden_size * (config.hidden_size + config.vocab_size);
}

ActivationMemory activation_memory(const AioConfig& config, const PassSize& pass, std::int64_t batch) {
  const Sequences rows = sequences(config, pass);
  const std::int64_t C = config.hidden_size, hidden = mlp_hidden(config);
  check_fits(4.0 * config.layers * static_cast<double>(batch) * static_cast<double>(rows.count) *
             static_cast<double>(rows.tokens) * static_cast<double>(8 * C + 2 * hidden));
  const std::int64_t tokens = batch * rows.count * rows.tokens;
  const std::int64_t mlp = ops::mlp_keeps_hidden(C, Device{}) ? 2 * hidden : hidden;
  const std::int64_t block = 4 * tokens * (8 * C + mlp), input = 4 * tokens * C;
  // At the widest place: of the MLP's hidden layer before and after GELU (its gradient, or itself made again), and of
  // the residual stream.
  const std::int64_t gradients = 4 * tokens * (2 * hidden + C);
  ActivationMemory memory;
  memory.kept = config.layers * (config.recompute ? input : block);
  memory.transient = gradients + (config.recompute ? block : 0);
  return memory;
}

}  // namespace aio::models
