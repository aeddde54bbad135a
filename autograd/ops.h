#pragma once
// ALL public operations on tensors. Each is a file autograd/ops/<file>.cpp with its maths, checks and gradient.
//
// Rules for all of them: inputs of one call share device and floating dtype (mixing is an error that names the cast);
// outputs are new tensors, except views, which share storage, and what changes nothing (dropout and drop_path with
// p = 0, cast to x's dtype, contiguous of a contiguous x), which is x; zero-size dimensions are fine; negative
// dimensions count from the end. Errors: Error{shape|dtype|device|index|value}, "op: got, expected (fix)".
// tests/ops and aio_gradcheck walk the table of autograd/op_table.h; a function declared here and in neither that
// table nor tests/ops/not_differentiable.txt fails a test.

#include <cstdint>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace aio {

// ---- arithmetic (arithmetic.cpp); NumPy broadcasting ----------------------------------------------------------------
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);
/// x * factor
Tensor scale(const Tensor& x, double factor);
/// x + value
Tensor add_scalar(const Tensor& x, double value);
inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator*(const Tensor& x, double factor) { return scale(x, factor); }
inline Tensor operator*(double factor, const Tensor& x) { return scale(x, factor); }

// ---- elementwise functions (unary.cpp, gelu.cpp, where.cpp, cast.cpp) -----------------------------------------------
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor relu(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);
/// Exact GELU, x * Phi(x) with the erf form; the tanh approximation is not offered.
Tensor gelu(const Tensor& x);
/// condition (u8, nonzero = true) ? a : b, all three broadcast together.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
/// value where mask (u8, broadcast to x) is nonzero, else x.
Tensor masked_fill(const Tensor& x, const Tensor& mask, double value);
/// x in another floating dtype; the gradient is cast back. Integer casts carry no gradient.
Tensor cast(const Tensor& x, DType dtype);

// ---- random (dropout.cpp, drop_path.cpp) ----------------------------------------------------------------------------
/// 0 with probability p, else x / (1 - p); 0 <= p < 1. The mask is a function of (key, element index).
Tensor dropout(const Tensor& x, double p, const RngKey& key);
/// Stochastic depth: zeroes whole slices x[i] of dimension 0 with probability p, scales the others by 1 / (1 - p).
Tensor drop_path(const Tensor& x, double p, const RngKey& key);

// ---- shape (shape_ops.cpp: views; concat.cpp, roll.cpp: copies) -----------------------------------------------------
/// One dimension may be -1.
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor permute(const Tensor& x, const std::vector<int>& order);
Tensor transpose(const Tensor& x, int dim0, int dim1);
Tensor slice(const Tensor& x, int dim, std::int64_t begin, std::int64_t end, std::int64_t step = 1);
/// Index `index` of `dim`, which disappears.
Tensor select(const Tensor& x, int dim, std::int64_t index);
Tensor expand(const Tensor& x, const Shape& shape);
Tensor unsqueeze(const Tensor& x, int dim);
Tensor squeeze(const Tensor& x, int dim);
Tensor contiguous(const Tensor& x);
Tensor concat(const std::vector<Tensor>& parts, int dim);
/// Along a new dimension.
Tensor stack(const std::vector<Tensor>& parts, int dim);
/// Consecutive slices of the given sizes, which add up to dim(dim).
std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes, int dim);
/// Circular shift: y[i] = x[(i - shift) mod n] along `dim`.
Tensor roll(const Tensor& x, int dim, std::int64_t shift);
/// Temporal token rolling (All-in-one, section 3.2): x [B, T, N, C], shift i64 [N]; token slot n of frame t takes slot
/// n of frame t - shift[n], circularly. The gradient is the inverse roll. A tensor that nobody else holds is rolled in
/// its own memory: std::move(x).
Tensor temporal_roll(Tensor x, const Tensor& shift);

// ---- reductions (reduce.cpp) ----------------------------------------------------------------------------------------
Tensor sum(const Tensor& x);
Tensor sum(const Tensor& x, const std::vector<int>& dims, bool keepdim = false);
/// Error{value} over zero elements.
Tensor mean(const Tensor& x);
Tensor mean(const Tensor& x, const std::vector<int>& dims, bool keepdim = false);

// ---- products (matmul.cpp, linear.cpp, mlp.cpp) ---------------------------------------------------------------------
/// [..., M, K] x [..., K, N] -> [..., M, N]; leading dimensions broadcast. Transposed views are used without a copy.
Tensor matmul(const Tensor& a, const Tensor& b);
/// x [..., I], weight [O, I], bias [O] or undefined -> [..., O]: x W^T + b.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
/// gelu(linear(x)) in one product; keeps the pre-activation.
Tensor linear_gelu(const Tensor& x, const Tensor& weight, const Tensor& bias = {});
/// residual + dropout(linear(x)) in one product.
Tensor linear_residual(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual,
                       const DropoutMask& drop = {});
