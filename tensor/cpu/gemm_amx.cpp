// The product on AMX tiles, blocked for the caches.
//
//   chunk of columns, block of k:   pack B, all threads together             <- L3, read once by each block of rows
//     block of rows, a thread's:    pack A                                   <- L2
//       panel of 32 columns, strip of 32 rows:  2 x 2 tiles of C             <- in registers for the whole block of k
//         epilogue of the 32 x 32 numbers                                    <- L1
// The tile unit works by itself: while it multiplies a block, the vector units finish the block before.
// With few rows all of A is packed, and B panel by panel as it is multiplied.
// Blocks of k depend on the shape only, and an element's sum does not depend on its place in the tiles: its bits are
// the same for any number of threads, and for any M.

#include "tensor/cpu/gemm_amx.h"

#if defined(AIO_HAS_AMX)

#include <algorithm>

#include "tensor/cpu/amx.h"
#include "tensor/cpu/amx_kernel.h"
#include "tensor/cpu/gemm_amx_pack.h"
#include "tensor/cpu/gemm_grid.h"
#include "tensor/cpu/scratch.h"
#include "tensor/parallel.h"

namespace aio::cpu {

namespace {

using std::int64_t;

/// Sizes in elements.
struct Blocking {
  int64_t depth;  // blocks of k, of nearly equal size, each a multiple of 32 but the last
  int64_t k_max;  // the largest of them
  int64_t rows;   // of a block of A, a multiple of 32
  int64_t cols;   // of a chunk of B, a multiple of 32
  bool strips;    // A passes strip by strip, each packed while the one before is multiplied

  int64_t k_begin(int64_t block, int64_t K) const {
    return std::min(K, ceil_div(K, kTileDepth) * block / depth * kTileDepth);
  }
};

/// A block of A fills 1 MiB, half of a 2 MiB L2 (512 KiB: B comes from L3 twice as often, -8 %; 1.5 MiB: -12 %). Blocks
/// of 768 k in f32 (384: -10 %, C is added to more often), a chunk of B at most 16 MiB. Sums over blocks of k are kept
/// in C, in f32: where C is bf16 there is one block.
///
/// While a panel passes the block of A, its columns of C go through L2, and of each matrix that the epilogue reads or
/// writes: rows a power of two apart or nearly, so that each such matrix wants 7 ways in some sets, where A wants 8 of
/// 16. With more than one the block of A is smaller. Where all of B fits the same 1 MiB, it stays there instead, A
/// passes strip by strip, and C is written row by row. Strips that are read across their lines, as a weight's gradient
/// reads both operands, have tiles to transpose: they are packed in the time of the tile unit (fc1's gradient 7.5
/// -> 6.1 ms). Where rows are contiguous that gains nothing, and next to an epilogue it costs more than it hides.
template <class S, class D>
Blocking blocking_of(const Product<S, D>& p) {
  constexpr int64_t kNumber = kAmxParts<S> * int64_t(sizeof(bf16));
  constexpr int64_t kHalfL2 = 1 << 20;
  const int64_t K = p.a.cols;
  Blocking blocking{};
  blocking.depth = std::is_same_v<D, float> ? std::max<int64_t>(1, ceil_div(K, 4608 / kNumber)) : 1;
  blocking.k_max = ceil_div(ceil_div(K, kTileDepth), blocking.depth) * kTileDepth;
  const int64_t line = std::max<int64_t>(1, blocking.k_max) * kNumber;
  const auto& e = p.epilogue;
  const int64_t streams = 1 + bool(e.preactivation_out) + bool(e.gelu_backward_of) + bool(e.residual);
  const bool b_stays = p.c.cols * line <= kHalfL2;
  blocking.strips = b_stays && p.a.col_stride != 1;
  const int64_t fit = b_stays ? kSide : kHalfL2 / line * 15 / (8 + 7 * streams);
  blocking.rows = std::max<int64_t>(1, fit / kSide) * kSide;
  blocking.cols = std::max<int64_t>(1, (16 << 20) / line / kSide) * kSide;
  return blocking;
}

/// A block of C: its sums over a block of k, and which rows and columns of C they are.
struct Block {
  alignas(64) float sums[kSide * kSide];
  int64_t row = 0, rows = 0, col = 0, cols = 0;
  bool in_place = true;  // nothing is left to do
};

/// The block whose tiles are multiplied now, and the one before, which has its end then (what C held, the epilogue).
class BlockPair {
 public:
  Block& now() { return blocks_[turn_]; }
  Block& before() { return blocks_[1 - turn_]; }
  void take_turns() { turn_ = 1 - turn_; }

