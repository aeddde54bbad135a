#include "apps/model/golden_outputs.h"

#include <cctype>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/multiple_choice.h"
#include "models/objectives/qa.h"
#include "models/objectives/retrieval.h"

namespace aio::apps {
namespace {

using namespace models;

/// Co-training calls itm vtm, and ind_itc vtc.
std::string release_name(const std::string& name) {
  if (name == "vtc_loss") return "ind_itc_loss";
  if (name.starts_with("vtm_")) return "itm_" + name.substr(4);
  if (name.starts_with("vtc_")) return "itc_" + name.substr(4);
  return name;
}

/// "block3" or "block3_in"
bool is_block(const std::string& name) {
  std::size_t end = 5;
  while (end < name.size() && std::isdigit(static_cast<unsigned char>(name[end])) != 0) ++end;
  return name.starts_with("block") && end > 5 && (end == name.size() || name.substr(end) == "_in");
}

/// [B, T, visual + text, C] -> [B T, text + visual, C]: the reference has the text first, a row for each frame.
Tensor text_first(const Tensor& x, std::int64_t visual) {
  const Tensor turned = concat({slice(x, 2, visual, x.dim(2)), slice(x, 2, 0, visual)}, 2);
  return reshape(turned, {x.dim(0) * x.dim(1), x.dim(2), x.dim(3)});
}

Tensor visual_mask(const VideoTokens& video) {
  if (video.valid.defined()) return cast(video.valid, DType::i64);
  return cast(Tensor::full({video.tokens.dim(0) * video.frames(), video.visual()}, 1), DType::i64);
}

/// i64 [images, patches, 2]: row and column of each token's patch.
Tensor patch_places(const VideoTokens& video, std::int64_t columns) {
  std::vector<std::int64_t> places;
  for (const std::int64_t patch : video.patch_index.to_vector<std::int64_t>()) {
    places.push_back(patch / columns);
    places.push_back(patch % columns);
  }
  return Tensor::from(places, {video.patch_index.dim(0), video.patch_index.dim(1), 2});
}

}  // namespace

GoldenOutputs::GoldenOutputs(const AllInOne& model, const GoldenSet& set, const GoldenPart& part)
    : model_(model), set_(set), part_(part) {}

const Tensor& GoldenOutputs::in(const std::string& name) const {
  const auto found = set_.tensors.find(part_.prefix + "in." + name);
  check(found != set_.tensors.end(), ErrorCode::value, "the set has no ", part_.prefix, "in.", name);
  return found->second;
}

VideoOptions GoldenOutputs::video_options() const {
  VideoOptions options;
  options.temporal_embedding = !part_.images;
  options.detect_padding = true;  // the reference always looks
  if (part_.shuffled) options.patch_order = in("patch_perm");
  return options;
}

EncodeOptions GoldenOutputs::encode_options() const {
  EncodeOptions options;
  options.roll = !part_.images;
  return options;
}

InputOptions GoldenOutputs::input_options() const {
  InputOptions options;
  options.images = part_.images;
  options.video = video_options();
  options.encode = encode_options();
  return options;
}

TextTokens GoldenOutputs::text(const Tensor& ids) {
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  return model_.embed_text({ids, in("text_mask")}, ctx, {.keep_padding = true});
}

// ---- forward outputs ------------------------------------------------------------------------------------------------

GoldenOutputs::Pass GoldenOutputs::pass_of(const std::string& name) {
  static const std::map<std::string, Pass> passes = {
      {"text_embeds", &GoldenOutputs::joint_pass},
      {"video_embeds", &GoldenOutputs::joint_pass},
      {"video_mask", &GoldenOutputs::joint_pass},
      {"patch_index", &GoldenOutputs::joint_pass},
      {"norm", &GoldenOutputs::joint_pass},
      {"text_feats", &GoldenOutputs::joint_pass},
      {"image_feats", &GoldenOutputs::joint_pass},
      {"cls_feats", &GoldenOutputs::joint_pass},
      {"raw_cls_feats", &GoldenOutputs::joint_pass},
      {"mlm_logits", &GoldenOutputs::mlm_pass},
      {"mlm_logits_at_labels", &GoldenOutputs::mlm_pass},
      {"mlm_logits_b0_t0", &GoldenOutputs::mlm_pass},
      {"itm_logits", &GoldenOutputs::vtm_pass},
      {"itm_cls_feats", &GoldenOutputs::vtm_pass},
      {"wpa_cost", &GoldenOutputs::vtm_pass},
      {"wpa_T", &GoldenOutputs::vtm_pass},
      {"wpa_distance", &GoldenOutputs::vtm_pass},
      {"itc_text_feats", &GoldenOutputs::contrastive_passes},
      {"itc_text_raw_cls", &GoldenOutputs::contrastive_passes},
      {"itc_text_cls_feats", &GoldenOutputs::contrastive_passes},
      {"itc_image_feats", &GoldenOutputs::contrastive_passes},
      {"itc_image_raw_cls", &GoldenOutputs::contrastive_passes},
      {"itc_image_cls_feats", &GoldenOutputs::contrastive_passes},
      {"itc_sim", &GoldenOutputs::contrastive_passes},
      {"mpp_image_feats", &GoldenOutputs::mpp_pass},
      {"mpp_logits", &GoldenOutputs::mpp_pass},
      {"mpp_labels", &GoldenOutputs::mpp_pass},
      {"vcop_features", &GoldenOutputs::vcop_pass},
      {"vcop_logits", &GoldenOutputs::vcop_pass},
      {"vcop_labels", &GoldenOutputs::vcop_pass},
  };
  if (is_block(name)) return &GoldenOutputs::joint_pass;
  const auto found = passes.find(name);
  return found == passes.end() ? nullptr : found->second;
}

Tensor GoldenOutputs::output(const std::string& key_name) {
  const std::string name = release_name(key_name);
  if (const auto found = done_.find(name); found != done_.end()) return found->second;
  {
    const NoGrad no_grad;
    if (const Pass pass = pass_of(name)) {
      (this->*pass)();
    } else if (const Tensor value = loss(name); value.defined()) {
      done_[name] = value;
    } else {
      task_scores(name);
    }
  }
  const auto found = done_.find(name);
  return found == done_.end() ? Tensor{} : found->second;
}

void GoldenOutputs::joint_pass() {
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const Tensor& frames = in("frames");
  const VideoTokens video = model_.embed_video(frames, ctx, video_options());
  const std::int64_t rows = video.tokens.dim(0) * video.frames(), visual = video.visual();
  put("text_embeds", model_.text_embeddings.forward(in("text_ids"), ctx));
  put("video_embeds", reshape(video.tokens, {rows, visual, video.tokens.dim(3)}));
  put("video_mask", visual_mask(video));
  if (video.patch_index.defined()) {
    put("patch_index", patch_places(video, frames.dim(4) / model_.config.patch_size));
  }

  EncodeOptions options = encode_options();
  options.observer = [&](std::string_view place, const Tensor& x) {
    std::string name(place);
    if (name.ends_with(".in")) name.replace(name.size() - 3, 3, "_in");
    put(name, text_first(x, visual));
  };
  const Encoded joint = model_.encode(text(in("text_ids")), video, ctx, options);
  put("text_feats", joint.text);
  put("image_feats", joint.video);
  put("raw_cls_feats", joint.cls());
  put("cls_feats", model_.pool(joint.cls(), ctx));
}

void GoldenOutputs::mlm_pass() {
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const VideoTokens video = model_.embed_video(in("frames"), ctx, video_options());
  const Encoded joint = model_.encode(text(in("mlm_ids")), video, ctx, encode_options());
  const Tensor logits = require_head(model_.heads.mlm, "mlm", "mlm_score").forward(joint.text, ctx);
  put("mlm_logits", logits);
  put("mlm_logits_b0_t0", select(select(logits, 0, 0), 0, 0));
  put("mlm_logits_at_labels", mlm_loss(model_.heads, joint.text, in("mlm_labels"), ctx).logits);
}

void GoldenOutputs::vtm_pass() {
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const Tensor& labels = in("itm_labels");
  const VideoTokens video =
      model_.embed_video(mix_frames(in("frames"), in("false_frames"), labels), ctx, video_options());
  const TextTokens tokens = text(in("text_ids"));
  const Encoded joint = model_.encode(tokens, video, ctx, encode_options());
  const Tensor pooled = model_.pool(joint.cls(), ctx);
  put("itm_cls_feats", pooled);
  put("itm_logits", vtm_loss(model_.heads, pooled, labels, ctx).logits);
  WpaOptions options;
  options.mask_second_visual_token = model_.config.wpa_masks_second_visual_token;
  const WpaMasks masks = wpa_masks(joint, tokens.lengths, video.valid, options);
  const WpaLoss wpa = wpa_loss(joint, masks, labels, options);
  put("wpa_cost", wpa.cost);
  put("wpa_T", wpa.plan);
  put("wpa_distance", wpa.distance);
}

void GoldenOutputs::contrastive_passes() {
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const Encoded words = model_.encode_text(text(in("text_ids")), ctx);
  const Encoded video = model_.encode_video(model_.embed_video(in("frames"), ctx, video_options()), ctx);
  const Heads& heads = model_.heads;
  put("itc_text_raw_cls", words.cls());
  put("itc_text_cls_feats", model_.pool(words.cls(), ctx));
  put("itc_text_feats", require_head(heads.text_proj, "contrastive", "txt_proj").forward(words.text, ctx));
  put("itc_image_raw_cls", video.cls());
  put("itc_image_cls_feats", model_.pool(video.cls(), ctx));
  put("itc_image_feats", require_head(heads.video_proj, "contrastive", "vid_proj").forward(video.video, ctx));
  put("itc_sim", contrastive_loss(heads, project_text(heads, words.cls(), ctx), project_video(heads, video.cls(), ctx),
                                  model_.config.temperature)
                     .similarity);
}

MppTargets GoldenOutputs::mpp_targets() const {
  const Tensor& frames = in("frames");
  const Shape draws = {frames.dim(0), frames.dim(1), -1};
  return models::mpp_targets(frames, model_.config.patch_size, cast(reshape(in("mpp_masked"), draws), DType::u8),
                             cast(reshape(in("mpp_replaced_draw"), draws), DType::u8), {});
}

void GoldenOutputs::mpp_pass() {
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const MppTargets targets = mpp_targets();
  VideoOptions options = video_options();
  options.masked_patches = targets.replaced;
  options.mask_token = model_.heads.mask_token;
  const VideoTokens video = model_.embed_video(in("frames"), ctx, options);
  const Encoded joint = model_.encode(text(in("text_ids")), video, ctx, encode_options());
  put("mpp_image_feats", joint.video);
  put("mpp_logits", require_head(model_.heads.mpp, "mpp", "mpp_score").forward(joint.video, ctx));
  const Tensor labels = labels_by_token(model_.config, video, targets.labels, encode_options().roll);
  put("mpp_labels", reshape(labels, {labels.dim(0) * labels.dim(1), labels.dim(2), 3}));
}

void GoldenOutputs::vcop_pass() {
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const VideoTokens video = model_.embed_video(in("frames"), ctx, video_options());
  const Encoded joint = model_.encode(text(in("text_ids")), video, ctx, encode_options());
  const VcopLoss vcop = vcop_loss(model_.heads, joint, in("vcop_perm"), ctx);
  put("vcop_features", vcop.features);
  put("vcop_logits", vcop.logits);
  put("vcop_labels", vcop.labels);
}

// ---- tasks ----------------------------------------------------------------------------------------------------------

Scored GoldenOutputs::task(const std::string& name) const {
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  InputOptions options = input_options();
  const Tensor& frames = in("frames");
  if (name == "vqa" || name == "vqa_no_temporal_embed") {
    if (name != "vqa") options.video.temporal_embedding = false;  // as co-training's code leaves it out
    return open_ended_qa(model_, {frames, {in("text_ids"), in("text_mask")}, in("vqa_labels")}, ctx, options);
  }
  if (name == "mc_vqa") {
    return multiple_choice_qa(model_, {frames, {in("mc_ids"), in("mc_mask")}, in("mc_answer")}, ctx, options);
  }
  const Tensor &ids = in("irtr_ids"), &mask = in("irtr_mask");
  if (name == "irtr") return retrieval(model_, {frames, {ids, mask}, {}}, ctx, MatchHead::rank, options);
  const std::int64_t n = set_.rank_options;
  return models::multiple_choice(model_, {frames, {slice(ids, 1, 0, n), slice(mask, 1, 0, n)}, in("mchoice_answer")},
                                 ctx, MatchHead::rank, options);
}

void GoldenOutputs::task_scores(const std::string& name) {
  static const std::map<std::string, std::string> tasks = {{"vqa_logits", "vqa"},
                                                           {"vqa_logits_no_temporal_embed", "vqa_no_temporal_embed"},
                                                           {"mc_scores", "mc_vqa"},
                                                           {"irtr_scores", "irtr"},
                                                           {"mchoice_scores", "multiple_choice"}};
  const auto found = tasks.find(name);
  if (found != tasks.end()) put(name, task(found->second).scores);
}

// ---- losses ---------------------------------------------------------------------------------------------------------

Tensor GoldenOutputs::loss(const std::string& key_name) const {
  const std::string name = release_name(key_name);
  if (const Tensor value = pretrain_loss(name); value.defined()) return value;
  return task_loss(name);
}

PretrainBatch GoldenOutputs::pretrain_batch() const {
  PretrainBatch batch;
  batch.frames = in("frames");
  batch.text = {in("text_ids"), in("text_mask")};
  const auto optional = [&](const char* name) { return set_.has(part_.prefix + "in." + name) ? in(name) : Tensor{}; };
  batch.false_frames = optional("false_frames");
  batch.mlm_ids = optional("mlm_ids");
  batch.mlm_labels = optional("mlm_labels");
  batch.vtm_labels = optional("itm_labels");
  batch.clip_order = optional("vcop_perm");
  batch.images = part_.images;
  return batch;
}

Tensor GoldenOutputs::pretrain_loss(const std::string& name) const {
  PretrainOptions options;
  options.detect_padding = true;
  options.mlm = options.vtm = options.wpa = options.vtc = 0;
  const bool total = name == "total_loss";
  if (name == "mlm_loss" || (total && has_out("mlm_loss"))) options.mlm = 1;
  if (name == "itm_loss" || name == "itm_wpa_loss" || (total && (has_out("itm_loss") || has_out("vtm_loss")))) {
    options.vtm = 1;
  }
  if (name == "itm_wpa_loss" || (total && (has_out("itm_wpa_loss") || has_out("vtm_wpa_loss")))) options.wpa = 0.1;
  if (name == "ind_itc_loss" || (total && (has_out("ind_itc_loss") || has_out("vtc_loss")))) options.vtc = 1;
  if (name == "vcop_loss") options.vcop = 1;
  if (name == "mpp_loss") {
    options.mpp = 1;
    options.mpp_targets = mpp_targets();
  }
  if (options.mlm + options.vtm + options.vtc + options.vcop + options.mpp == 0) return {};
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const PretrainOutput out = pretrain(model_, pretrain_batch(), options, ctx);
  return name == "itm_wpa_loss" ? scale(out.wpa->loss, options.wpa) : out.total;
}

Tensor GoldenOutputs::task_loss(const std::string& name) const {
  for (const char* known : {"vqa", "mc_vqa", "irtr", "multiple_choice"}) {
    if (name == std::string(known) + "_loss") return task(known).loss;
  }
  if (name == "vqa_loss_no_temporal_embed") return task("vqa_no_temporal_embed").loss;
  if (name != "aux") return {};
  Tensor sum;
  for (const char* part : {"vcop_loss", "vqa_loss", "mc_vqa_loss", "irtr_loss", "multiple_choice_loss"}) {
    if (!has_out(part)) continue;
    const Tensor value = loss(part);
    sum = sum.defined() ? sum + value : value;
  }
  return sum;
}

}  // namespace aio::apps
