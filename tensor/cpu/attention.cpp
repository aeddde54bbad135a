// Scaled-dot-product attention, forward and backward, one (batch, head) pair at a time.
//
// Forward:  S = scale Q K^T (masked: -inf);  lse_i = log sum_j exp(S_ij);  P = exp(S - lse);  O = P V
// Backward: P again from Q, K and lse;  delta_i = <dO_i, O_i>;  dS = P * (dO V^T - delta);
//           dV = P^T dO,  dQ = scale dS K,  dK = dS^T (scale Q)
//
// Shapes and strides: tensor/backend.h. f32, f64, bf16 (computed in f32, or on AMX tiles: attention_amx.h).
// Memory: queries pass in blocks, so a thread holds the scores of one block (in L2), never N x N of them.
// Work left out exactly: keys behind key_lengths are not read; a block stops at the last key its queries can see.
// Determinism: a pair belongs to one thread, its blocks and sums have an order that depends on sizes only.
// Source: Vaswani et al. 2017, eq. 1; recomputed P and delta as in FlashAttention (Dao et al. 2022, section 3.1).

#include "tensor/cpu/attention_amx.h"
#include "tensor/cpu/attention_head.h"
#include "tensor/cpu/cpu_backend.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using namespace cpu;

using Sizes = AttentionSizes;

// ---- forward --------------------------------------------------------------------------------------------------------

template <class T>
void run_head(const ForwardHead<T>& head, const Sizes& n, double scale, RowPrefetch& ahead) {
  using A = accumulator_t<T>;
  if constexpr (std::is_same_v<T, bf16>) {
    if (amx_takes_head(head.mask.keys, n.D)) return run_head_amx(head, n, scale, ahead);
  }
  const HeadMask& mask = head.mask;
  const HeadPlan<A> plan(n.queries, mask.keys, n.D);
  const std::int64_t depth = plan.depth, lds = plan.lds;
  HeadScratch<A> scratch((plan.panel_columns + plan.columns + 2 * plan.block) * depth + plan.block * lds);
  A* const k_panels = scratch.matrix(plan.panel_columns, depth);
  A* const v_rows = scratch.matrix(plan.columns, depth);
  A* const q_rows = scratch.matrix(plan.block, depth);
  A* const o_rows = scratch.matrix(plan.block, depth);
  A* const s = scratch.matrix(plan.block, lds);
  load_rows(v_rows, depth, plan.columns, head.k, mask.keys, n.D, 1);  // k passes through v's place
  pack_panels(k_panels, v_rows, plan.columns, depth);
  load_rows(v_rows, depth, plan.columns, head.v, mask.keys, n.D, 1);

  for (std::int64_t begin = 0; begin < n.queries; begin += plan.block) {
    const std::int64_t rows = std::min(plan.block, n.queries - begin);
    const std::int64_t key_end = mask.key_end(begin + rows - 1);
    const std::int64_t columns = plan.score_columns(key_end);
    load_rows(q_rows, depth, plan.block, head.q.from(begin), rows, n.D, scale);
    panel_product(rows, depth, q_rows, k_panels, columns, s, lds, ahead);
    A factor[plan.kMostRows];  // 1 / sum; 0 marks a query without keys
    softmax_rows(head, begin, rows, columns, s, lds, factor);
    chunked_product(rows, key_end, s, lds, v_rows, depth, plan.vectors, o_rows, ahead);
    store_outputs(head, begin, rows, o_rows, depth, n.D, factor);
  }
}

// ---- backward -------------------------------------------------------------------------------------------------------

