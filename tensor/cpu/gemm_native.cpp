// The product by our own kernel, blocked for the caches.
//
// C is cut into one rectangle a thread (rows in strips of kRows, columns in panels of kCols). Inside, the loops are
//   chunk of columns, block of k:  pack B [k, columns] into panels      <- stays in the L2 cache
//     strip of kRows rows of A:    in place if its rows are contiguous  <- stays in the L1 cache
//       panel of kCols columns:    micro-kernel                         <- C in registers
//     after the last block of k:   epilogue of the strip                <- still in the L1 cache
// The blocks of k depend on the shape and strides only, and an element's sum within one is a single chain in the order
// of k: its bits do not depend on the number of threads nor on where the rectangle begins.

#include <algorithm>
#include <array>
#include <utility>

#include "tensor/cpu/gemm_grid.h"
#include "tensor/cpu/gemm_pack.h"
#include "tensor/cpu/scratch.h"

namespace aio::cpu {

namespace {

using std::int64_t;

// ---- micro-kernels by number of rows and vectors -----------------------------------------------------------------

/// The register block on a strip of A: by rows (row_stride apart) or packed ([k][kRows], row_stride unused).
template <class T>
using Kernel = void (*)(int64_t K, const T* a, int64_t row_stride, const T* b, T* c, int64_t ldc, T alpha, int lanes,
                        bool accumulate);

template <class T, bool kPackedA, int kMR, int kNV>
void kernel(int64_t K, const T* a, int64_t row_stride, const T* b, T* c, int64_t ldc, T alpha, int lanes,
            bool accumulate) {
  constexpr int64_t ldb = RegisterBlock<T>::kCols;
  if constexpr (kPackedA) {
    micro_kernel<T, kMR, kNV>(K, a, 1, RegisterBlock<T>::kRows, b, ldb, c, ldc, alpha, lanes, accumulate);
  } else {
    micro_kernel<T, kMR, kNV>(K, a, row_stride, 1, b, ldb, c, ldc, alpha, lanes, accumulate);
  }
}

/// kernel_for(rows, cols): the instance for a block of 1..kRows by 1..kCols elements.
template <class T, bool kPackedA>
Kernel<T> kernel_for(int64_t rows, int64_t cols) {
  constexpr int kRows = RegisterBlock<T>::kRows, kVectors = RegisterBlock<T>::kVectors;
  static constexpr auto table = []<int... i>(std::integer_sequence<int, i...>) {
    return std::array<Kernel<T>, sizeof...(i)>{kernel<T, kPackedA, i / kVectors + 1, i % kVectors + 1>...};
  }
  (std::make_integer_sequence<int, kRows * kVectors>());
  return table[static_cast<std::size_t>((rows - 1) * kVectors + ceil_div(cols, Vec<T>::kWidth) - 1)];
}

// ---- blocking ----------------------------------------------------------------------------------------------------

enum class FormA { in_place, widened, packed };

template <class S>
FormA form_of(const Matrix<const S>& a) {
  if (a.col_stride != 1) return FormA::packed;
  return std::is_same_v<S, accumulator_t<S>> ? FormA::in_place : FormA::widened;
}

/// Sizes in elements. A strip of 8 x 768 floats read in place fills half the L1 cache; packed strips come from L2, and
/// shorter ones leave room there for more columns of B, so that A is packed fewer times (256: +10 % over 768).
struct Blocking {
  int64_t depth;        // number of blocks of k, of nearly equal size
  int64_t k_max;        // the largest of them
  int64_t cols;         // columns of B packed at a time, a multiple of kCols
  int64_t packed_rows;  // rows of A packed at a time, a multiple of kRows

