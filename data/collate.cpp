#include "data/collate.h"

#include <algorithm>
#include <cstring>

#include "data/dice.h"
#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio {

namespace {

/// [T, 3, h, w] into row b of [B, T, 3, H, W], at the top left.
void place_frames(const Tensor& frames, std::int64_t b, const Tensor& batch) {
  const std::int64_t planes = frames.dim(0) * frames.dim(1), h = frames.dim(2), w = frames.dim(3);
  check(frames.dim(0) == batch.dim(1) && frames.dim(1) == batch.dim(2), ErrorCode::shape, "collate: frames ",
        describe(frames), " do not fit into ", describe(batch));
  const std::int64_t height = batch.dim(3), width = batch.dim(4);
  const Tensor packed = raw::contiguous(frames);
  const auto* from = packed.data<float>();
  auto* to = batch.data<float>() + b * planes * height * width;
  for (std::int64_t plane = 0; plane < planes; ++plane) {
    for (std::int64_t y = 0; y < h; ++y) {
      std::memcpy(to + (plane * height + y) * width, from + (plane * h + y) * w, static_cast<std::size_t>(w) * 4);
    }
  }
}

/// Frames of all samples in one tensor of the largest size among them; those without keep zeros.
Tensor stack_frames(const std::vector<LoadedSample>& samples, Tensor LoadedSample::*frames,
                    const CollateOptions& options) {
  std::int64_t length = 0, height = 0, width = 0;
  for (const LoadedSample& s : samples) {
    const Tensor& one = s.*frames;
    if (!one.defined()) continue;
    length = one.dim(0);
    height = std::max(height, one.dim(2));
    width = std::max(width, one.dim(3));
  }
  if (length == 0) {
    length = options.frames;
    height = options.height;
    width = options.width;
  }
  const Shape shape{static_cast<std::int64_t>(samples.size()), length, 3, height, width};
  const Tensor batch = Tensor::empty(shape);
  std::memset(batch.raw_data(), 0, static_cast<std::size_t>(batch.numel()) * sizeof(float));
  for (std::size_t b = 0; b < samples.size(); ++b) {
    if ((samples[b].*frames).defined()) place_frames(samples[b].*frames, static_cast<std::int64_t>(b), batch);
  }
  return batch;
}

/// `per_sample` texts a sample, missing ones empty: i64 [B, per_sample, L].
TokenBatch tokenize(const WordPiece& tokenizer, const std::vector<std::vector<std::string>>& texts,
                    std::size_t per_sample, std::int64_t length) {
  std::vector<std::string> flat;
  for (const auto& row : texts) {
    flat.insert(flat.end(), row.begin(), row.end());
    flat.resize(flat.size() + per_sample - row.size());
  }
  const TokenBatch tokens = tokenizer.encode_batch(flat, static_cast<std::size_t>(length));
  const Shape shape{static_cast<std::int64_t>(texts.size()), static_cast<std::int64_t>(per_sample), length};
  return {raw::reshape(tokens.ids, shape), raw::reshape(tokens.mask, shape)};
}

/// Options or rationales of all samples: how many each has, and their tokens, undefined where nobody has any.
TokenBatch tokenize_choices(const std::vector<LoadedSample>& samples, std::vector<std::string> SampleTexts::*choices,
                            const WordPiece& tokenizer, std::int64_t length, std::vector<std::int64_t>& counts) {
  std::vector<std::vector<std::string>> texts;
  std::size_t most = 0;
  for (const LoadedSample& s : samples) {
    texts.push_back(s.texts.*choices);
    counts.push_back(static_cast<std::int64_t>(texts.back().size()));
    most = std::max(most, texts.back().size());
  }
  return most > 0 ? tokenize(tokenizer, texts, most, length) : TokenBatch{};
}

/// Each row by its own key: what is masked does not depend on the batch that a sample is in.
void add_masks(const WordPiece& tokenizer, const MaskingOptions& options, const std::vector<RngKey>& keys,
               Batch& batch) {
  batch.mlm_ids = raw::empty_like(batch.text.ids);
  batch.mlm_labels = raw::empty_like(batch.text.ids);
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const MaskedTokens masked =
        mask_tokens(raw::slice(batch.text.ids, 0, b, b + 1), tokenizer, options, keys[static_cast<std::size_t>(b)]);
    raw::copy_(raw::slice(batch.mlm_ids, 0, b, b + 1), masked.ids);
    raw::copy_(raw::slice(batch.mlm_labels, 0, b, b + 1), masked.labels);
  }
}