template <class T>
void run_head(const BackwardHead<T>& head, const Sizes& n, double scale, RowPrefetch& ahead) {
  using A = accumulator_t<T>;
  if constexpr (std::is_same_v<T, bf16>) {
    if (amx_takes_head(head.mask.keys, n.D)) return run_head_amx(head, n, scale, ahead);
  }
  const HeadMask& mask = head.mask;
  const HeadPlan<A> plan(n.queries, mask.keys, n.D);
  const std::int64_t depth = plan.depth, lds = plan.lds;
  HeadScratch<A> scratch((2 * plan.panel_columns + 3 * plan.columns + 3 * plan.block) * depth + 2 * plan.block * lds);
  A* const k_panels = scratch.matrix(plan.panel_columns, depth);
  A* const v_panels = scratch.matrix(plan.panel_columns, depth);
  A* const k_rows = scratch.matrix(plan.columns, depth);
  A* const dk_rows = scratch.matrix(plan.columns, depth);
  A* const dv_rows = scratch.matrix(plan.columns, depth);
  A* const q_rows = scratch.matrix(plan.block, depth);
  A* const dout_rows = scratch.matrix(plan.block, depth);
  A* const dq_rows = scratch.matrix(plan.block, depth);
  A* const p = scratch.matrix(plan.block, lds);
  A* const ds = scratch.matrix(plan.block, lds);
  load_rows(k_rows, depth, plan.columns, head.v, mask.keys, n.D, 1);  // v passes through k's place
  pack_panels(v_panels, k_rows, plan.columns, depth);
  load_rows(k_rows, depth, plan.columns, head.k, mask.keys, n.D, 1);
  pack_panels(k_panels, k_rows, plan.columns, depth);
  std::fill_n(dk_rows, plan.columns * depth, A(0));
  std::fill_n(dv_rows, plan.columns * depth, A(0));

  for (std::int64_t begin = 0; begin < n.queries; begin += plan.block) {
    const std::int64_t rows = std::min(plan.block, n.queries - begin);
    const std::int64_t key_end = mask.key_end(begin + rows - 1);
    const std::int64_t columns = plan.score_columns(key_end);
    load_rows(q_rows, depth, plan.block, head.q.from(begin), rows, n.D, scale);
    load_rows(dout_rows, depth, plan.block, head.dout.from(begin), rows, n.D, 1);
    panel_product(rows, depth, q_rows, k_panels, columns, p, lds, ahead);
    panel_product(rows, depth, dout_rows, v_panels, columns, ds, lds, ahead);
    score_gradients(head, begin, rows, columns, p, ds, lds, n.D);
    chunked_product(rows, key_end, ds, lds, k_rows, depth, plan.vectors, dq_rows, ahead);
    store_rows(head.dq.from(begin), dq_rows, depth, rows, n.D, scale);
    // A column of P is a row of P^T: read in place, no transposed copy.
    tile_product<A>(key_end, rows, p, 1, lds, dout_rows, depth, plan.vectors, dv_rows, depth, true, ahead);
    tile_product<A>(key_end, rows, ds, 1, lds, q_rows, depth, plan.vectors, dk_rows, depth, true, ahead);
  }
  store_rows(head.dk, dk_rows, depth, mask.keys, n.D, 1);
  store_rows(head.dv, dv_rows, depth, mask.keys, n.D, 1);
  zero_rows(head.dk.from(mask.keys), n.keys - mask.keys, n.D);
  zero_rows(head.dv.from(mask.keys), n.keys - mask.keys, n.D);
}

// ---- all heads ------------------------------------------------------------------------------------------------------

template <class T>
HeadRows<T> head_rows(const View& x, std::int64_t b, std::int64_t h) {
  return {x.as<std::remove_const_t<T>>() + b * x.stride[0] + h * x.stride[2], x.stride[1]};
}

HeadMask head_mask(const AttentionMask& mask, const Sizes& n, std::int64_t b, std::int64_t h) {
  HeadMask head;
  head.keys = n.keys;
  if (mask.key_lengths != nullptr) {
    head.keys = std::clamp<std::int64_t>(mask.key_lengths->as<std::int64_t>()[b], 0, n.keys);
  }
  head.diagonal = mask.causal ? n.keys - n.queries + 1 : n.keys;
  if (mask.allowed != nullptr) {
    const View& m = *mask.allowed;
    head.allowed = m.as<std::uint8_t>() + b * m.stride[0] + h * m.stride[1];
    head.query_stride = m.stride[2];
    head.key_stride = m.stride[3];
  }
  return head;
}

/// Runs head_at(b, h) for every pair, each wholly on one thread, which fetches its next head's rows meanwhile.
template <class HeadAt>
void run_heads(const Sizes& n, double scale, HeadAt&& head_at) {
  parallel_for(n.B * n.H, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto head = head_at(i / n.H, i % n.H);
      RowPrefetch ahead;
      head.prefetch_outputs(ahead, n);
      if (i + 1 < end) head_at((i + 1) / n.H, (i + 1) % n.H).prefetch_inputs(ahead, n);
      run_head(head, n, scale, ahead);
    }
  });
}

}  // namespace

void CpuBackend::attention_forward(const View& out, const View& lse, const View& q, const View& k, const View& v,
                                   const AttentionMask& mask, double scale) {
  const Sizes n{q.dim[0], q.dim[2], q.dim[3], q.dim[1], k.dim[1]};
  dispatch_float(out.dtype, [&]<class T>() {
    run_heads(n, scale, [&](std::int64_t b, std::int64_t h) {
      return ForwardHead<T>{head_rows<T>(out, b, h),     lse.as<accumulator_t<T>>() + (b * n.H + h) * n.queries,
                            head_rows<const T>(q, b, h), head_rows<const T>(k, b, h),
                            head_rows<const T>(v, b, h), head_mask(mask, n, b, h)};
    });
  });
}

void CpuBackend::attention_backward(const View& dq, const View& dk, const View& dv, const View& dout, const View& q,
                                    const View& k, const View& v, const View& out, const View& lse,
                                    const AttentionMask& mask, double scale) {
  const Sizes n{q.dim[0], q.dim[2], q.dim[3], q.dim[1], k.dim[1]};
  dispatch_float(dq.dtype, [&]<class T>() {
    run_heads(n, scale, [&](std::int64_t b, std::int64_t h) {
      return BackwardHead<T>{head_rows<T>(dq, b, h),
                             head_rows<T>(dk, b, h),
                             head_rows<T>(dv, b, h),
                             head_rows<const T>(dout, b, h),
                             head_rows<const T>(q, b, h),
                             head_rows<const T>(k, b, h),
                             head_rows<const T>(v, b, h),
                             head_rows<const T>(out, b, h),
                             lse.as<accumulator_t<T>>() + (b * n.H + h) * n.queries,
                             head_mask(mask, n, b, h)};
    });
  });
}

}  // namespace aio
