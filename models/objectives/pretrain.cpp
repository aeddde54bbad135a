#include "models/objectives/pretrain.h"

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tensor/recording.h"

namespace aio::models {
namespace {

/// The passes of one step; they share the clip's embedding.
class Step {
 public:
  Step(const AllInOne& model, const PretrainBatch& batch, const PretrainOptions& options, nn::ForwardCtx& ctx)
      : model_(model),
        batch_(batch),
        options_(options),
        ctx_(ctx),
        still_(batch.images && !options.naive_images),
        heads_(model.heads_for(batch.images)) {
    video_options_.temporal_embedding = !still_;
    video_options_.detect_padding = batch.images || options.detect_padding;
    encode_options_.roll = !still_;
    own_ = model.embed_video(need(batch.frames, "frames"), ctx, video_options_);
    own_graph_ = own_.tokens;
    if (!options.differentiate || !requires_grad(own_graph_)) return;
    own_.tokens = detach(own_graph_);  // a leaf, where the passes' gradients meet until finish()
    set_requires_grad(own_.tokens, true);
  }

  void mlm() {
    const TextTokens masked = embed(need(batch_.mlm_ids, "mlm_ids"));
    const Encoded joint = model_.encode(masked, own_, ctx_, reading(Reads::text));
    out_.mlm = mlm_loss(heads_, joint.text, need(batch_.mlm_labels, "mlm_labels"), ctx_);
    add("mlm", out_.mlm->loss, options_.mlm);
  }

  void vtm_and_wpa() {
    const TextTokens text = embed(batch_.text.ids);
    const VideoTokens mixed = mixed_clips();
    const Encoded joint = model_.encode(text, mixed, ctx_, reading(options_.wpa == 0 ? Reads::cls : Reads::all));
    out_.vtm = vtm_loss(heads_, model_.pool(joint.cls(), ctx_), out_.vtm_labels, ctx_);
    add("vtm", out_.vtm->loss, options_.vtm);
    if (options_.wpa == 0) return;
    WpaOptions wpa;
    wpa.mask_second_visual_token = model_.config.wpa_masks_second_visual_token;
    const WpaMasks masks = wpa_masks(joint, text.lengths, mixed.valid, wpa);
    out_.wpa = wpa_loss(joint, masks, out_.vtm_labels, wpa, options_.frozen_plan);
    add("wpa", out_.wpa->loss, options_.wpa);
  }

  void vtc() {
    const Encoded text = model_.encode_text(embed(batch_.text.ids), ctx_, reading(Reads::cls));
    const Encoded video = model_.encode_video(own_, ctx_, reading(Reads::cls));
    out_.vtc = contrastive_loss(heads_, project_text(heads_, text.cls(), ctx_),
                                project_video(heads_, video.cls(), ctx_), model_.config.temperature, options_.gather);
    add("vtc", out_.vtc->loss, options_.vtc);
  }

  void mpp() {
    MppTargets targets = options_.mpp_targets;
    if (!targets.labels.defined()) {
      const RngKey predicted = ctx_.rng.next(), replaced = ctx_.rng.next();
      targets = draw_mpp_targets(batch_.frames, model_.config.patch_size, options_.mpp_options, predicted, replaced);
    }
    VideoOptions masked = video_options_;
    masked.masked_patches = targets.replaced;
    masked.mask_token = heads_.mask_token;
    const VideoTokens video = model_.embed_video(batch_.frames, ctx_, masked);
    const Encoded joint = model_.encode(embed(batch_.text.ids), video, ctx_, encode_options_);
    const bool rolled = encode_options_.roll && video.frames() > 1;
    out_.mpp = mpp_loss(heads_, joint, labels_by_token(model_.config, video, targets.labels, rolled), ctx_);
    add("mpp", out_.mpp->loss, options_.mpp);
  }

  void vcop() {
    const Encoded joint = model_.encode(embed(batch_.text.ids), own_, ctx_, reading(Reads::cls));
    const Tensor orders = batch_.clip_order.defined()
                              ? batch_.clip_order
                              : draw_clip_orders(joint.frames.dim(0), joint.frames.dim(1), ctx_.rng.next());
    out_.vcop = vcop_loss(heads_, joint, orders, ctx_);
    add("vcop", out_.vcop->loss, options_.vcop);
  }