  int64_t k_begin(int64_t block, int64_t K) const { return K * block / depth; }
};

template <class S>
Blocking blocking_of(const Matrix<const S>& a, int64_t cols) {
  using T = accumulator_t<S>;
  constexpr int64_t kRows = RegisterBlock<T>::kRows, kCols = RegisterBlock<T>::kCols;
  const bool packed = form_of(a) == FormA::packed;
  const int64_t depth = (packed ? 1024 : 3072) / int64_t(sizeof(T));
  constexpr int64_t kPackedBytes = int64_t{1} << 20;
  Blocking blocking{};
  blocking.depth = std::max<int64_t>(1, ceil_div(a.cols, depth));
  blocking.k_max = ceil_div(a.cols, blocking.depth);
  const int64_t fit = kPackedBytes / int64_t(sizeof(T)) / std::max<int64_t>(1, blocking.k_max) / kCols;
  const int64_t panels = ceil_div(cols, kCols);
  const int64_t chunks = ceil_div(panels, std::max<int64_t>(1, fit));
  blocking.cols = ceil_div(panels, chunks) * kCols;
  blocking.packed_rows = packed ? 48 * kRows : kRows;
  return blocking;
}

/// Rows and columns [begin, end) of C.
struct Rectangle {
  int64_t row_begin, row_end, col_begin, col_end;
};

template <class S, class D>
class RectangleProduct {
  using T = accumulator_t<D>;
  static constexpr int64_t kRows = RegisterBlock<T>::kRows, kCols = RegisterBlock<T>::kCols;
  /// Sums of earlier blocks of k are kept in C itself when it has the accumulator type, else in scratch.
  static constexpr bool kSumsInC = std::is_same_v<D, T>;

 public:
  RectangleProduct(const Product<S, D>& product, const Rectangle& part)
      : p_(product),
        part_(part),
        form_(form_of(product.a)),
        blocking_(blocking_of(product.a, part.col_end - part.col_begin)),
        scratch_(static_cast<std::size_t>(b_size() + a_size() + sums_size()) * sizeof(T)),
        packed_b_(scratch_.as<T>()),
        packed_a_(packed_b_ + b_size()),
        sums_(packed_a_ + a_size()) {}

  void run() {
    for (col_ = part_.col_begin; col_ < part_.col_end; col_ += blocking_.cols) {
      cols_ = std::min(blocking_.cols, part_.col_end - col_);
      for (block_ = 0; block_ < blocking_.depth; ++block_) {
        k_ = blocking_.k_begin(block_, p_.a.cols);
        depth_ = blocking_.k_begin(block_ + 1, p_.a.cols) - k_;
        pack_b(Matrix<const S>{p_.b.at(k_, col_), depth_, cols_, p_.b.row_stride, p_.b.col_stride}, packed_b_);
        for (int64_t row = part_.row_begin; row < part_.row_end; row += blocking_.packed_rows) {
          multiply_rows(row, std::min(blocking_.packed_rows, part_.row_end - row));
        }
      }
    }
  }

 private:
  int64_t b_size() const { return blocking_.cols * blocking_.k_max; }
  int64_t a_size() const { return form_ == FormA::in_place ? 0 : blocking_.packed_rows * blocking_.k_max; }
  int64_t sums_size() const {
    if (kSumsInC) return 0;
    return blocking_.cols * (blocking_.depth > 1 ? part_.row_end - part_.row_begin : kRows);
  }

  void multiply_rows(int64_t row, int64_t rows) {
    const Matrix<const S> a{p_.a.at(row, k_), rows, depth_, p_.a.row_stride, p_.a.col_stride};
    if (form_ == FormA::packed) pack_a_strips(a, packed_a_);
    if (form_ == FormA::widened) widen_rows(a, packed_a_);
    for (int64_t i = 0; i < rows; i += kRows) {
      const T* strip = packed_a_ + i * depth_;
      if constexpr (std::is_same_v<S, T>) {
        if (form_ == FormA::in_place) strip = a.at(i, 0);
      }
      multiply_strip(strip, row + i, std::min(kRows, rows - i));
    }
  }

  /// Fetches rows [row, row + kRows) of A's block of k into the L2 cache, one share of `shares`: their strip is next,
  /// and the CPU does not look across the ends of rows.
  void prefetch_strip(int64_t row, int64_t share, int64_t shares) const {
    constexpr int64_t kLine = 64 / int64_t(sizeof(S));
    const int64_t begin = depth_ * share / shares, end = depth_ * (share + 1) / shares;
    for (int64_t i = row; i < std::min(row + kRows, part_.row_end); ++i) {
      for (int64_t k = begin; k < end; k += kLine) __builtin_prefetch(p_.a.at(i, k_ + k), 0, 2);
    }
  }