 private:
  Block blocks_[2];
  int turn_ = 0;
};

struct Nothing {
  void operator()(int64_t) const {}
};

/// One chunk of columns and block of k: C's part so far, for the rows and columns of one thread.
template <class S, class D>
class ChunkProduct {
 public:
  static constexpr int kParts = kAmxParts<S>;

  ChunkProduct(const Product<S, D>& product, const Blocking& blocking, int64_t col, int64_t block)
      : p_(product),
        blocking_(blocking),
        col_(col),
        cols_(std::min(blocking.cols, product.c.cols - col)),
        k_(blocking.k_begin(block, product.a.cols)),
        depth_(blocking.k_begin(block + 1, product.a.cols) - k_),
        beta_(block == 0 ? product.beta : 1) {
    if (block + 1 == blocking.depth) epilogue_ = product.epilogue;
  }

  int64_t panels() const { return ceil_div(cols_, kSide); }
  int64_t panel_size() const { return ceil_div(depth_, kTileDepth) * kParts * 2 * kTileNumbers; }

  void pack_panels(int64_t begin, int64_t end, bf16* out) const {
    const int64_t col = begin * kSide, cols = std::min(cols_, end * kSide) - col;
    const Lines<S> b{p_.b.at(k_, col_ + col), cols, depth_, p_.b.col_stride, p_.b.row_stride};
    pack_lines<kParts>(b, false, out);
  }

  /// All of C's rows, few, for some panels, each packed just before it is multiplied.
  void multiply_few_rows(int64_t panel_begin, int64_t panel_end) const {
    const int64_t rows = p_.c.rows, strips = ceil_div(rows, kSide);
    const AmxTiles tiles;
    const Scratch scratch(static_cast<std::size_t>((strips + 1) * panel_size()) * sizeof(bf16));
    bf16* const a = scratch.as<bf16>();
    bf16* const b = a + strips * panel_size();
    pack_lines<kParts>(a_lines(0, rows), true, a);
    BlockPair blocks;
    for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
      pack_panels(panel, panel + 1, b);
      for (int64_t i = 0; i < rows; i += kSide) {
        multiply_block(a + i / kSide * panel_size(), b, i, std::min(kSide, rows - i), panel * kSide, blocks);
      }
    }
    end_rows(blocks.before(), 0, 1);
  }

  void multiply(int64_t row_begin, int64_t row_end, int64_t panel_begin, int64_t panel_end, const bf16* b) const {
    const AmxTiles tiles;
    const int64_t strip_size = panel_size();
    const int64_t most_rows = std::min(blocking_.rows, ceil_div(row_end - row_begin, kSide) * kSide);
    const Scratch scratch(static_cast<std::size_t>(most_rows / kSide * strip_size) * sizeof(bf16));
    BlockPair blocks;
    for (int64_t row = row_begin; row < row_end; row += blocking_.rows) {
      const int64_t rows = std::min(blocking_.rows, row_end - row);
      pack_lines<kParts>(a_lines(row, row + rows), true, scratch.as<bf16>());
      for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
        for (int64_t i = 0; i < rows; i += kSide) {
          multiply_block(scratch.as<bf16>() + i / kSide * strip_size, b + panel * strip_size, row + i,
                         std::min(kSide, rows - i), panel * kSide, blocks);
        }
      }
    }
    end_rows(blocks.before(), 0, 1);
  }

