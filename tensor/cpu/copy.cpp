// Moving elements: fill, and copies between any two layouts.
//
// fill          y[i] = value
// copy_strided  y[i, j, ...] = x[i, j, ...], rank <= 6, any strides; x may repeat (stride 0), y may not. It carries
//               every permute, slice, expand and concat.
// Dtypes:       all five, moved as words of their size. Deterministic: each element by itself.
//
// The dimensions are first put in the order of y's strides and merged where both layouts allow; what is left decides
// the loop: runs (both contiguous inside: memcpy), blocks (x is contiguous along another dimension: a transpose,
// through blocks of one cache line squared), or single elements.

#include <algorithm>
#include <cstring>

#include "tensor/cpu/convert.h"
#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/words.h"
#include "tensor/parallel.h"
#include "tensor/shape.h"

namespace aio {

namespace {

constexpr std::int64_t kGrainBytes = 64 * 1024;  // a thread's least share: some 5 microseconds
constexpr std::int64_t kPieceBytes = 32 * 1024;  // long runs are cut, so that one run can keep several threads busy

struct Dimension {
  std::int64_t size, y, x;  // strides in elements
};

/// The loops of a copy, the last one innermost. `rank` >= 1.
struct Loops {
  Dimension dim[kMaxRank];
  int rank = 0;

  Loops(const View& y, const View& x) {
    for (int i = 0; i < y.rank; ++i)
      if (y.dim[i] != 1) dim[rank++] = {y.dim[i], y.stride[i], x.stride[i]};
    std::stable_sort(dim, dim + rank, [](const Dimension& a, const Dimension& b) { return a.y > b.y; });
    int kept = 0;  // merge: i into kept - 1 if one step of the outer is the whole of the inner, in both layouts
    for (int i = 0; i < rank; ++i) {
      Dimension& outer = dim[std::max(kept - 1, 0)];
      if (kept > 0 && outer.y == dim[i].y * dim[i].size && outer.x == dim[i].x * dim[i].size) {
        outer = {outer.size * dim[i].size, dim[i].y, dim[i].x};
      } else {
        dim[kept++] = dim[i];
      }
    }
    rank = kept;
    if (rank == 0) dim[rank++] = {1, 1, 1};
  }

  Dimension& inner() { return dim[rank - 1]; }

  /// Makes dimension i the second innermost.
  void lift(int i) { std::rotate(dim + i, dim + i + 1, dim + rank - 1); }
};

/// Walks the outer `rank` loops in order, keeping both offsets.
class Cursor {
 public:
  Cursor(const Loops& loops, int rank, std::int64_t start) : loops_(loops), rank_(rank) {
    for (int i = rank - 1; i >= 0; --i) {
      const Dimension& d = loops.dim[i];
      at_[i] = start % d.size;
      start /= d.size;
      y += at_[i] * d.y;
      x += at_[i] * d.x;
    }
  }
  void advance() {
    for (int i = rank_ - 1; i >= 0; --i) {
      const Dimension& d = loops_.dim[i];
      y += d.y;
      x += d.x;
      if (++at_[i] < d.size) return;
      at_[i] = 0;
      y -= d.size * d.y;
      x -= d.size * d.x;
    }
  }
  std::int64_t y = 0, x = 0;

