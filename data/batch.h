#pragma once
// Batch: what a loader hands out for one step. B samples, T frames, H x W pixels, L tokens.

#include <cstdint>
#include <string>
#include <vector>

#include "data/mlm_masking.h"
#include "data/wordpiece.h"
#include "tensor/tensor.h"

namespace aio {

struct Batch {
  std::int64_t step = 0;  ///< counted over all epochs
  std::int64_t epoch = 0;

  // Who is in it.
  std::vector<std::string> ids;
  std::vector<std::int64_t> rows;      ///< of the data set, over all its manifests
  std::vector<std::string> texts;      ///< the main text, as it was tokenized
  std::vector<std::uint8_t> readable;  ///< 0 (evaluation only): the frames are zeros, count the sample as wrong

  Tensor frames;    ///< f32 [B, T, 3, H, W]; images: T = 1, padded with zeros on the right and below to one H x W
  Tensor frames2;   ///< the same of the samples' second image; undefined without
  TokenBatch text;  ///< i64 [B, L]: caption, question or prompt; undefined for tasks that only have options

  // Masked language modelling; undefined unless asked for.
  Tensor mlm_ids;     ///< i64 [B, L]: text.ids with tokens masked or replaced
  Tensor mlm_labels;  ///< i64 [B, L]: the token that was there, kIgnored elsewhere

  // Video-text matching; undefined unless asked for.
  Tensor vtm_labels;    ///< i64 [B]: 1 own video, for exactly floor(B / 2) samples; 0 a false one
  Tensor false_frames;  ///< f32 [B, T, 3, H, W]: the false videos; zeros where the label is 1

  TokenBatch false_text;  ///< i64 [B, K, L]: texts of other samples; undefined unless asked for

  // Choices: O is the largest number of options in the batch.
  TokenBatch options;                       ///< i64 [B, O, L]; undefined without
  std::vector<std::int64_t> option_counts;  ///< of each sample; the rows of `options` behind it are empty texts

  // VCR's second question, likewise.
  TokenBatch rationales;
  std::vector<std::int64_t> rationale_counts;
  Tensor rationale_labels;  ///< i64 [B], kIgnored if unknown; undefined without rationales

  Tensor labels;       ///< i64 [B]: class of the answer or action, or the right option; kIgnored if unknown
  Tensor counts;       ///< i64 [B]: answers that are numbers ("how often?"), kIgnored if unknown; undefined where the
                       ///< task is another or the data set has an answer list
  Tensor soft_labels;  ///< f32 [B, answers]: scores of accepted answers; undefined without

  std::int64_t size() const { return static_cast<std::int64_t>(ids.size()); }
};

}  // namespace aio