  /// After each pass: differentiates its losses if that is wanted.
  void end_pass() {
    if (!options_.differentiate) return;
    const Tensor loss = weighted_sum(differentiated_);
    if (requires_grad(loss)) backward(loss);
    for (; differentiated_ < out_.losses.size(); ++differentiated_) {
      Tensor& value = out_.losses[differentiated_].value;
      value = detach(value);
    }
  }

  PretrainOutput finish() {
    check(!out_.losses.empty(), ErrorCode::config, "pretrain: all weights are 0, expected at least one loss");
    out_.total = weighted_sum(0);
    if (is_leaf(own_.tokens) && requires_grad(own_.tokens)) {
      const Tensor gradient = grad(own_.tokens);
      if (gradient.defined()) backward(own_graph_, gradient);
    }
    return std::move(out_);
  }

 private:
  EncodeOptions reading(Reads reads) const {
    EncodeOptions options = encode_options_;
    options.reads = reads;
    return options;
  }

  static const Tensor& need(const Tensor& tensor, const char* name) {
    check(tensor.defined(), ErrorCode::value, "pretrain: the batch lacks ", name);
    return tensor;
  }

  /// Each pass embeds its text anew: dropout in the embedding is its own.
  TextTokens embed(const Tensor& ids) {
    return model_.embed_text({need(ids, "text.ids"), need(batch_.text.mask, "text.mask")}, ctx_, options_.text);
  }

  VideoTokens mixed_clips() {
    const Tensor& false_frames = need(batch_.false_frames, "false_frames");
    out_.vtm_labels = batch_.vtm_labels.defined()
                          ? batch_.vtm_labels
                          : host_tensor([B = batch_.frames.dim(0), how = options_.negatives, key = ctx_.rng.next()] {
                              return draw_vtm_labels(B, how, host_key(key));
                            });
    const Tensor negatives = select_negatives(false_frames, out_.vtm_labels);
    if (negatives.dim(0) == 0) return own_;
    const VideoTokens shown = model_.embed_video(negatives, ctx_, video_options_);
    if (!own_.valid.defined() && !shown.valid.defined()) return mix_clips(own_, shown, out_.vtm_labels);
    // The fullest image of a padded batch decides how many tokens all have: the mixture is a batch of its own.
    return model_.embed_video(mix_frames(batch_.frames, false_frames, out_.vtm_labels), ctx_, video_options_);
  }

  /// Of the losses from number `first` on, with everything that multiplies them.
  Tensor weighted_sum(std::size_t first) const {
    Tensor total;
    for (std::size_t i = first; i < out_.losses.size(); ++i) {
      const NamedLoss& loss = out_.losses[i];
      const Tensor weighted = loss.weight == 1 ? loss.value : scale(loss.value, loss.weight);
      total = total.defined() ? total + weighted : weighted;
    }
    const double weight = batch_.images ? options_.image_weight : options_.video_weight;
    return weight == 1 ? total : scale(total, weight);
  }

  void add(std::string_view name, const Tensor& value, double weight) { out_.losses.push_back({name, value, weight}); }

  const AllInOne& model_;
  const PretrainBatch& batch_;
  const PretrainOptions& options_;
  nn::ForwardCtx& ctx_;
  bool still_;
  const Heads& heads_;
  VideoOptions video_options_;
  EncodeOptions encode_options_;
  VideoTokens own_;
  Tensor own_graph_;                // own_.tokens with their history
  std::size_t differentiated_ = 0;  // losses so far
  PretrainOutput out_;
};

}  // namespace

PretrainOutput pretrain(const AllInOne& model, const PretrainBatch& batch, const PretrainOptions& options,
                        nn::ForwardCtx& ctx) {
  Step step(model, batch, options, ctx);
  const auto run = [&](double weight, void (Step::*pass)()) {
    if (weight == 0) return;
    (step.*pass)();
    step.end_pass();
  };
  run(options.mlm, &Step::mlm);
  run(options.vtm, &Step::vtm_and_wpa);
  run(options.vtc, &Step::vtc);
  run(options.mpp, &Step::mpp);
  run(options.vcop, &Step::vcop);
  return step.finish();
}

}  // namespace aio::models
