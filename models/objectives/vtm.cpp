#include "models/objectives/vtm.h"

#include "autograd/ops.h"

namespace aio::models {
namespace {

std::vector<std::int64_t> label_values(const Tensor& labels) {
  check(labels.rank() == 1 && labels.dtype() == DType::i64, ErrorCode::shape, "vtm: labels are ", describe(labels),
        ", expected i64 [B]");
  return labels.to_vector<std::int64_t>();
}

/// Row b of the batch where its label is 1, else the next row from B on.
Tensor mixed_index(const std::vector<std::int64_t>& labels) {
  std::vector<std::int64_t> index;
  auto negative = static_cast<std::int64_t>(labels.size());
  for (std::size_t b = 0; b < labels.size(); ++b) {
    index.push_back(labels[b] != 0 ? static_cast<std::int64_t>(b) : negative++);
  }
  return Tensor::from(index, {static_cast<std::int64_t>(index.size())});
}

/// own [B * r, ...] and negatives [n * r, ...], r rows a clip -> [B * r, ...]
Tensor mix_rows(const Tensor& own, const Tensor& negatives, const Tensor& index) {
  const std::int64_t B = index.dim(0), per_clip = own.dim(0) / B;
  Shape by_clip = own.shape();
  by_clip[0] = -1;
  Shape grouped = {-1, per_clip};
  for (int i = 1; i < own.rank(); ++i) grouped.push_back(own.dim(i));
  const Tensor both = reshape(concat({own, negatives}, 0), grouped);
  return reshape(index_select(both, 0, index), by_clip);
}

}  // namespace

Tensor draw_vtm_labels(std::int64_t batch, VtmNegatives negatives, RngKey key) {
  std::vector<std::int64_t> labels;
  if (negatives == VtmNegatives::half) return random_integers({batch}, 0, 2, key);
  for (const std::int64_t place : permutation(batch, key)) labels.push_back(place < batch / 2 ? 1 : 0);
  return Tensor::from(labels, {batch});
}

Tensor select_negatives(const Tensor& false_frames, const Tensor& labels) {
  const std::vector<std::int64_t> values = label_values(labels);
  check(false_frames.dim(0) == labels.dim(0), ErrorCode::shape, "vtm: ", false_frames.dim(0), " false clips for ",
        labels.dim(0), " labels, expected one for each");
  std::vector<std::int64_t> rows;
  for (std::size_t b = 0; b < values.size(); ++b) {
    if (values[b] == 0) rows.push_back(static_cast<std::int64_t>(b));
  }
  return index_select(false_frames, 0, Tensor::from(rows, {static_cast<std::int64_t>(rows.size())}));
}

VideoTokens mix_clips(const VideoTokens& own, const VideoTokens& negatives, const Tensor& labels) {
  const Tensor index = mixed_index(label_values(labels));
  const std::int64_t B = index.dim(0);
  std::int64_t needed = 0;
  for (const std::int64_t row : index.to_vector<std::int64_t>()) needed += row >= B;
  check(own.tokens.dim(0) == B && negatives.tokens.dim(0) == needed, ErrorCode::shape, "vtm: ", own.tokens.dim(0),
        " clips and ", negatives.tokens.dim(0), " negatives, expected ", B, " and ", needed);
  check(!own.valid.defined() && !negatives.valid.defined(), ErrorCode::value,
        "vtm: padded images have no tokens to exchange one by one (mix_frames, then embed_video)");
  VideoTokens out;
  out.tokens = mix_rows(own.tokens, negatives.tokens, index);
  if (own.patch_index.defined() && negatives.patch_index.defined()) {
    // Rows are gathered as numbers with a fraction; patch numbers are far below f32's 2^24.
    out.patch_index =
        cast(mix_rows(cast(own.patch_index, DType::f32), cast(negatives.patch_index, DType::f32), index), DType::i64);
  }
  return out;
}

Tensor mix_frames(const Tensor& frames, const Tensor& false_frames, const Tensor& labels) {
  return mix_rows(frames, select_negatives(false_frames, labels), mixed_index(label_values(labels)));
}

VtmLoss vtm_loss(const Heads& heads, const Tensor& pooled, const Tensor& labels, nn::ForwardCtx& ctx) {
  VtmLoss out;
  out.logits = require_head(heads.vtm, "vtm", "itm_score").forward(pooled, ctx);
  out.loss = cross_entropy(out.logits, labels);
  return out;
}

}  // namespace aio::models
