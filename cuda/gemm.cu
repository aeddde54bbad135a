// Matrix products: the library's (gemm_library.h), with what happens to a product before it is stored.
//
// gemm:     t = alpha A B + beta C;  t += bias;  preactivation = t;  t = gelu(t);  t = dropout(t);  t *= gelu'(x);
//           t += residual;  C = t
// Dtypes:   f32, or bf16 with C in bf16 or f32; sums and epilogue in f32.
// Order:    the library's choice for the shape, the same in every run.
//
// The library adds bias and residual, rounded once, and its bias has C's type. GELU, its slope and dropout are a kernel
// of our own (cuBLASLt's GELU is the tanh approximation: another function), which reads what the library has written,
// so in bf16 they see a rounded number. Where the sums are short, such a product is our own (gemm_hopper.h, or
// gemm_tensor_core.h) with its epilogue on unrounded sums: the pass over C is spared. Where rows
// do not lie on 16 bytes, our kernel does all of the epilogue on an f32 product: C itself if that is f32, else scratch
// memory.

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "cuda/cuda_backend.h"
#include "cuda/gemm_epilogue.h"
#include "cuda/gemm_hopper.h"
#include "cuda/gemm_library.h"
#include "cuda/gemm_tensor_core.h"
#include "cuda/map.h"
#include "cuda/scratch.h"

