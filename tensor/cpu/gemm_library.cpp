// A product by a library: C is cut along its longer side into tiles that depend on its shape only, each tile is one
// call on one thread. A library may round an element differently in tiles of another size, so a grid that followed the
// number of threads would make the bits follow it too.

#include <algorithm>

#include "tensor/cpu/gemm.h"
#include "tensor/error.h"
#include "tensor/parallel.h"

namespace aio::cpu {

namespace {

/// A power of two, so that 2, 4 and 8 threads share the tiles evenly: 96 to 192 wide as long as that gives no more
/// than 8 of them, then up to 512 wide (each tile packs the other operand again; wider than 300 it hardly shows).
std::int64_t tiles_of(std::int64_t side) {
  std::int64_t tiles = 1;
  while (tiles < 64 && (side / tiles > 512 || (tiles < 8 && side / tiles >= 192))) tiles *= 2;
  return tiles;
}

template <class T>
void run(Library library, const Product<T, T>& product) {
  switch (library) {
    case Library::openblas: return openblas_product(product);
    case Library::eigen: return eigen_product(product);
  }
}

template <class T>
Product<T, T> tile_of(const Product<T, T>& p, std::int64_t row, std::int64_t rows, std::int64_t col,
                      std::int64_t cols) {
  const std::int64_t K = p.a.cols;
  return {{p.a.at(row, 0), rows, K, p.a.row_stride, p.a.col_stride},
          {p.b.at(0, col), K, cols, p.b.row_stride, p.b.col_stride},
          {p.c.at(row, col), rows, cols, p.c.row_stride, p.c.col_stride},
          p.alpha,
          p.beta,
          {}};
}

}  // namespace

template <class T>
void gemm_library(Library library, const Product<T, T>& p, bool parallel) {
  const std::int64_t M = p.c.rows, N = p.c.cols;
  if (M == 0 || N == 0) return;
  const bool by_rows = M >= N;
  const std::int64_t side = by_rows ? M : N, tiles = tiles_of(side);
  const auto work = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t first = side * t / tiles, size = side * (t + 1) / tiles - first;
      const std::int64_t row = by_rows ? first : 0, rows = by_rows ? size : M;
      const std::int64_t col = by_rows ? 0 : first, cols = by_rows ? N : size;
      run(library, tile_of(p, row, rows, col, cols));
      if (!p.epilogue.empty()) {
        apply_epilogue(p.epilogue, p.c.at(row, col), p.c.row_stride, {p.c.data, p.c.row_stride}, row, rows, col, cols);
      }
    }
  };
  if (parallel) {
    parallel_for(tiles, 1, work);
  } else {
    work(0, tiles);
  }
}

template void gemm_library(Library, const Product<float, float>&, bool);
template void gemm_library(Library, const Product<double, double>&, bool);

}  // namespace aio::cpu
