#pragma once
// How one head of attention is worked on: its rows in strided tensors, its mask, the sizes of its scratch matrices and
// the memory they live in.

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>

#include "tensor/cpu/scratch.h"
#include "tensor/cpu/simd.h"

namespace aio::cpu {

constexpr std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

/// The register tile of all products here: 12 x 2 vectors where there are 32 registers (AVX-512), else 6 x 2. Twelve
/// rows of two vectors fit 211 keys (14 vectors of 16) exactly; 8 x 3 would compute 15.
template <class A>
struct AttentionTile {
  static constexpr int kWidth = Vec<A>::kWidth;
  static constexpr int kVectors = 2;
  static constexpr int kRows = kWidth * sizeof(A) == 64 ? 12 : 6;
  static constexpr int kPanel = kVectors * kWidth;
};

/// A matrix [N, D] inside a strided [B, N, H, D] tensor: row i starts at data + i * stride.
template <class T>
struct HeadRows {
  T* data;
  std::int64_t stride;
  T* row(std::int64_t i) const { return data + i * stride; }
  HeadRows from(std::int64_t i) const { return {row(i), stride}; }
};

// ---- mask -----------------------------------------------------------------------------------------------------------

/// AttentionMask for one head.
struct HeadMask {
  std::int64_t keys = 0;                          ///< keys 0 .. keys are valid
  std::int64_t diagonal = 0;                      ///< query i sees keys < i + diagonal (causal, or all keys)
  const std::uint8_t* allowed = nullptr;          ///< or null: all
  std::int64_t query_stride = 0, key_stride = 0;  ///< of `allowed`

  /// One past the last key that query i can see, `allowed` apart.
  std::int64_t key_end(std::int64_t i) const { return std::clamp<std::int64_t>(i + diagonal, 0, keys); }

  /// Sets the logits s [cols] of query i to -inf where it may not attend. False if it may attend nowhere.
  template <class A>
  bool apply(A* s, std::int64_t cols, std::int64_t i) const {
    constexpr A kMinusInf = -std::numeric_limits<A>::infinity();
    const std::int64_t end = key_end(i);
    std::fill(s + end, s + cols, kMinusInf);
    if (allowed == nullptr) return end > 0;
    const std::uint8_t* row = allowed + i * query_stride;
    bool any = false;
    for (std::int64_t j = 0; j < end; ++j) {
      const bool attend = row[j * key_stride] != 0;
      any |= attend;
      s[j] = attend ? s[j] : kMinusInf;
    }
    return any;
  }
};

// ---- sizes ----------------------------------------------------------------------------------------------------------

/// Sizes of one head's scratch matrices, which are padded with zeros to whole tiles and vectors.
template <class A>
struct HeadPlan {
  using Tile = AttentionTile<A>;

  HeadPlan(std::int64_t queries, std::int64_t keys, std::int64_t D)
      : depth(round_up(D, Tile::kWidth)),
        vectors(depth / Tile::kWidth),
        columns(score_columns(keys)),
        panel_columns(round_up(columns, Tile::kPanel)),
        lds((columns / Tile::kWidth | 1) * Tile::kWidth) {
    // 96 queries share a pass over K and V; fewer when two score blocks would outgrow half of a 2 MiB L2.
    const std::int64_t fits = (512 << 10) / (lds * static_cast<std::int64_t>(sizeof(A)));
    const std::int64_t most = std::clamp<std::int64_t>(fits / Tile::kRows * Tile::kRows, 24, kMostRows);
    const std::int64_t blocks = std::max<std::int64_t>(1, (queries + most - 1) / most);
    block = round_up((queries + blocks - 1) / blocks, Tile::kRows);
  }

  /// Columns of S that are computed for `n` visible keys: whole tiles too, for a column of S is a row of dK and dV.
  static std::int64_t score_columns(std::int64_t n) { return round_up(round_up(n, Tile::kRows), Tile::kWidth); }

  static constexpr std::int64_t kMostRows = 96;
  std::int64_t depth;          ///< D in whole vectors: row length of Q, K, V, O in scratch
  std::int64_t vectors;        ///< of a row
  std::int64_t columns;        ///< of S; rows of K, V, dK, dV
  std::int64_t panel_columns;  ///< of K^T and V^T in panels
  std::int64_t lds;            ///< row length of S: an odd number of vectors, for walking down a column of P^T would
                               ///< else meet few cache sets
  std::int64_t block;          ///< queries at a time
};

// ---- memory ---------------------------------------------------------------------------------------------------------

/// The scratch matrices of one head, laid out one behind the other.
template <class A>
class HeadScratch {
 public:
  /// Room for `count` elements in up to sixteen matrices.
  explicit HeadScratch(std::int64_t count)
      : memory_(static_cast<std::size_t>(count) * sizeof(A) + 16 * kAlign), next_(memory_.as<std::byte>()) {}
  /// 64-byte aligned, contents unspecified.
  A* matrix(std::int64_t rows, std::int64_t cols) {
    A* const result = reinterpret_cast<A*>(next_);
    next_ += round_up(rows * cols * static_cast<std::int64_t>(sizeof(A)), kAlign);
    assert(next_ <= memory_.as<std::byte>() + memory_.bytes());
    return result;
  }

 private:
  static constexpr std::int64_t kAlign = 64;
  const Scratch memory_;
  std::byte* next_;
};

/// Rows that are needed soon, fetched into L2 a few at a time while the tiles compute. The rows of one head lie pages
/// apart, where the hardware does not look ahead: waiting for them took a sixth to a quarter of the time.
class RowPrefetch {
 public:
  template <class T>
  void add(HeadRows<T> x, std::int64_t rows, std::int64_t D) {
    // Heads this long (512 rows of 64 floats) compute long enough to hide the wait, and L2 has better things to hold.
    constexpr std::int64_t kLargest = 128 << 10;
    const std::int64_t bytes = D * static_cast<std::int64_t>(sizeof(T));
    if (rows <= 0 || rows * bytes > kLargest) return;
    assert(count_ < std::ssize(list_));
    list_[count_++] = {reinterpret_cast<const char*>(x.data), x.stride * static_cast<std::int64_t>(sizeof(T)), rows,
                       bytes};
  }

  /// The next three rows: 12 cache lines for 64 floats, of the 16 requests that L1 can have under way.
  void advance() {
    for (int n = 0; n < 3 && current_ < count_; ++n) {
      const Rows& x = list_[current_];
      for (std::int64_t c = 0; c < x.bytes; c += 64) __builtin_prefetch(x.data + row_ * x.stride + c, 0, 2);
      if (++row_ == x.rows) {
        row_ = 0;
        ++current_;
      }
    }
  }

 private:
  struct Rows {
    const char* data;
    std::int64_t stride, rows, bytes;
  };
  Rows list_[8];
  int count_ = 0, current_ = 0;
  std::int64_t row_ = 0;
};

}  // namespace aio::cpu