namespace aio {

namespace {

using namespace cuda;

/// The last two dimensions of `view`. The stride of a dimension of size 1 means nothing: it is set so that a unit
/// stride is found where there can be one.
GemmMatrix matrix(const View& view) {
  const int row = view.rank - 2, col = view.rank - 1;
  GemmMatrix m{view.data, view.dtype, view.dim[row], view.dim[col], view.stride[row], view.stride[col], 0};
  if (view.rank == 3) m.batch_stride = view.stride[0];
  if (m.cols == 1) m.col_stride = 1;
  if (m.rows == 1 && m.col_stride != 1) m.row_stride = 1;
  return m;
}

/// A library wants lines that do not overlap, as those of an expanded tensor do.
bool library_takes(const GemmMatrix& m) {
  return m.col_stride == 1 ? m.rows <= 1 || m.row_stride >= m.cols
                           : m.row_stride == 1 && (m.cols <= 1 || m.col_stride >= m.rows);
}

// ---- epilogue
// --------------------------------------------------------------------------------------------------------

template <int N, class D, class P>
__global__ void __launch_bounds__(kMapThreads)
    epilogue_kernel(Epilogue<D, P> epilogue, std::int64_t n, std::int64_t cols) {
  const std::int64_t i = global_thread_id() * N;
  if (i < n) epilogue.template apply<N>(i / cols, i % cols);
}

template <class D, class P>
void run_epilogue(Stream stream, const Epilogue<D, P>& epilogue, std::int64_t rows, std::int64_t cols) {
  const std::int64_t n = rows * cols;
  constexpr int N = kVector<D>;
  if (cols % N == 0 && epilogue.takes(N)) {
    launch("gemm_epilogue", stream, map_grid(n, N), epilogue_kernel<N, D, P>, epilogue, n, cols);
  } else {
    launch("gemm_epilogue", stream, map_grid(n, 1), epilogue_kernel<1, D, P>, epilogue, n, cols);
  }
}

/// The parts that are not sums: the library has none of them.
bool has_own_part(const GemmEpilogue& e) {
  return e.preactivation_out != nullptr || e.gelu || e.dropout != nullptr || e.gelu_backward_of != nullptr;
}

/// All rows begin on 16 bytes. Null is whole.
bool whole_rows(std::initializer_list<const View*> views) {
  return std::all_of(views.begin(), views.end(), [](const View* view) {
    return view == nullptr ||
           (aligned16(view->data) && (view->rank < 2 || view->stride[0] * size_of(view->dtype) % 16 == 0));
  });
}

/// Whether the library can take over the sums.
bool library_adds(const View& c, const GemmEpilogue& e) {
  return c.dim[1] * size_of(c.dtype) % 16 == 0 && whole_rows({&c, e.bias, e.preactivation_out, e.residual});
}

/// K from which a product with a pass after it is faster in the library: the pass reads and writes C, which costs as
/// much memory time as sums over K cost more in a product of our own. At 2.7 TB/s, 680 TFLOP/s and 300 or, by Hopper's
/// instructions, 500 that is K = 400 and 1400. For few columns the library is limited by memory, too, and more K is
/// free.
std::int64_t deepest(bool hopper, std::int64_t columns) { return hopper ? 1408 : columns <= 192 ? 768 : 384; }

/// Whether the product may be our own: rows of 16 bytes, which for Hopper do not overlap, else K in whole steps.
bool own_takes(bool hopper, const View& c, const View& a, const View& b, const GemmEpilogue& e) {
  const std::int64_t K = a.dim[1];
  const bool narrow = c.dtype == DType::bf16 && a.dtype == DType::bf16 && b.dtype == DType::bf16;
  const View columns = {b.data, b.dtype, 2, {b.dim[1], b.dim[0]}, {b.stride[1], b.stride[0]}};
  return narrow && has_own_part(e) && K > 0 && K <= deepest(hopper, c.dim[1]) &&
         (hopper ? library_takes(matrix(a)) && library_takes(matrix(b)) : K % kGemmDepth == 0) && c.dim[1] % 8 == 0 &&
         a.stride[1] == 1 && (b.stride[1] == 1 ? whole_rows({&b}) : b.stride[0] == 1 && whole_rows({&columns})) &&
         whole_rows({&a, &c, e.bias, e.preactivation_out, e.gelu_backward_of, e.residual});
}

/// All of the epilogue; `step`: CudaBackend::recorded_step() of the dropout's key.
template <class D, class P>
Epilogue<D, P> whole_epilogue(const View& c, const GemmEpilogue& epilogue, const std::uint32_t* step) {
  Epilogue<D, P> e;
  e.c = rows_of<D>(&c);
  e.alpha = static_cast<float>(epilogue.alpha);
  e.beta = static_cast<float>(epilogue.beta);
  if (epilogue.bias != nullptr && epilogue.bias->dtype == DType::bf16) e.narrow_bias = epilogue.bias->as<bf16>();
  if (epilogue.bias != nullptr && epilogue.bias->dtype == DType::f32) e.wide_bias = epilogue.bias->as<float>();
  e.preactivation_out = rows_of<D>(epilogue.preactivation_out);
  e.gelu_forward = epilogue.gelu;
  e.has_dropout = epilogue.dropout != nullptr;
  if (epilogue.dropout != nullptr) e.dropout = DropoutFactors(*epilogue.dropout, step);
  e.cols = c.dim[1];
  e.gelu_backward_of = rows_of<D>(epilogue.gelu_backward_of);
  e.residual = rows_of<D>(epilogue.residual);
  return e;
}

}  // namespace

void CudaBackend::multiply(const View& c, const View& a, const View& b, double alpha, double beta, const View& d,
                           const View* bias) {
  // An operand as the library takes it; what it does not take is copied.
  const auto operand = [&](const View& view, std::optional<Scratch>& memory) {
    const GemmMatrix m = matrix(view);
    if (library_takes(m)) return m;
    View packed = view;
    std::int64_t stride = 1;
    for (int i = view.rank - 1; i >= 0; --i) {
      packed.stride[i] = stride;
      stride *= view.dim[i];
    }
    memory.emplace(allocator(), static_cast<std::size_t>(stride * size_of(view.dtype)));
    packed.data = memory->as<void>();
    copy_strided(packed, view);
    return matrix(packed);
  };
  std::optional<Scratch> memory_a, memory_b;
  GemmCall call{matrix(c), operand(a, memory_a), operand(b, memory_b), matrix(d)};
  call.alpha = static_cast<float>(alpha);
  call.beta = static_cast<float>(beta);
  call.batch = c.rank == 3 ? c.dim[0] : 1;
  const bool converts = bias != nullptr && bias->dtype != c.dtype;
  const Scratch narrow(allocator(), converts ? static_cast<std::size_t>(bias->numel() * size_of(c.dtype)) : 0);
  if (converts) {
    View as_c = *bias;
    as_c.dtype = c.dtype;
    as_c.data = narrow.as<void>();
    cast(as_c, *bias);
  }
  if (bias != nullptr) call.bias = converts ? narrow.as<void>() : bias->data;
  const Scratch workspace(allocator(), kGemmWorkspace);
  library_gemm(call, workspace.as<void>(), kGemmWorkspace, stream());
}

void CudaBackend::gemm(const View& c, const View& a, const View& b, const GemmEpilogue& epilogue) {
  const std::int64_t M = c.dim[0], N = c.dim[1], K = a.dim[1];
  if (M * N == 0) return;
  const std::uint32_t* const step = epilogue.dropout == nullptr ? nullptr : recorded_step(epilogue.dropout->key);
  if (const bool hopper = hopper_products(index_); own_takes(hopper, c, a, b, epilogue)) {
    const auto e = whole_epilogue<bf16, float>(c, epilogue, step);
    const bool by_column = b.stride[1] == 1;
    const TensorCoreOperand left{a.as<bf16>(), a.stride[0]}, right{b.as<bf16>(), b.stride[by_column ? 0 : 1]};
    if (hopper) return gemm_hopper(stream(), index_, left, right, by_column, M, N, K, e);
    if (by_column) return gemm_tensor_core<true>(stream(), left, right, M, N, K, e);
    return gemm_tensor_core<false>(stream(), left, right, M, N, K, e);
  }
  const bool own_part = has_own_part(epilogue);
  const bool plain = epilogue.bias == nullptr && epilogue.residual == nullptr && !own_part;
  const bool library = K > 0 && (plain || library_adds(c, epilogue));
  // The residual comes last: the library may add it only if nothing but sums is before it.
  const bool adds_residual = library && epilogue.residual != nullptr && !own_part && epilogue.beta == 0;
  const View& first = library && epilogue.preactivation_out != nullptr ? *epilogue.preactivation_out : c;
  if (library) {
    multiply(first, a, b, epilogue.alpha, adds_residual ? 1 : epilogue.beta, adds_residual ? *epilogue.residual : c,
             epilogue.bias);
    if (!own_part && (epilogue.residual == nullptr || adds_residual)) return;
  }
  const bool in_place = library || c.dtype == DType::f32;
  View product = first;
  const Scratch scratch(allocator(), in_place || K == 0 ? 0 : static_cast<std::size_t>(M * N) * sizeof(float));
  if (!in_place) {
    product = c;
    product.dtype = DType::f32;
    product.stride[0] = N;
    product.data = scratch.as<void>();
  }
  if (!library && K > 0) multiply(product, a, b, epilogue.alpha, in_place ? epilogue.beta : 0, product, nullptr);
  const auto run = [&]<class D, class P>() {
    auto e = whole_epilogue<D, P>(c, epilogue, step);
    if (K > 0) e.product = rows_of<P>(&product);
    if (K > 0 && in_place) e.beta = 0;
    if (library) {
      e.wide_bias = nullptr;
      e.narrow_bias = nullptr;
      e.preactivation_out = {};
    }
    run_epilogue(stream(), e, M, N);
  };
  if (c.dtype == DType::f32) {
    run.template operator()<float, float>();
  } else if (in_place) {
    run.template operator()<bf16, bf16>();
  } else {
    run.template operator()<bf16, float>();
  }
}

bool CudaBackend::gemm_with_row_sums(const View& c, const View& sums, const View& a, const View& b, double beta) {
  GemmCall call{matrix(c), matrix(a), matrix(b), matrix(c)};
  if (c.dtype != DType::f32 || c.numel() == 0 || a.dim[1] == 0 || !library_takes(call.a) || !library_takes(call.b) ||
      !aligned16(c.data, a.data, b.data, sums.data) || call.c.cols % 4 != 0)
    return false;
  call.beta = static_cast<float>(beta);
  call.row_sums = sums.data;
  const Scratch workspace(allocator(), kGemmWorkspace);
  return library_gemm(call, workspace.as<void>(), kGemmWorkspace, stream());
}

void CudaBackend::gemm_batched(const View& c, const View& a, const View& b, double alpha, double beta) {
  if (c.numel() == 0) return;
  if (a.dim[2] > 0) return multiply(c, a, b, alpha, beta, c, nullptr);
  // No products to add: C = beta C, which is contiguous by rows.
  for (std::int64_t i = 0; i < c.dim[0]; ++i) {
    View one;
    one.rank = 2;
    one.dtype = c.dtype;
    one.data = c.as<char>() + i * c.stride[0] * size_of(c.dtype);
    for (int d = 0; d < 2; ++d) {
      one.dim[d] = c.dim[d + 1];
      one.stride[d] = c.stride[d + 1];
    }
    dispatch_gpu_float(c.dtype, [&]<class D>() {
      Epilogue<D, D> e;
      e.c = rows_of<D>(&one);
      e.beta = static_cast<float>(beta);
      run_epilogue(stream(), e, one.dim[0], one.dim[1]);
    });
  }
}

}  // namespace aio