/// fc1 [H, C], fc2 [O, H]; biases may be undefined.
struct MlpWeights {
  Tensor fc1_weight, fc1_bias, fc2_weight, fc2_bias;
};
/// x [..., C] -> residual + dropout(fc2(dropout(gelu(fc1(x))))) [..., O] in two products; residual may be undefined.
Tensor mlp(const Tensor& x, const MlpWeights& weights, const Tensor& residual = {}, const DropoutMask& hidden_drop = {},
           const DropoutMask& drop = {});

// ---- normalisation (layer_norm.cpp, softmax.cpp, l2_normalize.cpp) --------------------------------------------------
/// Over the last dimension; gamma, beta [C] are f32 (f64 for f64 x), also for bf16 x.
Tensor layer_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps);
/// Over the last dimension. A row of -inf gives NaN, as in the formula.
Tensor softmax(const Tensor& x);
Tensor log_softmax(const Tensor& x);
/// x / max(||x||, eps) over the last dimension.
Tensor l2_normalize(const Tensor& x, double eps);
/// Rows' cosine over the last dimension, each norm clamped from below at eps; a, b broadcast.
Tensor cosine_similarity(const Tensor& a, const Tensor& b, double eps);

// ---- attention (attention.cpp) --------------------------------------------------------------------------------------
/// What a query may see; the parts combine by "and". All undefined/false: everything.
struct AttentionOptions {
  Tensor key_lengths;   ///< i64 [B], on the host or the device; 0..Nk
  bool causal = false;  ///< query i sees keys 0 .. i + (Nk - Nq)
  Tensor allowed;       ///< u8, broadcasts to [B, H, Nq, Nk]; nonzero = may attend
  double scale = 0;     ///< of the logits; 0 means 1 / sqrt(D)
};
/// q [B, Nq, H, D], k, v [B, Nk, H, D] -> [B, Nq, H, D]: softmax(scale q k^T) v without materialised scores.
/// Strided inputs are read in place. A query that sees no key gives zeros.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options = {});
/// The same on a packed projection qkv [B, N, 3 * H * D] (all q, all k, all v; head-major) -> [B, N, H * D].
Tensor attention_packed(const Tensor& qkv, int heads, const AttentionOptions& options = {});

// ---- indexing (gather_rows.cpp); an index may be on the host where x is not: nothing waits to check it --------------
/// table [V, C], ids i64 [...] -> [..., C]; rows of padding_idx (if >= 0) receive no gradient.
Tensor embedding(const Tensor& table, const Tensor& ids, std::int64_t padding_idx = -1);
/// x at index i64 [N] along `dim`.
Tensor index_select(const Tensor& x, int dim, const Tensor& index);
/// x [B, V, C], index i64 [B, N] -> [B, N, C]: each batch its own rows.
Tensor select_rows(const Tensor& x, const Tensor& index);

// ---- images (patchify.cpp, resize.cpp) ------------------------------------------------------------------------------
/// images [B, 3, H, W] -> [B, (H/p)(W/p), 3 p p]: raster order, each patch channel-major, as the patch convolution's
/// weight [O, 3, p, p] reads it. H and W are multiples of p. The second form casts on the way: one kernel on a GPU.
Tensor patchify(const Tensor& images, int patch_size);
Tensor patchify(const Tensor& images, int patch_size, DType dtype);
/// x [..., h, w] -> [..., height, width], as torch's interpolate(mode="bilinear", antialias=False).
Tensor resize_bilinear(const Tensor& x, std::int64_t height, std::int64_t width, bool align_corners);

// ---- losses (cross_entropy.cpp, binary_cross_entropy.cpp); scalars of accumulator dtype -----------------------------
/// logits [..., C], targets i64 [...]: mean over targets != ignore_index. NaN when all are ignored, as in PyTorch.
/// Targets are read: those on the host, where logits are not, let nothing wait.
Tensor cross_entropy(const Tensor& logits, const Tensor& targets, std::int64_t ignore_index = -100);
/// Mean of the elementwise loss; targets in [0, 1], same shape and dtype, no gradient to them.
Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& targets);

// ---- not differentiable (sort.cpp) ----------------------------------------------------------------------------------
/// Index of the largest along the last dimension, i64; the first of equals.
Tensor argmax(const Tensor& x);
struct ValuesAndIndices {
  Tensor values;
  Tensor indices;
};
/// The k largest along the last dimension, descending; ties by index.
ValuesAndIndices topk(const Tensor& x, std::int64_t k);
/// Stable, along the last dimension.
ValuesAndIndices sort(const Tensor& x, bool descending = false);

}  // namespace aio
