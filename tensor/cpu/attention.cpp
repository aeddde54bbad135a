// Scaled-dot-product attention, forward and backward, one (batch, head) pair at a time.
//
// Forward:  S = scale Q K^T (masked: -inf);  lse_i = log sum_j exp(S_ij);  P = exp(S - lse);  O = P V
// Backward: P again from Q, K and lse;  delta_i = <dO_i, O_i>;  dS = P * (dO V^T - delta);
//           dV = P^T dO,  dQ = scale dS K,  dK = dS^T (scale Q)
//
// Shapes and strides: tensor/backend.h. f32, f64, bf16 (computed in f32).
// Memory: queries pass in blocks, so a thread holds the scores of one block (in L2), never N x N of them.
// Work left out exactly: keys behind key_lengths are not read; a block stops at the last key its queries can see.
// Determinism: a pair belongs to one thread, its blocks and sums have an order that depends on sizes only.
// Source: Vaswani et al. 2017, eq. 1; recomputed P and delta as in FlashAttention (Dao et al. 2022, section 3.1).

#include <cstddef>
#include <memory>
#include <new>

#include "tensor/cpu/attention_tiles.h"
#include "tensor/cpu/cpu_backend.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using namespace cpu;

/// Sizes of one head's scratch matrices.
template <class A>
struct HeadPlan {
  using Tile = AttentionTile<A>;
  HeadPlan(std::int64_t queries_, std::int64_t keys_, std::int64_t D_)
      : queries(queries_),
        keys(keys_),
        D(D_),
        depth(round_up(D, Tile::kWidth)),
        columns(score_columns(keys)),
        panel_columns(round_up(columns, Tile::kPanel)),
        // An odd number of vectors a row: the column walk of P^T would else hit few cache sets.
        lds((columns / Tile::kWidth | 1) * Tile::kWidth) {
    // 96 queries share a pass over K and V; fewer when two score blocks would outgrow half of a 2 MiB L2.
    const std::int64_t fits = (512 << 10) / (lds * static_cast<std::int64_t>(sizeof(A)));
    const std::int64_t most = std::clamp<std::int64_t>(fits / Tile::kRows * Tile::kRows, 24, 96);
    const std::int64_t blocks = std::max<std::int64_t>(1, (queries + most - 1) / most);
    block = round_up((queries + blocks - 1) / blocks, Tile::kRows);
  }

  /// Columns computed for `n` visible keys: whole vectors for S, whole tiles when a column of S is a row of dK, dV.
  static std::int64_t score_columns(std::int64_t n) { return round_up(round_up(n, Tile::kRows), Tile::kWidth); }
  std::int64_t vectors() const { return depth / Tile::kWidth; }

  std::int64_t queries, keys, D;
  std::int64_t depth;          ///< D in whole vectors: row length of Q, K, V, O in scratch
  std::int64_t columns;        ///< of S
  std::int64_t panel_columns;  ///< of the packed K^T, V^T
  std::int64_t lds;            ///< row length of S
  std::int64_t block;          ///< queries at a time
};

/// Memory of this thread, kept between calls: fresh pages would cost more than the copies made into them.
class ThreadScratch {
 public:
  template <class A>
  A* take(std::int64_t count) {
    A* p = reinterpret_cast<A*>(memory_.get() + used_);
    used_ += bytes_for<A>(count);
    return p;
  }
  template <class A>
  static std::size_t bytes_for(std::int64_t count) {
    return static_cast<std::size_t>(round_up(count * static_cast<std::int64_t>(sizeof(A)), 64));
  }
  /// Forgets what was taken and makes room for `bytes`.
  void reset(std::size_t bytes) {
    used_ = 0;
    if (bytes <= capacity_) return;
    memory_.reset();
    capacity_ = 0;
    memory_.reset(new (std::align_val_t{64}) std::byte[bytes]);
    capacity_ = bytes;
  }

