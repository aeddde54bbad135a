#pragma once
// One (batch, head) pair of attention: its rows, and what both ways to multiply them do with a row of scores.

#include <algorithm>
#include <cstdint>
#include <limits>

#include "tensor/cpu/attention_tiles.h"

namespace aio::cpu {

struct AttentionSizes {
  std::int64_t B, H, D, queries, keys;
};

// ---- forward --------------------------------------------------------------------------------------------------------

template <class T>
struct ForwardHead {
  HeadRows<T> out;
  accumulator_t<T>* lse;  // [queries]
  HeadRows<const T> q, k, v;
  HeadMask mask;

  void prefetch_inputs(RowPrefetch& ahead, const AttentionSizes& n) const {
    ahead.add(k, mask.keys, n.D);
    ahead.add(v, mask.keys, n.D);
    ahead.add(q, n.queries, n.D);
  }
  void prefetch_outputs(RowPrefetch& ahead, const AttentionSizes& n) const { ahead.add(out, n.queries, n.D); }
};

/// Logits s of queries begin .. begin + rows -> exp(s - max), where the mask says so, and their lse; factor: 1 / sum, 0
/// for a query without keys.
template <class T, class A>
void softmax_rows(const ForwardHead<T>& head, std::int64_t begin, std::int64_t rows, std::int64_t columns, A* s,
                  std::int64_t lds, A* factor) {
  for (std::int64_t i = 0; i < rows; ++i) {
    A* const row = s + i * lds;
    if (head.mask.apply(row, columns, begin + i)) {
      const SoftmaxRow<A> softmax(row, columns);
      head.lse[begin + i] = softmax.lse;
      factor[i] = A(1) / softmax.sum;
    } else {
      std::fill_n(row, columns, A(0));
      head.lse[begin + i] = -std::numeric_limits<A>::infinity();
      factor[i] = 0;
    }
  }
}

/// out = factor * o for queries begin .. begin + rows.
template <class T, class A>
void store_outputs(const ForwardHead<T>& head, std::int64_t begin, std::int64_t rows, const A* o, std::int64_t ldo,
                   std::int64_t D, const A* factor) {
  for (std::int64_t i = 0; i < rows; ++i) {
    if (factor[i] == A(0)) {
      zero_rows(head.out.from(begin + i), 1, D);  // not 0 * o: a masked V may hold anything
    } else {
      store_rows(head.out.from(begin + i), o + i * ldo, ldo, 1, D, static_cast<double>(factor[i]));
    }
  }
}

// ---- backward -------------------------------------------------------------------------------------------------------

template <class T>
struct BackwardHead {
  HeadRows<T> dq, dk, dv;
  HeadRows<const T> dout, q, k, v, out;
  const accumulator_t<T>* lse;  // [queries]
  HeadMask mask;

  void prefetch_inputs(RowPrefetch& ahead, const AttentionSizes& n) const {
    ahead.add(v, mask.keys, n.D);
    ahead.add(k, mask.keys, n.D);
    for (const HeadRows<const T>& x : {q, dout, out}) ahead.add(x, n.queries, n.D);
  }
  void prefetch_outputs(RowPrefetch& ahead, const AttentionSizes& n) const {
    ahead.add(dq, n.queries, n.D);
    ahead.add(dk, mask.keys, n.D);
    ahead.add(dv, mask.keys, n.D);
  }
};

/// s -> P and dp -> dS = P * (dP - delta) for the queries begin .. begin + rows.
template <class T, class A>
void score_gradients(const BackwardHead<T>& head, std::int64_t begin, std::int64_t rows, std::int64_t columns, A* s,
                     A* dp, std::int64_t lds, std::int64_t D) {
  for (std::int64_t i = 0; i < rows; ++i, s += lds, dp += lds) {
    const std::int64_t query = begin + i;
    if (head.mask.apply(s, columns, query)) {
      const A delta = dot(head.dout.row(query), head.out.row(query), D);
      softmax_row_backward(s, dp, columns, head.lse[query], delta);
    } else {
      std::fill_n(s, columns, A(0));
      std::fill_n(dp, columns, A(0));
    }
  }
}

}  // namespace aio::cpu
