#pragma once
// Word-patch alignment: the cost of the best transport between words and patches, small for a matching clip, large
// for another. (Kim et al., ViLT 2021, section 3.3; the transport by IPOT, Xie et al. 2018.)
//
//   cost = 1 - cosine(word, patch);   loss = (sum of distances of matching pairs - sum of those of others) / B
//
// The transport plan is computed without gradient: the loss moves the features, not the plan.

#include "models/all_in_one.h"

namespace aio::models {

struct WpaOptions {
  double beta = 0.5;  ///< of IPOT: the plan's kernel is exp(-cost / beta)
  int iterations = 50;
  /// Also leave out visual token 1: the distillation token, and for the reference's other DeiT names the first patch.
  bool mask_second_visual_token = false;
};

/// Slots that take part: not [CLS], not the last real token ([SEP]), no padding, not the video's prefix.
struct WpaMasks {
  Tensor text;   ///< u8 [B, L], 1 = left out
  Tensor video;  ///< u8 [B, visual], 1 = left out
};
/// text_lengths i64 [B]; video.valid, if there is one, is that of each clip's first frame.
WpaMasks wpa_masks(const Encoded& joint, const Tensor& text_lengths, const Tensor& video_valid,
                   const WpaOptions& options);

/// cost [B, L, visual] -> the plan [B, visual, L]; no gradient. Zero wherever a slot is left out.
Tensor ipot_plan(const Tensor& cost, const WpaMasks& masks, const WpaOptions& options);

struct WpaLoss {
  Tensor loss;      ///< without the weight of 0.1
  Tensor cost;      ///< [B, L, visual], 0 for pairs left out
  Tensor plan;      ///< [B, visual, L], no gradient
  Tensor distance;  ///< [B]: trace(cost plan)
};
/// joint: the pass of VTM; labels i64 [B], 1 = match. `plan`, if defined, is used instead of a new one (gradient
/// checks hold it fixed).
WpaLoss wpa_loss(const Encoded& joint, const WpaMasks& masks, const Tensor& labels, const WpaOptions& options,
                 const Tensor& plan = {});

}  // namespace aio::models