  /// The same by strips, of which the next is packed tile by tile while this one is multiplied.
  void multiply_strips(int64_t row_begin, int64_t row_end, int64_t panel_begin, int64_t panel_end,
                       const bf16* b) const {
    const AmxTiles tiles;
    const int64_t steps = ceil_div(depth_, kTileDepth), parts = (panel_end - panel_begin) * steps;
    const Scratch scratch(static_cast<std::size_t>(2 * panel_size()) * sizeof(bf16));
    bf16* strip = scratch.as<bf16>();
    bf16* next_strip = strip + panel_size();
    const auto strip_lines = [&](int64_t row) { return a_lines(row, std::min(row_end, row + kSide)); };
    pack_lines<kParts>(strip_lines(row_begin), true, strip);
    BlockPair blocks;
    for (int64_t row = row_begin; row < row_end; row += kSide, std::swap(strip, next_strip)) {
      const Lines<S> next = strip_lines(std::min(row_end, row + kSide));
      for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
        const auto pack_next = [&](int64_t step) {
          if (next.lines > 0) pack_strip<kParts>(next, true, (panel - panel_begin) * steps + step, parts, next_strip);
        };
        multiply_block(strip, b + panel * panel_size(), row, std::min(kSide, row_end - row), panel * kSide, blocks,
                       pack_next);
      }
    }
    end_rows(blocks.before(), 0, 1);
  }

 private:
  Lines<S> a_lines(int64_t row_begin, int64_t row_end) const {
    return {p_.a.at(row_begin, k_), row_end - row_begin, depth_, p_.a.row_stride, p_.a.col_stride};
  }
  Rows<D> c() const { return {p_.c.data, p_.c.row_stride}; }

  /// 32 x 32 numbers of C, and the end of those before. A block of k is summed from zero and then added to C: sums that
  /// start from C would round six products for each 32 k at C's size (measured: 2 to 3 times the error, 5 % faster).
  template <class Meanwhile = Nothing>
  void multiply_block(const bf16* a, const bf16* b, int64_t row, int64_t rows, int64_t chunk_col, BlockPair& blocks,
                      const Meanwhile& meanwhile = {}) const {
    const int64_t steps = ceil_div(depth_, kTileDepth);
    Block& now = blocks.now();
    now.row = row;
    now.rows = rows;
    now.col = col_ + chunk_col;
    now.cols = std::min(kSide, cols_ - chunk_col);
    float* sums = now.sums;
    int64_t stride = kSide;
    now.in_place = false;
    if constexpr (std::is_same_v<D, float>) {
      if (rows == kSide && now.cols == kSide && p_.alpha == 1 && beta_ == 0 && epilogue_.empty()) {
        sums = c().at(row, now.col);
        stride = c().stride;
        now.in_place = true;
      }
    }
    tile_kernel<kParts>(steps, a, b, sums, stride, [&](int64_t step) {
      end_rows(blocks.before(), step, steps);
      prefetch_rows(now, step, steps);
      meanwhile(step);
    });
    blocks.take_turns();
  }

  /// What comes after the sums, for part `part` of `parts` of a block's rows.
  void end_rows(Block& block, int64_t part, int64_t parts) const {
    if (block.in_place) return;
    const int64_t begin = block.rows * part / parts, rows = block.rows * (part + 1) / parts - begin;
    if (rows == 0) return;
    float* const sums = block.sums + begin * kSide;
    const int64_t row = block.row + begin;
    if (p_.alpha != 1 || beta_ != 0) combine(sums, row, rows, block.col, block.cols);
    apply_epilogue(epilogue_, sums, kSide, c(), row, rows, block.col, block.cols);
  }

  /// Fetches what the end of a block will read or write: rows of a narrow block lie pages apart, where the hardware
  /// does not look ahead. Into L2: with 3 KiB from row to row, 32 rows share 8 of L1's 64 sets.
  void prefetch_rows(const Block& block, int64_t part, int64_t parts) const {
    for (int64_t i = block.rows * part / parts; i < block.rows * (part + 1) / parts; ++i) {
      prefetch_row(c(), block.row + i, block.col, block.cols);
      prefetch_row(epilogue_.preactivation_out, block.row + i, block.col, block.cols);
      prefetch_row(epilogue_.gelu_backward_of, block.row + i, block.col, block.cols);
      prefetch_row(epilogue_.residual, block.row + i, block.col, block.cols);
    }
  }
  template <class T>
  static void prefetch_row(const Rows<T>& x, int64_t row, int64_t col, int64_t cols) {
    if (!x) return;
    constexpr int64_t kLine = 64 / int64_t(sizeof(T));
    for (int64_t j = 0; j < cols; j += kLine) __builtin_prefetch(x.at(row, col + j), 0, 2);
  }

  /// sums = alpha * sums + beta * C, 32 columns apart
  void combine(float* sums, int64_t row, int64_t rows, int64_t col, int64_t cols) const {
    using V = Vec<float>;
    for (int64_t i = 0; i < rows; ++i) {
      for_lanes<V::kWidth>(cols, [&](int64_t j, int n) {
        V t = V::all(p_.alpha) * V::load_n(sums + i * kSide + j, n);
        if (beta_ != 0) t = fma(V::all(beta_), V::load_n(c().at(row + i, col + j), n), t);
        t.store_n(sums + i * kSide + j, n);
      });
    }
  }

  const Product<S, D>& p_;
  const Blocking& blocking_;
  int64_t col_, cols_, k_, depth_;
  float beta_;
  Epilogue<D> epilogue_;
};

