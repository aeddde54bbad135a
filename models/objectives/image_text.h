#pragma once
// Fine-tuning on images: VQAv2, NLVR2, VCR. Images count as images by default (InputOptions::images); without it they
// are one-frame videos, the paper's naive form.

#include "models/objectives/objective.h"

namespace aio::models {

inline InputOptions still_images() { return {.images = true}; }

/// VQAv2 (vqa_classifier: C -> 2C, LayerNorm, GELU, -> labels). Scores [B, labels]; loss = binary cross entropy with
/// soft targets, mean over all, times the number of labels.
Scored vqav2(const AllInOne& model, const VqaV2Batch& batch, nn::ForwardCtx& ctx,
             const InputOptions& options = still_images());

/// NLVR2 (nlvr2_classifier): the sentence with each image, the images under token types 1 and 2, both pooled features
/// side by side. Scores [B, 2]; loss = cross entropy.
Scored nlvr2(const AllInOne& model, const Nlvr2Batch& batch, nn::ForwardCtx& ctx,
             const InputOptions& options = still_images());

struct VcrScored {
  Tensor loss;              ///< the sum of both questions' cross entropies
  Tensor answer_scores;     ///< [B, options]
  Tensor rationale_scores;  ///< [B, options]
};
/// VCR: the answer by rank_output, the reason for the right answer by rank_output_2; the image is embedded once.
VcrScored vcr(const AllInOne& model, const VcrBatch& batch, nn::ForwardCtx& ctx,
              const InputOptions& options = still_images());

}  // namespace aio::models
