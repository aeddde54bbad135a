// OpenBLAS behind gemm_library.cpp; the only file that includes cblas.h. Built without it, its functions throw.

#include "tensor/cpu/gemm.h"
#include "tensor/error.h"

#if defined(AIO_HAVE_OPENBLAS)
#include <cblas.h>

#include <algorithm>
#include <string_view>
#endif

namespace aio::cpu {

#if defined(AIO_HAVE_OPENBLAS)

namespace {

/// What cblas asks for: a leading dimension and whether the stored matrix is the transpose.
struct Layout {
  CBLAS_TRANSPOSE transpose;
  blasint leading;
};

template <class T>
Layout layout_of(const Matrix<T>& m) {
  const auto leading = [](std::int64_t stride, std::int64_t line) {
    return static_cast<blasint>(std::max({stride, line, std::int64_t{1}}));
  };
  if (m.col_stride == 1) return {CblasNoTrans, leading(m.row_stride, m.cols)};
  return {CblasTrans, leading(m.col_stride, m.rows)};
}

template <class T, class Gemm>
void product_with(Gemm gemm, const Product<T, T>& p) {
  openblas_info();  // sets one thread
  const Layout a = layout_of(p.a), b = layout_of(p.b), c = layout_of(p.c);
  gemm(CblasRowMajor, a.transpose, b.transpose, static_cast<blasint>(p.c.rows), static_cast<blasint>(p.c.cols),
       static_cast<blasint>(p.a.cols), p.alpha, p.a.data, a.leading, p.b.data, b.leading, p.beta, p.c.data, c.leading);
}

int vector_bits(std::string_view core) {
  for (const std::string_view name : {"SkylakeX", "Cooperlake", "Sapphirerapids"}) {
    if (core == name) return 512;
  }
  for (const std::string_view name : {"Haswell", "Zen", "Excavator"}) {
    if (core == name) return 256;
  }
  return 128;
}

}  // namespace

void openblas_product(const Product<float, float>& product) { product_with(cblas_sgemm, product); }
void openblas_product(const Product<double, double>& product) { product_with(cblas_dgemm, product); }

OpenBlasInfo openblas_info() {
  static const OpenBlasInfo info = [] {
    openblas_set_num_threads(1);
    const char* core = openblas_get_corename();
    return OpenBlasInfo{core, openblas_get_config(), vector_bits(core)};
  }();
  return info;
}

#else

namespace {
[[noreturn]] void absent() { fail(ErrorCode::config, "gemm: this build has no openblas"); }
}  // namespace

void openblas_product(const Product<float, float>&) { absent(); }
void openblas_product(const Product<double, double>&) { absent(); }
OpenBlasInfo openblas_info() { return {"", "", 0}; }

#endif

}  // namespace aio::cpu