/// Parts of C's strips and panels, at most one a thread, such that the largest is smallest.
Grid grid_of(int64_t strips, int64_t panels, int64_t threads) {
  Grid best;
  for (int64_t cols = 1; cols <= std::min(threads, panels); ++cols) {
    const Grid grid{std::min(strips, threads / cols), cols};
    const auto largest = [&](const Grid& g) { return ceil_div(strips, g.rows) * (ceil_div(panels, g.cols) + 1); };
    if (largest(grid) < largest(best)) best = grid;
  }
  return best;
}

}  // namespace

template <class S, class D>
void gemm_amx(const Product<S, D>& product, bool parallel) {
  const int64_t M = product.c.rows, N = product.c.cols, K = product.a.cols;
  if (M == 0 || N == 0) return;
  const Blocking blocking = blocking_of(product);
  constexpr int64_t kThreadWork = 1 << 21;  // multiplications that are worth a thread: some microseconds
  const int64_t threads = parallel ? std::clamp<int64_t>(M * N * K / kThreadWork, 1, num_threads()) : 1;
  const int64_t strips = ceil_div(M, kSide);
  // Decoding word by word: nearly all work is reading B, which shall not be written and read again in packed form.
  const bool few_rows = M <= 2 * kSide && product.b.row_stride == 1;
  for (int64_t col = 0; col < N; col += blocking.cols) {
    for (int64_t block = 0; block < blocking.depth; ++block) {
      const ChunkProduct<S, D> chunk(product, blocking, col, block);
      const int64_t panels = chunk.panels();
      if (few_rows) {
        parallel_for(panels, ceil_div(panels, threads),
                     [&](int64_t begin, int64_t end) { chunk.multiply_few_rows(begin, end); });
        continue;
      }
      const Scratch b(static_cast<std::size_t>(panels * chunk.panel_size()) * sizeof(bf16));
      parallel_for(panels, ceil_div(panels, threads), [&](int64_t begin, int64_t end) {
        chunk.pack_panels(begin, end, b.as<bf16>() + begin * chunk.panel_size());
      });
      const Grid grid = grid_of(strips, panels, threads);
      for_each_rectangle(grid, strips, panels, [&](int64_t top, int64_t bottom, int64_t left, int64_t right) {
        const int64_t row_end = std::min(M, bottom * kSide);
        if (blocking.strips) {
          chunk.multiply_strips(top * kSide, row_end, left, right, b.as<bf16>());
        } else {
          chunk.multiply(top * kSide, row_end, left, right, b.as<bf16>());
        }
      });
    }
  }
}

template void gemm_amx(const Product<float, float>&, bool);
template void gemm_amx(const Product<bf16, bf16>&, bool);
template void gemm_amx(const Product<bf16, float>&, bool);

}  // namespace aio::cpu

#endif  // AIO_HAS_AMX
