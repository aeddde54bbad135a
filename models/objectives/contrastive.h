#pragma once
// Bidirectional video-text contrastive learning (BVTC): within a batch a text must find its video, a video its text.
//
//   s = cosine(text_i, video_j) / temperature;   loss = CE(rows of s) + CE(columns of s)
//
// The two directions are added, not averaged, as in the released code.

#include <functional>

#include "models/all_in_one.h"

namespace aio::models {

/// Rows of other processes' batches, unit length, [E, shared_dim]: further candidates. They carry no gradient unless
/// the caller gave them one.
struct GatheredRows {
  Tensor text, video;
};
/// Given the local rows (without history), returns the others'.
using GatherRows = std::function<GatheredRows(const Tensor& text, const Tensor& video)>;

struct ContrastiveLoss {
  Tensor loss;
  Tensor similarity;   ///< [B, B]: cosine of text i and video j
  Tensor text, video;  ///< [B, shared_dim], unit length
};

/// txt_proj, vid_proj of the unimodal passes' token 0, [B, C], then unit length: [B, shared_dim]. Throws Error{config}
/// without the heads.
Tensor project_text(const Heads& heads, const Tensor& text_cls, nn::ForwardCtx& ctx);
Tensor project_video(const Heads& heads, const Tensor& video_cls, nn::ForwardCtx& ctx);

/// text, video [B, shared_dim]: unit rows. The temperature is heads.log_temperature's exponential where it is learned,
/// else `temperature`. Without `gather` the candidates are the local batch, as in the released code.
ContrastiveLoss contrastive_loss(const Heads& heads, const Tensor& text, const Tensor& video, double temperature,
                                 const GatherRows& gather = {});

}  // namespace aio::models
