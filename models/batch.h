#pragma once
// What a model is fed: plain structs of tensors, filled by programs from data/. They lie on the host, whatever the
// model computes on: masks, labels and indices are read there, and what the device needs goes over as it is needed. On
// the model's device they may lie, too; then each of those readings waits for it.

#include "tensor/tensor.h"

namespace aio::models {

struct TextBatch {
  Tensor ids;   ///< i64 [B, L], padded with anything
  Tensor mask;  ///< i64 [B, L]: 1 for real tokens, which come first, then 0; [CLS] is always there
};

/// What a pre-training objective reads. Unused parts stay undefined.
struct PretrainBatch {
  Tensor frames;        ///< f32 [B, T, 3, H, W], normalised; T = 1 for images
  Tensor false_frames;  ///< f32 [B, T, 3, H, W]: the clips that VTM's negatives show instead
  TextBatch text;
  Tensor mlm_ids;       ///< i64 [B, L]: text.ids with some replaced by [MASK] and others
  Tensor mlm_labels;    ///< i64 [B, L]: the replaced ids, -100 elsewhere
  Tensor vtm_labels;    ///< i64 [B]: 1 own clip, 0 the false one
  Tensor clip_order;    ///< i64 [B, T]: frame slot j shows frame clip_order[b, j] (VCOP)
  bool images = false;  ///< still images of co-training: no temporal embedding, no rolling, the image heads
};

/// Several texts for one video: options, or a caption and its rivals.
struct ChoiceBatch {
  Tensor frames;      ///< f32 [B, T, 3, H, W]
  TextBatch options;  ///< i64 [B, options, L]
  Tensor answer;      ///< i64 [B]: index of the right option
};

/// A question, or a prompt, about each video, and its answer's class.
struct QaBatch {
  Tensor frames;
  TextBatch text;
  Tensor labels;  ///< i64 [B]; -100: outside the answer vocabulary, ignored
};

/// VQAv2: a question about an image, and how right each answer is.
struct VqaV2Batch {
  Tensor frames;  ///< f32 [B, 1, 3, H, W]
  TextBatch text;
  Tensor targets;  ///< f32 [B, labels], 0 to 1
};

/// NLVR2: is the sentence true of the two images?
struct Nlvr2Batch {
  Tensor first, second;  ///< f32 [B, 1, 3, H, W]
  TextBatch text;
  Tensor labels;  ///< i64 [B]: 1 true, 0 false
};

/// VCR: which answer, and which reason for the right answer.
struct VcrBatch {
  Tensor frames;         ///< f32 [B, T, 3, H, W]
  TextBatch answers;     ///< i64 [B, options, L]
  Tensor answer;         ///< i64 [B]
  TextBatch rationales;  ///< i64 [B, options, L]
  Tensor rationale;      ///< i64 [B]
};

/// A caption with some tokens replaced by [MASK].
struct CaptionBatch {
  Tensor frames;   ///< f32 [B, T, 3, H, W]
  TextBatch text;  ///< i64 [B, L]: [CLS] words [SEP], masked
  Tensor labels;   ///< i64 [B, L]: the replaced ids, -100 elsewhere
};

}  // namespace aio::models