/// For each sample with label 0 the frames of another one in the batch, from a random one on the first that shows
/// something else (or, if all show the same, the next one).
void add_false_frames_of_batch(const std::vector<LoadedSample>& samples, const std::vector<std::int64_t>& labels,
                               RngKey key, Batch& batch) {
  Dice dice(key);
  batch.false_frames = raw::zeros_like(batch.frames);
  const auto size = static_cast<std::int64_t>(samples.size());
  for (std::int64_t b = 0; b < size; ++b) {
    if (labels[static_cast<std::size_t>(b)] != 0 || size < 2) continue;
    const std::int64_t first = dice.below(size - 1);
    std::int64_t chosen = (b + 1 + first) % size;
    for (std::int64_t i = 0; i < size - 1; ++i) {
      const std::int64_t other = (b + 1 + (first + i) % (size - 1)) % size;
      if (!same_scene(samples[static_cast<std::size_t>(b)].sample, samples[static_cast<std::size_t>(other)].sample)) {
        chosen = other;
        break;
      }
    }
    raw::copy_(raw::select(batch.false_frames, 0, b), raw::select(batch.frames, 0, chosen));
  }
}

}  // namespace

std::vector<std::int64_t> draw_vtm_labels(std::int64_t size, RngKey key) {
  std::vector<std::int64_t> labels;
  for (const std::int64_t place : permutation(size, key)) labels.push_back(place < size / 2 ? 1 : 0);
  return labels;
}

Batch collate(const std::vector<LoadedSample>& samples, const WordPiece& tokenizer, const CollateOptions& options,
              const std::vector<std::int64_t>& vtm_labels, const std::vector<RngKey>& mask_keys, RngKey vtm_key) {
  Batch batch;
  std::vector<std::int64_t> labels, rationale_labels, counts;
  std::vector<std::vector<std::string>> false_texts;
  bool any_text = false, any_second = false, any_soft = false;
  for (const LoadedSample& s : samples) {
    batch.ids.push_back(s.sample.id);
    batch.rows.push_back(s.row);
    batch.texts.push_back(s.texts.text);
    batch.readable.push_back(s.readable ? 1 : 0);
    labels.push_back(s.label);
    rationale_labels.push_back(s.sample.rationale_index.value_or(kIgnored));
    counts.push_back(s.count);
    false_texts.push_back(s.false_texts);
    any_text = any_text || s.texts.options.empty();
    any_second = any_second || s.frames2.defined();
    any_soft = any_soft || !s.answer_scores.empty();
  }
  if (samples.empty()) return batch;
  batch.frames = stack_frames(samples, &LoadedSample::frames, options);
  if (any_second) batch.frames2 = stack_frames(samples, &LoadedSample::frames2, options);
  batch.labels = Tensor::from(labels, {batch.size()});
  if (options.counts) batch.counts = Tensor::from(counts, {batch.size()});
  if (any_text) batch.text = tokenizer.encode_batch(batch.texts, static_cast<std::size_t>(options.text_len));
  batch.options = tokenize_choices(samples, &SampleTexts::options, tokenizer, options.text_len, batch.option_counts);
  batch.rationales =
      tokenize_choices(samples, &SampleTexts::rationales, tokenizer, options.text_len, batch.rationale_counts);
  if (batch.rationales.ids.defined()) batch.rationale_labels = Tensor::from(rationale_labels, {batch.size()});
  if (!false_texts.front().empty()) {
    batch.false_text = tokenize(tokenizer, false_texts, false_texts.front().size(), options.text_len);
  }
  if (options.mlm && any_text) add_masks(tokenizer, *options.mlm, mask_keys, batch);
  if (options.false_videos != FalseVideos::none) batch.vtm_labels = Tensor::from(vtm_labels, {batch.size()});
  if (options.false_videos == FalseVideos::split) {
    batch.false_frames = stack_frames(samples, &LoadedSample::false_frames, options);
  } else if (options.false_videos == FalseVideos::batch) {
    add_false_frames_of_batch(samples, vtm_labels, vtm_key, batch);
  }
  if (any_soft) {
    batch.soft_labels = Tensor::zeros({batch.size(), options.answers});
    auto* out = batch.soft_labels.data<float>();
    for (const LoadedSample& s : samples) {
      for (const auto& [answer, score] : s.answer_scores) out[answer] = static_cast<float>(score);
      out += options.answers;
    }
  }
  return batch;
}

}  // namespace aio