 private:
  struct Free {
    void operator()(std::byte* p) const { operator delete[](p, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte[], Free> memory_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
};

ThreadScratch& thread_scratch(std::size_t bytes) {
  thread_local ThreadScratch scratch;
  scratch.reset(bytes);
  return scratch;
}

template <class T>
void forward_head(HeadRows<T> out, accumulator_t<T>* lse, HeadRows<const T> q, HeadRows<const T> k, HeadRows<const T> v,
                  const HeadMask& mask, std::int64_t queries, std::int64_t D, double scale) {
  using A = accumulator_t<T>;
  const HeadPlan<A> plan(queries, mask.keys, D);
  const std::int64_t depth = plan.depth;
  const std::int64_t scratch_elements =
      D * plan.panel_columns + plan.keys * depth + 2 * plan.block * depth + plan.block * plan.lds;
  ThreadScratch& scratch = thread_scratch(ThreadScratch::bytes_for<A>(scratch_elements + 5 * 64));
  A* const k_panels = scratch.take<A>(D * plan.panel_columns);
  A* const v_rows = scratch.take<A>(plan.keys * depth);
  A* const q_rows = scratch.take<A>(plan.block * depth);
  A* const o_rows = scratch.take<A>(plan.block * depth);
  A* const s = scratch.take<A>(plan.block * plan.lds);
  pack_panels(k_panels, plan.panel_columns, k, plan.keys, D);
  load_rows(v_rows, depth, plan.keys, v, plan.keys, D, 1);

  for (std::int64_t begin = 0; begin < queries; begin += plan.block) {
    const std::int64_t rows = std::min(plan.block, queries - begin);
    const std::int64_t key_end = mask.key_end(begin + rows - 1);
    const std::int64_t columns = plan.score_columns(key_end);
    load_rows(q_rows, depth, round_up(rows, AttentionTile<A>::kRows), HeadRows<const T>{q.row(begin), q.stride}, rows,
              D, scale);
    panel_product(rows, D, q_rows, depth, k_panels, columns, s, plan.lds);
    A factor[96];  // 1 / sum; 0 marks a query without keys
    for (std::int64_t i = 0; i < rows; ++i) {
      A* const row = s + i * plan.lds;
      if (mask.apply(row, columns, begin + i)) {
        const SoftmaxRow<A> softmax(row, columns);
        lse[begin + i] = softmax.lse;
        factor[i] = A(1) / softmax.sum;
      } else {
        std::fill_n(row, columns, A(0));
        lse[begin + i] = -std::numeric_limits<A>::infinity();
        factor[i] = 0;
      }
    }
    chunked_product(rows, key_end, s, plan.lds, v_rows, depth, plan.vectors(), o_rows, depth);
    for (std::int64_t i = 0; i < rows; ++i) {
      const HeadRows<T> row{out.row(begin + i), out.stride};
      if (factor[i] == A(0)) {
        zero_rows(row, 1, D);  // not 0 * o: a masked V may hold anything
      } else {
        store_rows(row, o_rows + i * depth, depth, 1, D, static_cast<double>(factor[i]));
      }
    }
  }
}

/// <a, b> over D elements.
template <class T>
accumulator_t<T> dot(const T* a, const T* b, std::int64_t D) {
  using V = VecOf<T>;
  V sum = V::zero();
  for_lanes<V::kWidth>(D, [&](std::int64_t c, int n) { sum = fma(V::load_n(a + c, n), V::load_n(b + c, n), sum); });
  return sum.sum();
}

template <class T>
struct HeadGradients {
  HeadRows<T> dq, dk, dv;
};

template <class T>
void backward_head(const HeadGradients<T>& grads, HeadRows<const T> dout, HeadRows<const T> q, HeadRows<const T> k,
                   HeadRows<const T> v, HeadRows<const T> out, const accumulator_t<T>* lse, const HeadMask& mask,
                   std::int64_t queries, std::int64_t all_keys, std::int64_t D, double scale) {
  using A = accumulator_t<T>;
  constexpr std::int64_t R = AttentionTile<A>::kRows;
  const HeadPlan<A> plan(queries, mask.keys, D);
  const std::int64_t depth = plan.depth, lds = plan.lds, vectors = plan.vectors();
  const std::int64_t gradient_rows = plan.columns;
  const std::int64_t scratch_elements = 2 * D * plan.panel_columns + plan.keys * depth + 2 * gradient_rows * depth +
                                        3 * plan.block * depth + 2 * plan.block * lds;
  ThreadScratch& scratch = thread_scratch(ThreadScratch::bytes_for<A>(scratch_elements + 10 * 64));
  A* const k_panels = scratch.take<A>(D * plan.panel_columns);
  A* const v_panels = scratch.take<A>(D * plan.panel_columns);
  A* const k_rows = scratch.take<A>(plan.keys * depth);
  A* const dk_rows = scratch.take<A>(gradient_rows * depth);
  A* const dv_rows = scratch.take<A>(gradient_rows * depth);
  A* const q_rows = scratch.take<A>(plan.block * depth);
  A* const dout_rows = scratch.take<A>(plan.block * depth);
  A* const dq_rows = scratch.take<A>(plan.block * depth);
  A* const p = scratch.take<A>(plan.block * lds);
  A* const ds = scratch.take<A>(plan.block * lds);
  pack_panels(k_panels, plan.panel_columns, k, plan.keys, D);
  pack_panels(v_panels, plan.panel_columns, v, plan.keys, D);
  load_rows(k_rows, depth, plan.keys, k, plan.keys, D, 1);
  std::fill_n(dk_rows, gradient_rows * depth, A(0));
  std::fill_n(dv_rows, gradient_rows * depth, A(0));

  for (std::int64_t begin = 0; begin < queries; begin += plan.block) {
    const std::int64_t rows = std::min(plan.block, queries - begin);
    const std::int64_t key_end = mask.key_end(begin + rows - 1);
    const std::int64_t columns = plan.score_columns(key_end);
    load_rows(q_rows, depth, round_up(rows, R), HeadRows<const T>{q.row(begin), q.stride}, rows, D, scale);
    load_rows(dout_rows, depth, round_up(rows, R), HeadRows<const T>{dout.row(begin), dout.stride}, rows, D, 1);
    panel_product(rows, D, q_rows, depth, k_panels, columns, p, lds);
    panel_product(rows, D, dout_rows, depth, v_panels, columns, ds, lds);
    for (std::int64_t i = 0; i < rows; ++i) {
      if (mask.apply(p + i * lds, columns, begin + i)) {
        const A delta = dot(dout.row(begin + i), out.row(begin + i), D);
        softmax_row_backward(p + i * lds, ds + i * lds, columns, lse[begin + i], delta);
      } else {
        std::fill_n(p + i * lds, columns, A(0));
        std::fill_n(ds + i * lds, columns, A(0));
      }
    }
    chunked_product(rows, key_end, ds, lds, k_rows, depth, vectors, dq_rows, depth);
    store_rows(HeadRows<T>{grads.dq.row(begin), grads.dq.stride}, dq_rows, depth, rows, D, scale);
    tile_product<A>(key_end, rows, p, 1, lds, dout_rows, depth, vectors, dv_rows, depth, true);
    tile_product<A>(key_end, rows, ds, 1, lds, q_rows, depth, vectors, dk_rows, depth, true);
  }
  store_rows(grads.dk, dk_rows, depth, plan.keys, D, 1);
  store_rows(grads.dv, dv_rows, depth, plan.keys, D, 1);
  const std::int64_t rest = all_keys - plan.keys;
  zero_rows(HeadRows<T>{grads.dk.row(plan.keys), grads.dk.stride}, rest, D);
  zero_rows(HeadRows<T>{grads.dv.row(plan.keys), grads.dv.stride}, rest, D);
}

template <class T>
HeadRows<T> head_rows(const View& x, std::int64_t b, std::int64_t h) {
  using Element = std::remove_const_t<T>;
  return {x.as<Element>() + b * x.stride[0] + h * x.stride[2], x.stride[1]};
}

HeadMask head_mask(const AttentionMask& mask, std::int64_t b, std::int64_t h, std::int64_t queries, std::int64_t keys) {
  HeadMask head{keys, keys, nullptr, 0, 0};
  if (mask.key_lengths != nullptr)
    head.keys = std::clamp<std::int64_t>(mask.key_lengths->as<std::int64_t>()[b], 0, keys);
  if (mask.causal) head.diagonal = keys - queries + 1;
  if (mask.allowed != nullptr) {
    const View& m = *mask.allowed;
    head.allowed = m.as<std::uint8_t>() + b * m.stride[0] + h * m.stride[1];
    head.query_stride = m.stride[2];
    head.key_stride = m.stride[3];
  }
  return head;
}

/// body(b, h) for all pairs, spread over the threads.
template <class Body>
void for_each_head(std::int64_t B, std::int64_t H, Body&& body) {
  parallel_for(B * H, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i / H, i % H);
  });
}

}  // namespace

