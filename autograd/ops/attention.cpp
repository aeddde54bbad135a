// attention: softmax(scale q k^T) v for every batch and head, without materialised scores.
//
// Forward:  S_ij = scale <q_i, k_j> for the keys j that query i may see, else -inf
//           P = softmax_j(S), a row of zeros where i sees no key;  out_i = sum_j P_ij v_j;  lse_i = log sum_j exp(S_ij)
// Backward: dv_j = sum_i P_ij dout_i;  dP_ij = <dout_i, v_j>;  dS = P * (dP - <dout_i, out_i>)
//           dq_i = scale sum_j dS_ij k_j;  dk_j = scale sum_i dS_ij q_i
//
// q [B, Nq, H, D], k, v [B, Nk, H, D] -> [B, Nq, H, D]; packed: qkv [B, N, 3 * H * D] -> [B, N, H * D].
// f32, f64, bf16; sums, softmax and lse in f32 (f64 for f64).
// Saved: q, k, v (handles: no copy), out and lse [B, H, Nq]; P is recomputed, it would be N / D times larger than out.
// Deterministic for any number of threads. Kernels: tensor/cpu/attention.cpp.
// Source: Vaswani et al. 2017, equation 1; backward as in FlashAttention-2 (Dao 2023), algorithm 2.

#include <cmath>

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"
#include "tensor/backend.h"
#include "tensor/raw.h"

namespace aio {
namespace {

/// The parts of AttentionOptions as a kernel wants them: on q's device, lengths contiguous, the mask [B, H, Nq, Nk].
struct ResolvedMask {
  Tensor key_lengths, allowed;
  bool causal = false;
};

/// Calls body(AttentionMask) with views that live as long as the call.
template <class Body>
void with_mask(const Tensor& key_lengths, const Tensor& allowed, bool causal, Body&& body) {
  AttentionMask mask;
  View lengths_view, allowed_view;
  mask.causal = causal;
  if (key_lengths.defined()) {
    lengths_view = key_lengths.view();
    mask.key_lengths = &lengths_view;
  }
  if (allowed.defined()) {
    allowed_view = allowed.view();
    mask.allowed = &allowed_view;
  }
  body(mask);
}

void check_key_lengths(const Tensor& lengths, std::int64_t B, std::int64_t Nk) {
  check(lengths.dtype() == DType::i64, ErrorCode::dtype, "attention: key_lengths are ", lengths.dtype(),
        ", expected i64");
  check(lengths.shape() == Shape{B}, ErrorCode::shape, "attention: key_lengths have shape ", lengths.shape(),
        ", expected [", B, "], one per batch item");
  ops::check_indices("attention", "key_length", lengths, Nk + 1);
}

/// Whether `shape` broadcasts to `target` without changing it.
bool broadcasts_to(const Shape& shape, const Shape& target) {
  if (shape.rank() > target.rank()) return false;
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape.back(i) != 1 && shape.back(i) != target.back(i)) return false;
  }
  return true;
}

ResolvedMask resolve_mask(const AttentionOptions& options, Device device, const Shape& scores) {
  ResolvedMask mask;
  mask.causal = options.causal;
  if (options.key_lengths.defined()) {
    mask.key_lengths = raw::contiguous(options.key_lengths);
    check_key_lengths(mask.key_lengths, scores[0], scores[3]);
    mask.key_lengths = mask.key_lengths.to(device);
  }
  if (options.allowed.defined()) {
    check(options.allowed.dtype() == DType::u8, ErrorCode::dtype, "attention: the mask `allowed` is ",
          options.allowed.dtype(), ", expected u8 (nonzero = may attend)");
    check(options.allowed.device() == device, ErrorCode::device, "attention: the mask `allowed` is on ",
          options.allowed.device(), ", expected ", device, ", where q is (move it with to())");
    check(broadcasts_to(options.allowed.shape(), scores), ErrorCode::shape, "attention: the mask `allowed` has shape ",
          options.allowed.shape(), ", expected one that broadcasts to [B, H, Nq, Nk] = ", scores);
    mask.allowed = raw::expand(options.allowed, scores);
  }
  return mask;
}

double resolve_scale(double scale, std::int64_t D) {
  return scale != 0 ? scale : 1 / std::sqrt(static_cast<double>(D));
}

void check_qkv(const Tensor& q, const Tensor& k, const Tensor& v) {
  ops::check_floating("attention", {{"q", q}, {"k", k}, {"v", v}});
  check(q.rank() == 4, ErrorCode::shape, "attention: q has shape ", q.shape(), ", expected [B, Nq, H, D]");
  check(k.rank() == 4 && k.dim(0) == q.dim(0) && k.dim(2) == q.dim(2) && k.dim(3) == q.dim(3), ErrorCode::shape,
        "attention: k has shape ", k.shape(), ", expected [", q.dim(0), ", Nk, ", q.dim(2), ", ", q.dim(3),
        "] to match q ", q.shape());
  check(v.shape() == k.shape(), ErrorCode::shape, "attention: v has shape ", v.shape(), ", expected that of k, ",
        k.shape());
}

/// x itself if its last dimension lies densely (the kernels' one demand on strides), else a copy.
Tensor with_dense_rows(const Tensor& x) { return x.dim(-1) <= 1 || x.strides().back() == 1 ? x : raw::contiguous(x); }

struct Forward {
  Tensor out, lse;
};

