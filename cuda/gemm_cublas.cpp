// Plain products by cuBLASLt.
//
// The library is loaded at the first product and not linked: it has half a gigabyte, and a program of a CUDA build must
// start on a machine that has none of it.
//
// cuBLASLt is column-major: a row-major C = A B is computed as C^T = B^T A^T, and a row-major matrix is the transpose
// of the column-major one in the same memory. What the heuristic chose for a shape is kept.

#include <cublasLt.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>

#include "cuda/cuda_check.h"
#include "cuda/gemm_library.h"
#include "tensor/error.h"

namespace aio::cuda {

namespace {

template <class Function>
void find(void* library, Function*& function, const char* name) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  check(function != nullptr, ErrorCode::blas, "cuda: cuBLASLt has no ", name);
}

/// The functions of the library, under their own names.
struct Library {
  decltype(::cublasLtCreate)* create = nullptr;
  decltype(::cublasLtGetVersion)* version = nullptr;
  decltype(::cublasLtMatmulDescCreate)* describe = nullptr;
  decltype(::cublasLtMatmulDescSetAttribute)* set_attribute = nullptr;
  decltype(::cublasLtMatrixLayoutCreate)* layout = nullptr;
  decltype(::cublasLtMatrixLayoutSetAttribute)* set_layout = nullptr;
  decltype(::cublasLtMatmulPreferenceCreate)* preference = nullptr;
  decltype(::cublasLtMatmulPreferenceSetAttribute)* set_preference = nullptr;
  decltype(::cublasLtMatmulPreferenceDestroy)* destroy_preference = nullptr;
  decltype(::cublasLtMatmulAlgoGetHeuristic)* heuristic = nullptr;
  decltype(::cublasLtMatmul)* matmul = nullptr;
  std::map<int, cublasLtHandle_t> handles;  ///< by device
  std::string missing;                      ///< why there is none

  Library() {
    const std::string name = "libcublasLt.so." + std::to_string(CUBLAS_VER_MAJOR);
    void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) library = dlopen((std::string(AIO_CUDA_LIBRARY_DIR) + "/" + name).c_str(), RTLD_NOW);
    if (library == nullptr) {
      missing = dlerror();
      return;
    }
    find(library, create, "cublasLtCreate");
    find(library, version, "cublasLtGetVersion");
    find(library, describe, "cublasLtMatmulDescCreate");
    find(library, set_attribute, "cublasLtMatmulDescSetAttribute");
    find(library, layout, "cublasLtMatrixLayoutCreate");
    find(library, set_layout, "cublasLtMatrixLayoutSetAttribute");
    find(library, preference, "cublasLtMatmulPreferenceCreate");
    find(library, set_preference, "cublasLtMatmulPreferenceSetAttribute");
    find(library, destroy_preference, "cublasLtMatmulPreferenceDestroy");
    find(library, heuristic, "cublasLtMatmulAlgoGetHeuristic");
    find(library, matmul, "cublasLtMatmul");
  }
};

/// The calling thread's device.
int current_device() {
  int device = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  return device;
}

Library& library() {
  static auto* const instance = new Library;
  return *instance;
}

void check_blas(cublasStatus_t status, const char* call) {
  check(status == CUBLAS_STATUS_SUCCESS, ErrorCode::blas, "cuda: ", call, " failed with status ",
        static_cast<int>(status));
}

struct Plan {
  cublasLtMatmulDesc_t product = nullptr;
  cublasLtMatrixLayout_t first = nullptr, second = nullptr, added = nullptr, result = nullptr;
  cublasLtMatmulAlgo_t algorithm{};
  bool possible = true;
};

cudaDataType_t data_type(DType dtype) { return dtype == DType::bf16 ? CUDA_R_16BF : CUDA_R_32F; }

/// True if the column-major matrix in the same memory is the transpose.
bool row_major(const GemmMatrix& m) { return m.col_stride == 1; }
std::int64_t leading_dimension(const GemmMatrix& m) {
  return row_major(m) ? std::max(m.row_stride, m.cols) : std::max(m.col_stride, m.rows);
}

/// The largest power of two up to 256 that the address is a multiple of.
std::uint32_t alignment(const void* data) {
  const auto address = reinterpret_cast<std::uintptr_t>(data) | 256;
  return static_cast<std::uint32_t>(address & (~address + 1));
}

cublasLtMatrixLayout_t make_layout(const GemmMatrix& m, std::int64_t batch) {
  cublasLtMatrixLayout_t layout = nullptr;
  const std::int64_t rows = row_major(m) ? m.cols : m.rows, cols = row_major(m) ? m.rows : m.cols;
  check_blas(library().layout(&layout, data_type(m.dtype), static_cast<std::uint64_t>(rows),
                              static_cast<std::uint64_t>(cols), leading_dimension(m)),
             "cublasLtMatrixLayoutCreate");
  const auto count = static_cast<std::int32_t>(batch);
  library().set_layout(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count);
  library().set_layout(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &m.batch_stride, sizeof m.batch_stride);
  return layout;
}

/// What an epilogue reads or writes besides matrices: one pointer, of one descriptor attribute.
const void* vector_of(const GemmCall& call) { return call.bias != nullptr ? call.bias : call.row_sums; }