void CpuBackend::attention_forward(const View& out, const View& lse, const View& q, const View& k, const View& v,
                                   const AttentionMask& mask, double scale) {
  const std::int64_t B = q.dim[0], queries = q.dim[1], H = q.dim[2], D = q.dim[3], keys = k.dim[1];
  dispatch_float(out.dtype, [&]<class T>() {
    for_each_head(B, H, [&](std::int64_t b, std::int64_t h) {
      forward_head<T>(head_rows<T>(out, b, h), lse.as<accumulator_t<T>>() + (b * H + h) * queries,
                      head_rows<const T>(q, b, h), head_rows<const T>(k, b, h), head_rows<const T>(v, b, h),
                      head_mask(mask, b, h, queries, keys), queries, D, scale);
    });
  });
}

void CpuBackend::attention_backward(const View& dq, const View& dk, const View& dv, const View& dout, const View& q,
                                    const View& k, const View& v, const View& out, const View& lse,
                                    const AttentionMask& mask, double scale) {
  const std::int64_t B = q.dim[0], queries = q.dim[1], H = q.dim[2], D = q.dim[3], keys = k.dim[1];
  dispatch_float(dq.dtype, [&]<class T>() {
    for_each_head(B, H, [&](std::int64_t b, std::int64_t h) {
      backward_head<T>({head_rows<T>(dq, b, h), head_rows<T>(dk, b, h), head_rows<T>(dv, b, h)},
                       head_rows<const T>(dout, b, h), head_rows<const T>(q, b, h), head_rows<const T>(k, b, h),
                       head_rows<const T>(v, b, h), head_rows<const T>(out, b, h),
                       lse.as<accumulator_t<T>>() + (b * H + h) * queries, head_mask(mask, b, h, queries, keys),
                       queries, keys, D, scale);
    });
  });
}

}  // namespace aio