Forward forward(const Tensor& q, const Tensor& k, const Tensor& v, const ResolvedMask& mask, double scale) {
  Forward result;
  result.out = Tensor::empty(q.shape(), q.options());
  result.lse = Tensor::empty({q.dim(0), q.dim(2), q.dim(1)}, {accumulator_of(q.dtype()), q.device()});
  with_mask(mask.key_lengths, mask.allowed, mask.causal, [&](const AttentionMask& m) {
    backend_for(q).attention_forward(result.out.view(), result.lse.view(), q.view(), k.view(), v.view(), m, scale);
  });
  return result;
}

/// What both nodes keep.
struct SavedAttention {
  SavedAttention(Node& node, const Tensor& q, const Tensor& k, const Tensor& v, const Forward& result,
                 const ResolvedMask& mask, double scale_)
      : q_(node, q),
        k_(node, k),
        v_(node, v),
        out_(node, result.out, true),
        lse_(node, result.lse, true),
        key_lengths_(node, mask.key_lengths),
        allowed_(node, mask.allowed),
        causal(mask.causal),
        scale(scale_) {}

  void backward(const Tensor& dq, const Tensor& dk, const Tensor& dv, const Tensor& dout) const {
    const Tensor q = q_.get(), k = k_.get(), v = v_.get(), out = out_.get(), lse = lse_.get();
    const Tensor dense = with_dense_rows(dout);
    with_mask(key_lengths_.get(), allowed_.get(), causal, [&](const AttentionMask& m) {
      backend_for(q).attention_backward(dq.view(), dk.view(), dv.view(), dense.view(), q.view(), k.view(), v.view(),
                                        out.view(), lse.view(), m, scale);
    });
  }

  SavedTensor q_, k_, v_, out_, lse_, key_lengths_, allowed_;
  bool causal;
  double scale;
};

struct AttentionNode : Node {
  AttentionNode(const Tensor& q, const Tensor& k, const Tensor& v, const Forward& result, const ResolvedMask& mask,
                double scale)
      : Node("attention"), saved(*this, q, k, v, result, mask, scale) {}

  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor q = saved.q_.get(), k = saved.k_.get();
    Tensor dq = Tensor::empty(q.shape(), q.options());
    Tensor dk = Tensor::empty(k.shape(), k.options());
    Tensor dv = Tensor::empty(k.shape(), k.options());
    saved.backward(dq, dk, dv, grads[0]);
    return {needs_grad(0) ? dq : Tensor(), needs_grad(1) ? dk : Tensor(), needs_grad(2) ? dv : Tensor()};
  }

  SavedAttention saved;
};

/// q, k, v as views of a packed projection, [B, N, H, D] each.
struct Unpacked {
  Tensor q, k, v;
  Unpacked(const Tensor& qkv, std::int64_t heads) {
    const std::int64_t D = qkv.dim(2) / 3 / heads;
    const Tensor split = raw::reshape(qkv, {qkv.dim(0), qkv.dim(1), 3, heads, D});
    q = raw::select(split, 2, 0);
    k = raw::select(split, 2, 1);
    v = raw::select(split, 2, 2);
  }
};

struct AttentionPackedNode : Node {
  AttentionPackedNode(const Unpacked& x, const Forward& result, const ResolvedMask& mask, double scale)
      : Node("attention_packed"), saved(*this, x.q, x.k, x.v, result, mask, scale) {}

  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor q = saved.q_.get();
    const std::int64_t B = q.dim(0), N = q.dim(1), H = q.dim(2), D = q.dim(3);
    const Tensor dqkv = Tensor::empty({B, N, 3 * H * D}, q.options());
    const Unpacked d(dqkv, H);
    saved.backward(d.q, d.k, d.v, raw::reshape(grads[0], {B, N, H, D}));
    return {dqkv};
  }

  SavedAttention saved;
};

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options) {
  check_qkv(q, k, v);
  const ResolvedMask mask = resolve_mask(options, q.device(), {q.dim(0), q.dim(2), q.dim(1), k.dim(1)});
  const double scale = resolve_scale(options.scale, q.dim(3));
  const Tensor dense_q = with_dense_rows(q), dense_k = with_dense_rows(k), dense_v = with_dense_rows(v);
  const Forward result = forward(dense_q, dense_k, dense_v, mask, scale);
  return record<AttentionNode>(result.out, {q, k, v}, dense_q, dense_k, dense_v, result, mask, scale);
}

Tensor attention_packed(const Tensor& qkv, int heads, const AttentionOptions& options) {
  ops::check_floating("attention_packed", {{"qkv", qkv}});
  check(qkv.rank() == 3, ErrorCode::shape, "attention_packed: qkv has shape ", qkv.shape(),
        ", expected [B, N, 3 * heads * D]");
  check(heads > 0, ErrorCode::value, "attention_packed: heads is ", heads, ", expected at least 1");
  const std::int64_t unit = std::int64_t{3} * heads;
  check(qkv.dim(2) % unit == 0, ErrorCode::shape, "attention_packed: qkv has shape ", qkv.shape(),
        ", expected its last dimension to be a multiple of 3 * heads = ", unit);
  const Unpacked x(with_dense_rows(qkv), heads);
  const std::int64_t B = qkv.dim(0), N = qkv.dim(1);
  const ResolvedMask mask = resolve_mask(options, qkv.device(), {B, heads, N, N});
  const double scale = resolve_scale(options.scale, x.q.dim(3));
  const Forward result = forward(x.q, x.k, x.v, mask, scale);
  return record<AttentionPackedNode>(raw::reshape(result.out, {B, N, qkv.dim(2) / 3}), {qkv}, x, result, mask, scale);
}

}  // namespace aio