 private:
  const Loops& loops_;
  int rank_;
  std::int64_t at_[kMaxRank];
};

std::int64_t count(const Loops& loops, int rank) {
  std::int64_t n = 1;
  for (int i = 0; i < rank; ++i) n *= loops.dim[i].size;
  return n;
}

std::int64_t grain(std::int64_t bytes_each) { return std::max<std::int64_t>(1, kGrainBytes / bytes_each); }

/// Copies along the innermost loop: a run, one repeated element, or elements with gaps.
template <class Word>
void copy_rows(Word* y, const Word* x, Loops& loops) {
  const Dimension inner = loops.inner();
  const std::int64_t piece = kPieceBytes / static_cast<std::int64_t>(sizeof(Word));
  const std::int64_t pieces = (inner.size + piece - 1) / piece;
  const int outer = loops.rank - 1;
  const std::int64_t bytes = std::min(inner.size, piece) * static_cast<std::int64_t>(sizeof(Word));
  parallel_for(count(loops, outer) * pieces, grain(bytes), [&](std::int64_t begin, std::int64_t end) {
    Cursor row(loops, outer, begin / pieces);
    std::int64_t part = begin % pieces;
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t first = part * piece, n = std::min(piece, inner.size - first);
      Word* const out = y + row.y + first * inner.y;
      const Word* const in = x + row.x + first * inner.x;
      if (inner.y == 1 && inner.x == 1) {
        std::memcpy(out, in, static_cast<std::size_t>(n) * sizeof(Word));
      } else if (inner.y == 1 && inner.x == 0) {
        std::fill_n(out, n, *in);
      } else {
        for (std::int64_t i = 0; i < n; ++i) out[i * inner.y] = in[i * inner.x];
      }
      if (++part == pieces) {
        part = 0;
        row.advance();
      }
    }
  });
}

/// The two innermost loops are a transpose: y contiguous along the inner, x along the outer of the two. Blocks of a
/// cache line in both directions: each line of x is read once and each line of y written once.
template <class Word>
void copy_transposed(Word* y, const Word* x, Loops& loops) {
  constexpr std::int64_t kBlock = 64 / static_cast<std::int64_t>(sizeof(Word));
  const Dimension across = loops.dim[loops.rank - 2], along = loops.inner();
  const std::int64_t bands = (across.size + kBlock - 1) / kBlock;
  const std::int64_t bytes = kBlock * along.size * static_cast<std::int64_t>(sizeof(Word));
  const int outer = loops.rank - 2;
  parallel_for(count(loops, outer) * bands, grain(bytes), [&](std::int64_t begin, std::int64_t end) {
    Cursor matrix(loops, outer, begin / bands);
    std::int64_t band = begin % bands;
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t j0 = band * kBlock, height = std::min(kBlock, across.size - j0);
      for (std::int64_t i0 = 0; i0 < along.size; i0 += kBlock) {
        const std::int64_t width = std::min(kBlock, along.size - i0);
        Word block[kBlock][kBlock];
        const Word* const in = x + matrix.x + i0 * along.x + j0;
        Word* const out = y + matrix.y + i0 + j0 * across.y;
        for (std::int64_t i = 0; i < width; ++i)
          for (std::int64_t j = 0; j < height; ++j) block[i][j] = in[i * along.x + j];
        for (std::int64_t j = 0; j < height; ++j)
          for (std::int64_t i = 0; i < width; ++i) out[i + j * across.y] = block[i][j];
      }
      if (++band == bands) {
        band = 0;
        matrix.advance();
      }
    }
  });
}

}  // namespace

void CpuBackend::fill(const View& y, double value) {
  dispatch_all(y.dtype, [&]<class T>() {
    const T element = cpu::convert<T>(value);
    parallel_for(y.numel(), grain(sizeof(T)),
                 [&](std::int64_t begin, std::int64_t end) { std::fill(y.as<T>() + begin, y.as<T>() + end, element); });
  });
}

void CpuBackend::copy_strided(const View& y, const View& x) {
  if (y.numel() == 0) return;
  Loops loops(y, x);
  int contiguous = -1;  // the loop along which x is contiguous, if that is not the innermost; short ones do not pay
  if (loops.inner().y == 1 && loops.inner().x > 1)
    for (int i = 0; i + 1 < loops.rank; ++i)
      if (loops.dim[i].x == 1 && loops.dim[i].size >= 4) contiguous = i;
  if (contiguous >= 0) loops.lift(contiguous);
  cpu::dispatch_word(y.dtype, [&]<class Word>() {
    if (contiguous >= 0) {
      copy_transposed(y.as<Word>(), x.as<Word>(), loops);
    } else {
      copy_rows(y.as<Word>(), x.as<Word>(), loops);
    }
  });
}

}  // namespace aio
