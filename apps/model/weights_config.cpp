#include "apps/model/weights_config.h"

#include "models/checkpoint/adapt.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

class Reader {
 public:
  explicit Reader(const WeightShapes& weights) : weights_(weights) {}

  bool has(const std::string& name) const { return weights_.find(name) != weights_.end(); }
  std::int64_t size(const std::string& name, std::size_t dim) const {
    const auto found = weights_.find(name);
    check(found != weights_.end(), ErrorCode::format, "the weights lack ", name);
    check(dim < found->second.size(), ErrorCode::format, name, " has ", found->second.size(),
          " dimensions, expected more than ", dim);
    return found->second[dim];
  }
  /// 0 if it is not there.
  std::int64_t rows(const std::string& name) const { return has(name) ? size(name, 0) : 0; }

 private:
  const WeightShapes& weights_;
};

void read_heads(const Reader& weights, models::AioConfig& config) {
  models::HeadsConfig& head = config.head;
  head.mlm = weights.has("mlm_score.bias");
  head.vtm = weights.has("itm_score.fc.weight");
  head.contrastive = weights.has("txt_proj.weight");
  if (head.contrastive) config.shared_dim = weights.size("txt_proj.weight", 0);
  head.mpp = weights.has("mpp_score.decoder.weight");
  head.vcop = weights.has("vcop_classifier.fc7.weight");
  head.rank = weights.has("rank_output.weight");
  head.rank_2 = weights.has("rank_output_2.weight");
  head.choice_qa = weights.has("mc_vqa_classifier.1.weight");
  head.nlvr2 = weights.has("nlvr2_classifier.0.weight");
  head.caption = weights.has("lm_score.bias");
  head.learned_temperature = weights.has("log_temperature");
  // One name for two heads: that of open-ended QA begins with dropout, so that its layers have the next numbers.
  head.qa_labels = weights.rows("vqa_classifier.4.weight");
  head.vqav2_labels = weights.rows("vqa_classifier.3.weight");
  head.probe_labels = weights.rows("linear_probe.weight");
}

std::int64_t image_side(std::int64_t patches) {
  const std::int64_t side = patches > 0 ? weights::square_side(patches) : -1;
  check(side > 0, ErrorCode::format, "the weights have positions for ", patches, " patches, which make no square");
  return side;
}

}  // namespace

models::AioConfig config_of_weights(const WeightShapes& shapes, const models::AioConfig& known) {
  const Reader weights(shapes);
  models::AioConfig config = known;
  config.hidden_size = weights.size("transformer.cls_token", 2);
  config.layers = 0;
  while (weights.has("transformer.blocks." + std::to_string(config.layers) + ".norm1.weight")) ++config.layers;
  check(config.hidden_size > 0 && config.layers > 0, ErrorCode::format, "the weights have ", config.layers,
        " blocks of width ", config.hidden_size);
  config.mlp_ratio = static_cast<double>(weights.size("transformer.blocks.0.mlp.fc1.weight", 0)) /
                     static_cast<double>(config.hidden_size);
  config.patch_size = weights.size("transformer.patch_embed.proj.weight", 2);
  if (weights.has("transformer.temporal_embed")) config.frames = weights.size("transformer.temporal_embed", 1);
  config.distilled = weights.has("transformer.dist_token");
  const auto image_heads = shapes.lower_bound("image_heads.");
  config.separate_image_heads = image_heads != shapes.end() && image_heads->first.starts_with("image_heads.");
  config.vocab_size = weights.size("text_embeddings.word_embeddings.weight", 0);
  config.max_text_len = weights.size("text_embeddings.position_embeddings.weight", 0);
  read_heads(weights, config);
  const std::int64_t positions = weights.size("transformer.pos_embed", 1);
  if (config.image_size == 0) {
    config.image_size = image_side(positions - config.prefix_tokens()) * config.patch_size;
  }
  config.validate();
  check(positions == config.visual_tokens(), ErrorCode::format, "the weights have ", positions, " positions, but ",
        config.image_size, " pixels and patches of ", config.patch_size, " make ", config.visual_tokens());
  return config;
}

}  // namespace aio::apps
