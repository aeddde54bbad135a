// A head's scores, block by block of queries, stay in L2; each operand of a product is packed into tiles once.
//
// Forward:  S = Q K^T;  P = exp(scale S - max);  O = P V
// Backward: S = Q K^T, dP = dO V^T;  P, dS as in attention.cpp;  dQ = dS K,  dV += P^T dO,  dK += dS^T Q
//
// P and dS are rounded to bf16 before they are multiplied, sums and the scores between are f32, as in FlashAttention-2
// (Dao 2023). 24 x 211 tokens, 3 heads of 64, one core: forward 1.9 times the vector units' speed, backward 2.4 times.
// In f32, by three parts, it was 1.07 and 0.9 times: six products for one, and scores that are split and used once.

#include "tensor/cpu/attention_amx.h"

#include "tensor/cpu/amx.h"
#include "tensor/cpu/amx_kernel.h"
#include "tensor/gemm_provider.h"

namespace aio::cpu {

#if defined(AIO_HAS_AMX)

namespace {

using std::int64_t;

/// Sizes of a head's scratch matrices: whole blocks of 32 x 32.
struct AmxPlan {
  AmxPlan(int64_t queries, int64_t keys, int64_t D)
      : columns(round_up(keys, kSide)), depth(round_up(D, kSide)), lds(columns + 16) {
    constexpr int64_t kScores = 32 << 10;  // numbers of a block: 128 KiB
    const int64_t most = std::clamp(kScores / lds / kSide * kSide, kSide, kMostRows);
    block = std::min(most, round_up(queries, kSide));
  }

  static constexpr int64_t kMostRows = 128;
  int64_t columns;  ///< of scores
  int64_t depth;    ///< D in whole blocks
  int64_t lds;      ///< row length of scores: rows a power of two apart would share few cache sets
  int64_t block;    ///< queries at a time
};

/// An operand in tiles: strips of 32 rows of A or panels of 32 columns of B.
struct Operand {
  /// Room for `lines` x `depth` in `scratch`.
  Operand(HeadScratch<float>& scratch, int64_t lines, int64_t depth)
      : tiles(reinterpret_cast<bf16*>(scratch.matrix(1, size(lines, depth)))) {}
  /// In floats.
  static int64_t size(int64_t lines, int64_t depth) { return round_up(lines, kSide) * round_up(depth, kSide) / 2; }

  template <class S>
  void pack(const Lines<S>& x, bool as_a) {
    groups = (x.lines + kSide - 1) / kSide;
    steps = (x.depth + kTileDepth - 1) / kTileDepth;
    pack_lines<1>(x, as_a, tiles);
  }
  const bf16* group(int64_t i) const { return tiles + i * steps * 2 * kTileNumbers; }

  bf16* tiles;
  int64_t groups = 0, steps = 0;
};

/// C (+)= A B in whole blocks of 32 x 32, rows `ldc` apart.
void multiply(const Operand& a, const Operand& b, float* c, int64_t ldc, bool accumulate, RowPrefetch& ahead) {
  const auto fetch = [&](int64_t) { ahead.advance(); };
  alignas(64) float sums[kSide * kSide];
  for (int64_t panel = 0; panel < b.groups; ++panel) {
    for (int64_t strip = 0; strip < a.groups; ++strip) {
      float* const to = c + strip * kSide * ldc + panel * kSide;
      if (!accumulate) {
        tile_kernel<1>(a.steps, a.group(strip), b.group(panel), to, ldc, fetch);
        continue;
      }
      tile_kernel<1>(a.steps, a.group(strip), b.group(panel), sums, kSide, fetch);
      using V = Vec<float>;
      for (int64_t i = 0; i < kSide; ++i) {
        for (int64_t j = 0; j < kSide; j += V::kWidth) {
          (V::load(to + i * ldc + j) + V::load(sums + i * kSide + j)).store(to + i * ldc + j);
        }
      }
    }
  }
}

/// Rows of `x` from `begin` on, as lines along D.
Lines<bf16> along_depth(HeadRows<const bf16> x, int64_t begin, int64_t rows, int64_t D) {
  return {x.row(begin), rows, D, x.stride, 1};
}
/// Their columns, as lines along the rows.
Lines<bf16> along_rows(HeadRows<const bf16> x, int64_t begin, int64_t rows, int64_t D) {
  return {x.row(begin), D, rows, 1, x.stride};
}

void scale_all(float* x, int64_t ldx, int64_t rows, int64_t cols, double factor) {
  using V = Vec<float>;
  const V f = V::all(static_cast<float>(factor));
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < cols; j += V::kWidth) (f * V::load(x + i * ldx + j)).store(x + i * ldx + j);
  }
}

}  // namespace

bool amx_takes_head(int64_t keys, int64_t D) { return keys >= 64 && D >= 32 && gemm_provider() == GemmProvider::amx; }

