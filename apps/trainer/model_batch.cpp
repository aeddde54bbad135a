#include "apps/trainer/model_batch.h"

#include <algorithm>

#include "autograd/ops.h"
#include "tensor/recording.h"

namespace aio::apps {
namespace {

void expect(bool there, const char* what, const char* need) {
  check(there, ErrorCode::value, "batch: has no ", what, " (", need, ")");
}

void check_equal(const std::vector<std::int64_t>& counts, const char* what) {
  const bool equal = std::all_of(counts.begin(), counts.end(), [&](std::int64_t count) { return count == counts[0]; });
  check(equal, ErrorCode::value, "batch: its samples have different numbers of ", what,
        " (split the data set by them)");
}

}  // namespace

std::vector<Tensor*> tensors_of(Batch& batch) {
  std::vector<Tensor*> tensors = {
      &batch.frames,      &batch.frames2,      &batch.text.ids,       &batch.text.mask,       &batch.mlm_ids,
      &batch.mlm_labels,  &batch.vtm_labels,   &batch.false_frames,   &batch.false_text.ids,  &batch.false_text.mask,
      &batch.options.ids, &batch.options.mask, &batch.rationales.ids, &batch.rationales.mask, &batch.rationale_labels,
      &batch.labels,      &batch.counts,       &batch.soft_labels};
  std::erase_if(tensors, [](const Tensor* x) { return !x->defined(); });
  return tensors;
}

void check_option_counts(const Batch& batch) {
  if (!batch.option_counts.empty()) check_equal(batch.option_counts, "options");
  if (!batch.rationale_counts.empty()) check_equal(batch.rationale_counts, "rationales");
}

models::TextBatch text_batch(const TokenBatch& tokens) { return {tokens.ids, tokens.mask}; }

models::PretrainBatch pretrain_batch(const Batch& batch, bool images) {
  expect(batch.text.ids.defined(), "texts", "does the data set have captions?");
  models::PretrainBatch out;
  out.frames = batch.frames;
  out.text = text_batch(batch.text);
  out.images = images;
  out.mlm_ids = batch.mlm_ids;
  out.mlm_labels = batch.mlm_labels;
  out.vtm_labels = batch.vtm_labels;
  out.false_frames = batch.false_frames;
  return out;
}

models::QaBatch qa_batch(const Batch& batch) {
  expect(batch.text.ids.defined(), "questions", "does the data set have questions, or a prompt?");
  expect(batch.labels.defined(), "labels", "does the data set have answers or labels?");
  return {batch.frames, text_batch(batch.text), batch.labels};
}

models::QaBatch count_batch(const Batch& batch) {
  expect(batch.text.ids.defined(), "questions", "does the data set have questions?");
  expect(batch.counts.defined(), "counts", "is it a qa data set without a list of answers?");
  return {batch.frames, text_batch(batch.text), batch.counts};
}

models::ChoiceBatch choice_batch(const Batch& batch) {
  expect(batch.options.ids.defined(), "options", "is its task choice or mc_qa?");
  check_equal(batch.option_counts, "options");
  return {batch.frames, text_batch(batch.options), batch.labels};
}

models::ChoiceBatch rivals_batch(const Batch& batch) {
  expect(batch.text.ids.defined(), "texts", "does the data set have captions?");
  expect(batch.false_text.ids.defined(), "false texts", "set data.false_texts");
  models::ChoiceBatch out;
  out.frames = batch.frames;
  const auto join = [](const Tensor& own, const Tensor& rivals) {
    return host_tensor([=] { return concat({unsqueeze(own, 1), rivals}, 1); });
  };
  out.options = {join(batch.text.ids, batch.false_text.ids), join(batch.text.mask, batch.false_text.mask)};
  return out;
}

models::VqaV2Batch vqav2_batch(const Batch& batch) {
  expect(batch.text.ids.defined(), "questions", "is its task qa?");
  expect(batch.soft_labels.defined(), "scored answers", "do its rows have answers with scores?");
  return {batch.frames, text_batch(batch.text), batch.soft_labels};
}

models::Nlvr2Batch nlvr2_batch(const Batch& batch) {
  expect(batch.frames2.defined(), "second images", "do its rows have media2?");
  expect(batch.text.ids.defined(), "sentences", "do its rows have captions or a question?");
  expect(batch.labels.defined(), "labels", "do its rows say what is true?");
  return {batch.frames, batch.frames2, text_batch(batch.text), batch.labels};
}

models::VcrBatch vcr_batch(const Batch& batch) {
  const models::ChoiceBatch answers = choice_batch(batch);
  expect(batch.rationales.ids.defined(), "rationales", "does every row have rationales and an answer_index?");
  check_equal(batch.rationale_counts, "rationales");
  const models::VcrBatch both{answers.frames, answers.options, answers.answer, text_batch(batch.rationales),
                              batch.rationale_labels};
  return both;
}

models::CaptionBatch caption_batch(const Batch& batch) {
  expect(batch.mlm_ids.defined(), "masked captions", "does the data set have captions?");
  return {batch.frames, {batch.mlm_ids, batch.text.mask}, batch.mlm_labels};
}

Tensor masked_labels(const Tensor& labels) {
  return host_tensor([labels] {
    std::vector<std::int64_t> kept = labels.to_vector<std::int64_t>();
    kept.erase(std::remove_if(kept.begin(), kept.end(), [](std::int64_t label) { return label < 0; }), kept.end());
    return Tensor::from(kept, {static_cast<std::int64_t>(kept.size())});
  });
}

}  // namespace aio::apps
