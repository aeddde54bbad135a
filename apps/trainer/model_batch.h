#pragma once
// From a loader's batch (data/batch.h) to what the objectives read (models/batch.h): the same tensors, rearranged.
// All throw Error{value} naming what the batch lacks.

#include "data/batch.h"
#include "models/batch.h"

namespace aio::apps {

/// All that are defined, in a fixed order.
std::vector<Tensor*> tensors_of(Batch& batch);
/// Throws Error{value} unless all samples have as many options, and as many rationales.
void check_option_counts(const Batch& batch);

models::TextBatch text_batch(const TokenBatch& tokens);
models::PretrainBatch pretrain_batch(const Batch& batch, bool images);
models::QaBatch qa_batch(const Batch& batch);
/// Labels are counts.
models::QaBatch count_batch(const Batch& batch);
/// The samples' own options.
models::ChoiceBatch choice_batch(const Batch& batch);
/// Options are the sample's text, then the false texts. No answer: models::retrieval() knows that 0 is right.
models::ChoiceBatch rivals_batch(const Batch& batch);
models::VqaV2Batch vqav2_batch(const Batch& batch);
models::Nlvr2Batch nlvr2_batch(const Batch& batch);
/// Throws Error{value}, too, where samples have different numbers of options or unknown answers.
models::VcrBatch vcr_batch(const Batch& batch);
models::CaptionBatch caption_batch(const Batch& batch);
/// i64 [n]: the labels that are not ignored, row by row. In a recorded step they are read again at each replay.
Tensor masked_labels(const Tensor& labels);

}  // namespace aio::apps