void run_head_amx(const ForwardHead<bf16>& head, const AttentionSizes& n, double scale, RowPrefetch& ahead) {
  const int64_t keys = head.mask.keys;
  const AmxPlan plan(n.queries, keys, n.D);
  HeadScratch<float> scratch(2 * Operand::size(keys, n.D) + Operand::size(plan.block, n.D) +
                             Operand::size(plan.block, keys) + plan.block * (plan.lds + plan.depth));
  Operand k(scratch, keys, n.D), v(scratch, n.D, keys), q(scratch, plan.block, n.D), p(scratch, plan.block, keys);
  float* const s = scratch.matrix(plan.block, plan.lds);
  float* const o = scratch.matrix(plan.block, plan.depth);
  const AmxTiles tiles;
  k.pack(along_depth(head.k, 0, keys, n.D), false);
  v.pack(along_rows(head.v, 0, keys, n.D), false);
  for (int64_t begin = 0; begin < n.queries; begin += plan.block) {
    const int64_t rows = std::min(plan.block, n.queries - begin);
    q.pack(along_depth(head.q, begin, rows, n.D), true);
    multiply(q, k, s, plan.lds, false, ahead);
    scale_all(s, plan.lds, rows, plan.columns, scale);
    float factor[AmxPlan::kMostRows];
    softmax_rows(head, begin, rows, plan.columns, s, plan.lds, factor);
    p.pack(Lines<float>{s, rows, keys, plan.lds, 1}, true);
    multiply(p, v, o, plan.depth, false, ahead);
    store_outputs(head, begin, rows, o, plan.depth, n.D, factor);
  }
}

void run_head_amx(const BackwardHead<bf16>& head, const AttentionSizes& n, double scale, RowPrefetch& ahead) {
  const int64_t keys = head.mask.keys;
  const AmxPlan plan(n.queries, keys, n.D);
  HeadScratch<float> scratch(3 * Operand::size(keys, n.D) + 4 * Operand::size(plan.block, n.D) +
                             2 * Operand::size(plan.block, keys) + plan.block * (2 * plan.lds + plan.depth) +
                             2 * plan.columns * plan.depth);
  Operand k_columns(scratch, keys, n.D), v_columns(scratch, keys, n.D), k_rows(scratch, n.D, keys);
  Operand q(scratch, plan.block, n.D), dout(scratch, plan.block, n.D);
  Operand q_rows(scratch, n.D, plan.block), dout_rows(scratch, n.D, plan.block);
  Operand by_query(scratch, plan.block, keys), by_key(scratch, keys, plan.block);
  float* const p = scratch.matrix(plan.block, plan.lds);
  float* const ds = scratch.matrix(plan.block, plan.lds);
  float* const dq = scratch.matrix(plan.block, plan.depth);
  float* const dk = scratch.matrix(plan.columns, plan.depth);
  float* const dv = scratch.matrix(plan.columns, plan.depth);
  const AmxTiles tiles;
  k_columns.pack(along_depth(head.k, 0, keys, n.D), false);
  v_columns.pack(along_depth(head.v, 0, keys, n.D), false);
  k_rows.pack(along_rows(head.k, 0, keys, n.D), false);
  for (int64_t begin = 0; begin < n.queries; begin += plan.block) {
    const int64_t rows = std::min(plan.block, n.queries - begin);
    q.pack(along_depth(head.q, begin, rows, n.D), true);
    dout.pack(along_depth(head.dout, begin, rows, n.D), true);
    q_rows.pack(along_rows(head.q, begin, rows, n.D), false);
    dout_rows.pack(along_rows(head.dout, begin, rows, n.D), false);
    multiply(q, k_columns, p, plan.lds, false, ahead);
    multiply(dout, v_columns, ds, plan.lds, false, ahead);
    scale_all(p, plan.lds, rows, plan.columns, scale);
    score_gradients(head, begin, rows, plan.columns, p, ds, plan.lds, n.D);
    by_query.pack(Lines<float>{ds, rows, keys, plan.lds, 1}, true);
    multiply(by_query, k_rows, dq, plan.depth, false, ahead);
    store_rows(head.dq.from(begin), dq, plan.depth, rows, n.D, scale);
    by_key.pack(Lines<float>{p, keys, rows, 1, plan.lds}, true);
    multiply(by_key, dout_rows, dv, plan.depth, begin > 0, ahead);
    by_key.pack(Lines<float>{ds, keys, rows, 1, plan.lds}, true);
    multiply(by_key, q_rows, dk, plan.depth, begin > 0, ahead);
  }
  store_rows(head.dk, dk, plan.depth, keys, n.D, scale);
  store_rows(head.dv, dv, plan.depth, keys, n.D, 1);
  zero_rows(head.dk.from(keys), n.keys - keys, n.D);
  zero_rows(head.dv.from(keys), n.keys - keys, n.D);
}

#else

bool amx_takes_head(std::int64_t, std::int64_t) { return false; }
void run_head_amx(const ForwardHead<bf16>&, const AttentionSizes&, double, RowPrefetch&) {}
void run_head_amx(const BackwardHead<bf16>&, const AttentionSizes&, double, RowPrefetch&) {}

#endif  // AIO_HAS_AMX

}  // namespace aio::cpu