Plan make_plan(const GemmCall& call, std::size_t workspace_bytes) {
  Library& lt = library();
  Plan plan;
  check_blas(lt.describe(&plan.product, CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescCreate");
  const cublasOperation_t first = row_major(call.b) ? CUBLAS_OP_N : CUBLAS_OP_T;
  const cublasOperation_t second = row_major(call.a) ? CUBLAS_OP_N : CUBLAS_OP_T;
  lt.set_attribute(plan.product, CUBLASLT_MATMUL_DESC_TRANSA, &first, sizeof first);
  lt.set_attribute(plan.product, CUBLASLT_MATMUL_DESC_TRANSB, &second, sizeof second);
  plan.first = make_layout(call.b, call.batch);
  plan.second = make_layout(call.a, call.batch);
  plan.added = make_layout(call.d, call.batch);
  plan.result = make_layout(call.c, call.batch);
  if (const void* const vector = vector_of(call); vector != nullptr) {
    // Of the transposed product: the bias of its rows, or the sums of its second factor's columns.
    const cublasLtEpilogue_t epilogue = call.bias != nullptr ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_BGRADB;
    lt.set_attribute(plan.product, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
    lt.set_attribute(plan.product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &vector, sizeof vector);
  }
  cublasLtMatmulPreference_t preference = nullptr;
  check_blas(lt.preference(&preference), "cublasLtMatmulPreferenceCreate");
  const std::uint32_t first_alignment = alignment(call.b.data), second_alignment = alignment(call.a.data),
                      added_alignment = alignment(call.d.data), result_alignment = alignment(call.c.data);
  lt.set_preference(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace_bytes, sizeof workspace_bytes);
  lt.set_preference(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &first_alignment, sizeof first_alignment);
  lt.set_preference(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &second_alignment, sizeof second_alignment);
  lt.set_preference(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &added_alignment, sizeof added_alignment);
  lt.set_preference(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &result_alignment, sizeof result_alignment);
  cublasLtMatmulHeuristicResult_t result;
  int found = 0;
  const cublasStatus_t status = lt.heuristic(lt.handles.at(current_device()), plan.product, plan.first, plan.second,
                                             plan.added, plan.result, preference, 1, &result, &found);
  lt.destroy_preference(preference);
  plan.possible = status == CUBLAS_STATUS_SUCCESS && found > 0;
  check(plan.possible || call.row_sums != nullptr, ErrorCode::blas, "cuda: cuBLASLt has no algorithm for [",
        call.a.rows, ", ", call.a.cols, "] times [", call.b.rows, ", ", call.b.cols, "] in ", call.a.dtype);
  plan.algorithm = result.algo;
  return plan;
}

/// All that a plan depends on.
using Key = std::array<std::int64_t, 23>;
Key key_of(const GemmCall& call) {
  const auto& [c, a, b, d, alpha, beta, batch, bias, row_sums] = call;
  return {static_cast<std::int64_t>(c.dtype),
          static_cast<std::int64_t>(a.dtype),
          c.rows,
          c.cols,
          a.cols,
          leading_dimension(a),
          row_major(a),
          leading_dimension(b),
          row_major(b),
          leading_dimension(c),
          a.batch_stride,
          b.batch_stride,
          c.batch_stride,
          leading_dimension(d),
          d.batch_stride,
          alignment(d.data),
          bias == nullptr ? 0 : alignment(bias),
          row_sums == nullptr ? 0 : alignment(row_sums),
          batch,
          alignment(a.data),
          alignment(b.data),
          alignment(c.data),
          current_device()};
}

}  // namespace

bool library_gemm(const GemmCall& call, void* workspace, std::size_t workspace_bytes, Stream stream) {
  static std::mutex mutex;
  static auto* const plans = new std::map<Key, Plan>;
  const std::scoped_lock lock(mutex);
  Library& lt = library();
  check(lt.missing.empty(), ErrorCode::blas, "cuda: products need cuBLASLt: ", lt.missing,
        " (install the CUDA toolkit's libraries, or set LD_LIBRARY_PATH)");
  cublasLtHandle_t& handle = lt.handles[current_device()];
  if (handle == nullptr) check_blas(lt.create(&handle), "cublasLtCreate");
  const Key key = key_of(call);
  auto plan = plans->find(key);
  if (plan == plans->end()) plan = plans->emplace(key, make_plan(call, workspace_bytes)).first;
  const Plan& p = plan->second;
  if (!p.possible) return false;
  if (const void* const vector = vector_of(call); vector != nullptr)
    lt.set_attribute(p.product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &vector, sizeof vector);
  check_blas(lt.matmul(handle, p.product, &call.alpha, call.b.data, p.first, call.a.data, p.second, &call.beta,
                       call.d.data, p.added, call.c.data, p.result, &p.algorithm, workspace, workspace_bytes, stream),
             "cublasLtMatmul");
  return true;
}

std::string gemm_library_name() {
  const Library& lt = library();
  if (!lt.missing.empty()) return "none (" + lt.missing + ")";
  const std::size_t version = lt.version();
  return message("cuBLASLt ", version / 10000, ".", version / 100 % 100);
}

}  // namespace aio::cuda