  void multiply_strip(const T* strip, int64_t row, int64_t rows) {
    const Rows<D> c{p_.c.data, p_.c.row_stride};
    T* sums;
    int64_t stride;
    if constexpr (kSumsInC) {
      sums = c.at(row, col_);
      stride = c.stride;
    } else {
      sums = sums_ + (blocking_.depth > 1 ? row - part_.row_begin : 0) * blocking_.cols;
      stride = blocking_.cols;
    }
    if (block_ == 0 && p_.beta != T(0) && !(kSumsInC && p_.beta == T(1))) {
      scale_rows(sums, stride, p_.beta, c, row, rows, col_, cols_);
    }
    const bool accumulate = block_ > 0 || p_.beta != T(0);
    const int64_t a_stride = form_ == FormA::in_place ? p_.a.row_stride : depth_;
    for (int64_t j = 0; j < cols_; j += kCols) {
      if (form_ != FormA::packed) prefetch_strip(row + kRows, j / kCols, ceil_div(cols_, kCols));
      const int64_t width = std::min(kCols, cols_ - j);
      const auto lanes = static_cast<int>((width - 1) % Vec<T>::kWidth + 1);
      const auto multiply =
          form_ == FormA::packed ? kernel_for<T, true>(rows, width) : kernel_for<T, false>(rows, width);
      multiply(depth_, strip, a_stride, packed_b_ + j * depth_, sums + j, stride, p_.alpha, lanes, accumulate);
    }
    if (block_ + 1 == blocking_.depth && !(kSumsInC && p_.epilogue.empty())) {
      apply_epilogue(p_.epilogue, sums, stride, c, row, rows, col_, cols_);
    }
  }

  const Product<S, D>& p_;
  const Rectangle part_;
  const FormA form_;
  const Blocking blocking_;
  const Scratch scratch_;
  T* const packed_b_;
  T* const packed_a_;
  T* const sums_;
  // Where the loops are.
  int64_t col_ = 0, cols_ = 0;             // chunk of columns
  int64_t block_ = 0, k_ = 0, depth_ = 0;  // block of k: its number, first k and length
};

// ---- threads -----------------------------------------------------------------------------------------------------

/// How many parts C's rows and columns are cut into: the grid of at most `threads` parts in which the largest part has
/// the least work. Each part packs its own columns of B (and rows of A, unless they are read in place).
template <class S>
Grid grid_of(int64_t M, int64_t N, int64_t K, FormA form, int64_t threads) {
  using T = accumulator_t<S>;
  constexpr int64_t kRows = RegisterBlock<T>::kRows, kCols = RegisterBlock<T>::kCols;
  constexpr int64_t kPack = 16;             // packing an element costs as much as 16 products
  constexpr int64_t kThreadWork = 1 << 17;  // products that are worth a thread: about 2 us, a few times its wake-up
  const int64_t limit = std::clamp<int64_t>(M * N * K / kThreadWork, 1, threads);
  Grid best;
  int64_t best_cost = 0;
  for (int64_t cols = 1; cols <= limit; ++cols) {
    const int64_t rows = limit / cols;
    const int64_t m = ceil_div(ceil_div(M, kRows), rows) * kRows, n = ceil_div(ceil_div(N, kCols), cols) * kCols;
    const int64_t cost = m * n + kPack * (n + (form == FormA::in_place ? 0 : m));
    if (best_cost == 0 || cost < best_cost) {
      best = {rows, cols};
      best_cost = cost;
    }
  }
  return best;
}

}  // namespace

template <class S, class D>
void gemm_native(const Product<S, D>& product, bool parallel) {
  using T = accumulator_t<D>;
  constexpr int64_t kRows = RegisterBlock<T>::kRows, kCols = RegisterBlock<T>::kCols;
  const int64_t M = product.c.rows, N = product.c.cols;
  if (M == 0 || N == 0) return;
  const Grid grid = grid_of<S>(M, N, product.a.cols, form_of(product.a), parallel ? num_threads() : 1);
  const int64_t strips = ceil_div(M, kRows), panels = ceil_div(N, kCols);
  for_each_rectangle(grid, strips, panels, [&](int64_t top, int64_t bottom, int64_t left, int64_t right) {
    const Rectangle rectangle{top * kRows, std::min(M, bottom * kRows), left * kCols, std::min(N, right * kCols)};
    RectangleProduct<S, D>(product, rectangle).run();
  });
}

template void gemm_native(const Product<float, float>&, bool);
template void gemm_native(const Product<double, double>&, bool);
template void gemm_native(const Product<bf16, bf16>&, bool);
template void gemm_native(const Product<bf16, float>&, bool);

}  // namespace aio::cpu
