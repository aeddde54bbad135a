#pragma once
// One pre-training step's losses, from as few passes over the backbone as they need:
//
//   masked text + clip        -> MLM
//   text + own or false clip  -> VTM, and from the same features WPA
//   text | clip, alone        -> BVTC ("vtc")
//   text + clip, masked       -> MPP
//   text + clip               -> VCOP
//
// The clip is embedded once for all of them, and only the negatives' false clips are embedded besides.
//
// Co-training of images and videos (the paper's equation 2) calls this for each half of the batch: a PretrainBatch
// with `images` set has neither temporal embedding nor rolling, the image heads if they are separate, and
// `image_weight`. Its baseline, `naive_images`, takes an image for a video of one frame.

#include <optional>
#include <string_view>
#include <vector>

#include "models/objectives/contrastive.h"
#include "models/objectives/mlm.h"
#include "models/objectives/mpp.h"
#include "models/objectives/vcop.h"
#include "models/objectives/vtm.h"
#include "models/objectives/wpa.h"

namespace aio::models {

struct PretrainOptions {
  // Weights; 0: not computed.
  double mlm = 1;
  double vtm = 1;
  double wpa = 0.1;  ///< only where vtm is computed
  double vtc = 1;
  double mpp = 0;
  double vcop = 0;
  double video_weight = 1;  ///< w_video: of everything computed on a batch of videos
  double image_weight = 1;  ///< w_image
  bool naive_images = false;
  bool detect_padding = false;  ///< look for zero padding in videos too; in images it always is

  VtmNegatives negatives = VtmNegatives::balanced;  ///< where PretrainBatch::vtm_labels are undefined
  MppOptions mpp_options;
  GatherRows gather;  ///< BVTC against other processes' rows too
  /// Differentiate each pass as soon as its losses are known, so that one pass's activations are alive at a time: the
  /// gradients are added to the leaves (they may differ in the last bits, being added in another order), and the losses
  /// come back without history. Nothing is differentiated under NoGrad.
  bool differentiate = false;
  TextOptions text;        ///< keep_padding computes padding, which changes no loss
  Tensor frozen_plan;      ///< WpaLoss::plan to use: gradient checks
  MppTargets mpp_targets;  ///< undefined: drawn
};

struct NamedLoss {
  std::string_view name;  ///< "mlm", "vtm", "wpa", "vtc", "mpp", "vcop"
  Tensor value;
  double weight;
};

struct PretrainOutput {
  std::vector<NamedLoss> losses;  ///< in this order, those with a weight
  Tensor total;                   ///< sum of weight * value, times video_weight or image_weight
  Tensor vtm_labels;              ///< given or drawn
  // What the losses came from.
  std::optional<MlmLoss> mlm;
  std::optional<VtmLoss> vtm;
  std::optional<WpaLoss> wpa;
  std::optional<ContrastiveLoss> vtc;
  std::optional<MppLoss> mpp;
  std::optional<VcopLoss> vcop;
};

/// Throws Error{config} if a loss has a weight but the model no head for it, or no loss has one; Error{value} naming
/// what the batch lacks.
PretrainOutput pretrain(const AllInOne& model, const PretrainBatch& batch, const PretrainOptions& options,
                        nn::ForwardCtx& ctx);

}  // namespace aio::models
