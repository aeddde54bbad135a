#pragma once
// Collation: loaded samples become the tensors of one batch.

#include <vector>

#include "data/batch.h"
#include "data/sample_loader.h"

namespace aio {

struct CollateOptions {
  std::int64_t text_len = 40;
  std::int64_t frames = 3, height = 224, width = 224;  ///< of the zeros that stand for unreadable samples
  std::int64_t answers = 0;                            ///< classes of soft labels
  bool counts = false;                                 ///< answers are numbers
  FalseVideos false_videos = FalseVideos::none;
  std::optional<MaskingOptions> mlm;
};

/// vtm_labels of a batch of `size`: floor(size / 2) ones at random places.
std::vector<std::int64_t> draw_vtm_labels(std::int64_t size, RngKey key);

/// `vtm_labels`: empty unless there are false videos. `mask_keys`: a key a sample, for masked tokens. `vtm_key` draws
/// the false videos within the batch. Frames of several sizes are padded with zeros on the right and below.
Batch collate(const std::vector<LoadedSample>& samples, const WordPiece& tokenizer, const CollateOptions& options,
              const std::vector<std::int64_t>& vtm_labels, const std::vector<RngKey>& mask_keys, RngKey vtm_key);

}  // namespace aio
