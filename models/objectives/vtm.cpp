#include "models/objectives/vtm.h"

#include <algorithm>

#include "autograd/ops.h"
#include "tensor/recording.h"

namespace aio::models {
namespace {

void check_labels(const Tensor& labels) {
  check(labels.rank() == 1 && labels.dtype() == DType::i64, ErrorCode::shape, "vtm: labels are ", describe(labels),
        ", expected i64 [B]");
}

/// Row b of the batch where its label is 1, else the next row from B on.
Tensor mixed_index(const Tensor& labels) {
  check_labels(labels);
  return host_tensor([labels] {
    std::vector<std::int64_t> index = labels.to_vector<std::int64_t>();
    auto negative = static_cast<std::int64_t>(index.size());
    for (std::size_t b = 0; b < index.size(); ++b) index[b] = index[b] != 0 ? static_cast<std::int64_t>(b) : negative++;
    return Tensor::from(index, {static_cast<std::int64_t>(index.size())});
  });
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
  check_labels(labels);
  check(false_frames.dim(0) == labels.dim(0), ErrorCode::shape, "vtm: ", false_frames.dim(0), " false clips for ",
        labels.dim(0), " labels, expected one for each");
  const Tensor rows = host_tensor([labels] {
    const std::vector<std::int64_t> values = labels.to_vector<std::int64_t>();
    std::vector<std::int64_t> negatives;
    for (std::size_t b = 0; b < values.size(); ++b) {
      if (values[b] == 0) negatives.push_back(static_cast<std::int64_t>(b));
    }
    return Tensor::from(negatives, {static_cast<std::int64_t>(negatives.size())});
  });
  return index_select(false_frames, 0, rows);
}

VideoTokens mix_clips(const VideoTokens& own, const VideoTokens& negatives, const Tensor& labels) {
  const Tensor index = mixed_index(labels);
  const std::int64_t B = index.dim(0);
  const std::int64_t needed = host_number([labels] {
    const std::vector<std::int64_t> values = labels.to_vector<std::int64_t>();
    return static_cast<std::int64_t>(std::count(values.begin(), values.end(), 0));
  });
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
  return mix_rows(frames, select_negatives(false_frames, labels), mixed_index(labels));
}

VtmLoss vtm_loss(const Heads& heads, const Tensor& pooled, const Tensor& labels, nn::ForwardCtx& ctx) {
  VtmLoss out;
  out.logits = require_head(heads.vtm, "vtm", "itm_score").forward(pooled, ctx);
  out.loss = cross_entropy(out.logits, labels);
  return out;
}

}  // namespace aio::models
