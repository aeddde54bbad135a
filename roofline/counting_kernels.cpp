// The table: what CudaBackend launches for each function of tensor/backend.h, and what each launch moves and computes.
//
// The names and their order are those of the launches in cuda/*.cu; tests/cuda/emulator/counted_launches_test.cpp holds
// them to what the emulated backend launches. Bytes are counted once an operand. FLOPs are those of products alone.

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "roofline/counting_backend.h"
#include "tensor/error.h"

namespace aio::roofline {

namespace {

/// Bytes of the elements that a view has in memory: those of a repeated dimension (stride 0) count once.
double bytes_of(const View& view) {
  double n = static_cast<double>(size_of(view.dtype));
  for (int i = 0; i < view.rank; ++i)
    if (view.stride[i] != 0 || view.dim[i] == 0) n *= static_cast<double>(view.dim[i]);
  return n;
}
double bytes_of(const View* view) { return view == nullptr ? 0 : bytes_of(*view); }

std::string shape_of(const View& view) {
  std::string text = view.rank == 0 ? "1" : std::to_string(view.dim[0]);
  for (int i = 1; i < view.rank; ++i) text += message("x", view.dim[i]);
  return text;
}

/// Of matrices and a bias of one length; null ones do not count.
bool rows_on_16_bytes(std::initializer_list<const View*> views) {
  return std::all_of(views.begin(), views.end(), [](const View* view) {
    if (view == nullptr) return true;
    const std::int64_t row = (view->rank < 2 ? view->dim[0] : view->stride[0]) * size_of(view->dtype);
    return row % 16 == 0 && reinterpret_cast<std::uintptr_t>(view->data) % 16 == 0;
  });
}

bool computes(const View& y) { return !is_float(y.dtype); }
Backend& host() { return backend_for(Device{}); }

}  // namespace

void CountingBackend::moves(const char* name, std::initializer_list<const View*> out,
                            std::initializer_list<const View*> in) {
  Kernel kernel;
  kernel.name = name;
  kernel.shape = shape_of(**out.begin());
  if ((*out.begin())->numel() == 0) return;
  for (const View* view : out) kernel.written += bytes_of(view);
  for (const View* view : in) kernel.read += bytes_of(view);
  log(std::move(kernel));
}

void CountingBackend::scratch(double bytes) {
  const auto size = static_cast<std::size_t>(bytes);
  if (size > 0) allocator_->deallocate(allocator_->allocate(size), size);
}

// ---- data --------------------------------------------------------------------------------------------------------

void CountingBackend::fill(const View& y, double value) {
  moves(value == 0 ? "fill_bytes" : "fill", {&y}, {});
  if (computes(y)) host().fill(y, value);
}

void CountingBackend::copy_strided(const View& y, const View& x) {
  moves("copy_strided", {&y}, {&x});
  if (computes(y)) host().copy_strided(y, x);
}

void CountingBackend::cast(const View& y, const View& x) {
  moves("cast", {&y}, {&x});
  if (computes(y) && computes(x)) host().cast(y, x);
}

/// For the layouts that models have: every stride but the last is a multiple of eight.
bool CountingBackend::cast_strided(const View& y, const View& x) {
  bool by_eights = y.rank > 0 && y.dim[y.rank - 1] % 8 == 0 && x.stride[x.rank - 1] == 1;
  for (int i = 0; i + 1 < x.rank; ++i) by_eights = by_eights && (x.dim[i] == 1 || x.stride[i] % 8 == 0);
  if (!by_eights || y.dtype != DType::bf16 || x.dtype != DType::f32 || y.numel() == 0) return false;
  moves("cast", {&y}, {&x});
  return true;
}

// ---- elementwise -------------------------------------------------------------------------------------------------

void CountingBackend::binary(BinaryOp, const View& y, const View& a, const View& b) { moves("binary", {&y}, {&a, &b}); }

void CountingBackend::axpby(const View& y, double, const View& x, double beta) {
  moves("axpby", {&y}, {&x, beta == 0 ? nullptr : &y});
}

void CountingBackend::affine(const View& y, const View& x, double, double) { moves("affine", {&y}, {&x}); }
void CountingBackend::scale_rows(const View& y, const View& x, const View& s) { moves("scale_rows", {&y}, {&x, &s}); }

void CountingBackend::where(const View& y, const View& condition, const View& a, const View& b) {
  moves("where", {&y}, {&condition, &a, &b});
  if (computes(y)) host().where(y, condition, a, b);
}

void CountingBackend::masked_fill(const View& y, const View& x, const View& mask, double value) {
  moves("masked_fill", {&y}, {&x, &mask});
  if (computes(y)) host().masked_fill(y, x, mask, value);
}

void CountingBackend::unary_forward(UnaryOp, const View& y, const View& x) { moves("unary_forward", {&y}, {&x}); }
void CountingBackend::unary_backward(UnaryOp, const View& dx, const View& dy, const View& saved) {
  moves("unary_backward", {&dx}, {&dy, &saved});
}
void CountingBackend::gelu_forward(const View& y, const View& x) { moves("gelu_forward", {&y}, {&x}); }
void CountingBackend::gelu_backward(const View& dx, const View& dy, const View& x) {
  moves("gelu_backward", {&dx}, {&dy, &x});
}

// ---- reductions --------------------------------------------------------------------------------------------------

/// cuda/column_sums.h: one pass that reads, then a small one.
void CountingBackend::column_sums(const char* name, double outer, double rows, double cols, int sums, double read) {
  const double chunk = std::max(64.0, std::floor((rows + 127) / 128));
  const double chunks = std::max(1.0, std::floor((rows + chunk - 1) / chunk));
  const double partial = 4 * outer * chunks * cols;
  scratch(sums * partial);
  Kernel kernel;
  kernel.name = name;
  kernel.shape = "partial sums";
  kernel.read = read;
  kernel.written = sums * partial;
  log(kernel);
  kernel.shape = "sums";
  kernel.read = sums * partial;
  kernel.written = sums * 4 * outer * cols;
  log(kernel);
}

void CountingBackend::sum_dim(const View& y, const View& x) {
  const std::int64_t outer = x.dim[0], n = x.dim[1], inner = x.dim[2];
  constexpr std::int64_t kRun = 4096;  // elements of a row that one warp sums
  if (outer * inner == 0) return;
  if (inner > 1 && n > 32) {
    return column_sums("sum_dim", static_cast<double>(outer), static_cast<double>(n), static_cast<double>(inner), 1,
                       bytes_of(x));
  }
  moves("sum_dim", {&y}, {&x});
  if (inner > 1) return;
  for (std::int64_t parts = n; parts > kRun;) {  // the rounds after the first, over partial sums
    parts = (parts + kRun - 1) / kRun;
    moves("sum_dim", {&y}, {});
  }
}

void CountingBackend::argmax_rows(const View& index, const View& x) {
  check(computes(x), ErrorCode::device, "counting device: the largest of numbers that do not exist");
  moves("argmax_rows", {&index}, {&x});
  host().argmax_rows(index, x);
}

void CountingBackend::topk_rows(const View& values, const View& indices, const View& x) {
  check(computes(x), ErrorCode::device, "counting device: the largest of numbers that do not exist");
  moves("topk_rows", {&values, &indices}, {&x});
  host().topk_rows(values, indices, x);
}

void CountingBackend::sort_rows(const View& values, const View& indices, const View& x, bool descending) {
  check(computes(x), ErrorCode::device, "counting device: the order of numbers that do not exist");
  moves("sort_rows", {&values, &indices}, {&x});
  host().sort_rows(values, indices, x, descending);
}

// ---- products ----------------------------------------------------------------------------------------------------

/// cuBLASLt: C = A B + beta D + bias; a bias of another type than C's is converted first.
void CountingBackend::product(const View& c, const View& a, const View& b, const View* d, const View* bias) {
  if (bias != nullptr && bias->dtype != c.dtype) {
    View narrow = *bias;
    narrow.dtype = c.dtype;
    moves("cast", {&narrow}, {bias});
  }
  const bool batched = c.rank == 3;
  const double count = batched ? static_cast<double>(c.dim[0]) : 1;
  const std::int64_t M = c.dim[c.rank - 2], N = c.dim[c.rank - 1], K = a.dim[a.rank - 1];
  Kernel kernel;
  kernel.name = "product";
  kernel.shape = message(M, "x", N, "x", K);
  if (batched) kernel.shape = message(c.dim[0], " of ", kernel.shape);
  kernel.unit = Unit::product;
  kernel.read = bytes_of(a) + bytes_of(b) + bytes_of(d) + bytes_of(bias);
  kernel.written = bytes_of(c);
  kernel.flops = kernel.executed = 2 * count * static_cast<double>(M) * static_cast<double>(N) * static_cast<double>(K);
  scratch(32 << 20);  // the library's workspace
  log(std::move(kernel));
}

/// The library adds bias and residual where rows lie on 16 bytes; what is not a sum is a kernel after it.
void CountingBackend::gemm(const View& c, const View& a, const View& b, const GemmEpilogue& e) {
  if (c.numel() == 0) return;
  const bool own_part =
      e.preactivation_out != nullptr || e.gelu || e.dropout != nullptr || e.gelu_backward_of != nullptr;
  const std::int64_t M = c.dim[0], N = c.dim[1], K = a.dim[1];
  if (own_part && c.dtype == DType::bf16 && a.dtype == DType::bf16 && K > 0 && K <= 1408 && N % 8 == 0 &&
      a.stride[1] == 1 && rows_on_16_bytes({&a, &c, e.bias, e.preactivation_out, e.gelu_backward_of, e.residual})) {
    moves("gemm_hopper", {&c, e.preactivation_out},
          {&a, &b, e.bias, e.gelu_backward_of, e.residual, e.beta != 0 ? &c : nullptr});
    const auto tiles = [](std::int64_t n, std::int64_t each) { return static_cast<double>((n + each - 1) / each); };
    constexpr double kMultiprocessors = 132, kTile = 128 * 192;
    Kernel& kernel = work_.kernels.back();
    kernel.shape = message(M, "x", N, "x", K);
    kernel.unit = Unit::own_product;
    kernel.flops = 2 * static_cast<double>(M) * static_cast<double>(N) * static_cast<double>(K);
    kernel.rounds = std::ceil(tiles(M, 128) * tiles(N, 192) / kMultiprocessors);
    kernel.executed = 2 * kernel.rounds * kMultiprocessors * kTile * tiles(K, 64) * 64;
    // Of eight elements, counted in machine code for sm_90a: their way through shared memory to C; each matrix or bias
    // that is read or written beside C; GELU; its slope; the dropout's random numbers.
    int each = 45;
    for (const View* view : {e.bias, e.preactivation_out, e.residual}) each += view != nullptr ? 22 : 0;
    each += (e.beta != 0 ? 22 : 0) + (e.gelu ? 130 : 0) + (e.gelu_backward_of != nullptr ? 175 : 0) +
            (e.dropout != nullptr ? 210 : 0);
    kernel.finishing = kernel.rounds * kMultiprocessors * kTile / 8 * each;
    return;
  }
  const bool plain = e.bias == nullptr && e.residual == nullptr && !own_part;
  const bool library = plain || rows_on_16_bytes({&c, e.bias, e.preactivation_out, e.residual});
  if (!library) {
    const bool in_place = c.dtype == DType::f32;
    View wide = c;  // the product in f32, on which the epilogue works
    wide.dtype = DType::f32;
    if (!in_place) scratch(bytes_of(wide));
    product(wide, a, b, in_place && e.beta != 0 ? &c : nullptr, nullptr);
    return moves("gemm_epilogue", {&c, e.preactivation_out},
                 {&wide, e.bias, e.gelu_backward_of, e.residual, !in_place && e.beta != 0 ? &c : nullptr});
  }
  const bool adds_residual = e.residual != nullptr && !own_part && e.beta == 0;
  const View& first = e.preactivation_out != nullptr ? *e.preactivation_out : c;
  product(first, a, b, adds_residual ? e.residual : e.beta != 0 ? &c : nullptr, e.bias);
  if (!own_part && (e.residual == nullptr || adds_residual)) return;
  moves("gemm_epilogue", {&c}, {&first, e.gelu_backward_of, e.residual});
}

/// Supposes that cuBLASLt has the kernel for the shape, and that it is as fast as without the sums.
bool CountingBackend::gemm_with_row_sums(const View& c, const View& sums, const View& a, const View& b, double beta) {
  if (c.dtype != DType::f32 || c.numel() == 0 || a.dim[1] == 0 || !rows_on_16_bytes({&c}) || c.dim[1] % 4 != 0)
    return false;
  product(c, a, b, beta != 0 ? &c : nullptr, nullptr);
  work_.kernels.back().written += bytes_of(sums);
  return true;
}

void CountingBackend::gemm_batched(const View& c, const View& a, const View& b, double, double beta) {
  if (c.numel() > 0) product(c, a, b, beta != 0 ? &c : nullptr, nullptr);
}

// ---- normalisation and softmax -----------------------------------------------------------------------------------

void CountingBackend::layer_norm_forward(const View& y, const View& mean, const View& rstd, const View& x,
                                         const View& gamma, const View& beta, double) {
  moves("layer_norm_forward", {&y, &mean, &rstd}, {&x, &gamma, &beta});
}

void CountingBackend::layer_norm_backward(const View& dx, const View&, const View&, const View& dy, const View& x,
                                          const View& mean, const View& rstd, const View& gamma, const View* residual,
                                          const DroppedCopy* dropped) {
  moves("layer_norm_backward", {&dx}, {&dy, &x, &mean, &rstd, &gamma, residual});
  if (const std::int64_t C = x.cols(); C == 64 || C == 128 || C == 192 || C == 256 || C == 384 || C == 512 ||
                                       C == 768 ||
                                       C == 1024) {  // the sums of chunks of rows in the same pass, then their sums
    const std::int64_t chunk_rows = std::max<std::int64_t>(32, (x.rows() + 255) / 256);
    const double row = 4 * static_cast<double>(C),
                 partial = row * static_cast<double>((x.rows() + chunk_rows - 1) / chunk_rows);
    scratch(2 * partial);
    work_.kernels.back().written += 2 * partial + (dropped == nullptr ? 0 : bytes_of(dropped->y));
    Kernel sums;
    sums.name = "layer_norm_backward";
    sums.shape = "sums";
    sums.read = 2 * partial;
    sums.written = 2 * row;
    return log(sums);
  }
  column_sums("layer_norm_backward", 1, static_cast<double>(x.rows()), static_cast<double>(x.cols()), 2,
              bytes_of(dy) + bytes_of(x) + bytes_of(mean) + bytes_of(rstd));
  if (dropped != nullptr) dropout(dropped->y, dx, dropped->mask.p, dropped->mask.key);
}

void CountingBackend::softmax_forward(const View& y, const View& x) { moves("softmax_forward", {&y}, {&x}); }
void CountingBackend::softmax_backward(const View& dx, const View& dy, const View& y) {
  moves("softmax_backward", {&dx}, {&dy, &y});
}
void CountingBackend::log_softmax_forward(const View& y, const View& x) { moves("log_softmax_forward", {&y}, {&x}); }
void CountingBackend::log_softmax_backward(const View& dx, const View& dy, const View& y) {
  moves("log_softmax_backward", {&dx}, {&dy, &y});
}
void CountingBackend::l2_normalize_forward(const View& y, const View& norm, const View& x, double) {
  moves("l2_normalize_forward", {&y, &norm}, {&x});
}
void CountingBackend::l2_normalize_backward(const View& dx, const View& dy, const View& y, const View& norm, double) {
  moves("l2_normalize_backward", {&dx}, {&dy, &y, &norm});
}

// ---- losses ------------------------------------------------------------------------------------------------------

void CountingBackend::cross_entropy_forward(const View& loss, const View& lse, const View& logits, const View& targets,
                                            std::int64_t) {
  moves("cross_entropy_forward", {&loss, &lse}, {&logits, &targets});
}
void CountingBackend::cross_entropy_backward(const View& dlogits, const View& dloss, const View& logits,
                                             const View& lse, const View& targets, std::int64_t) {
  moves("cross_entropy_backward", {&dlogits}, {&dloss, &logits, &lse, &targets});
}
void CountingBackend::binary_cross_entropy_forward(const View& loss, const View& x, const View& target) {
  moves("binary_cross_entropy_forward", {&loss}, {&x, &target});
}
void CountingBackend::binary_cross_entropy_backward(const View& dx, const View& dloss, const View& x,
                                                    const View& target) {
  moves("binary_cross_entropy_backward", {&dx}, {&dloss, &x, &target});
}

// ---- indexing ----------------------------------------------------------------------------------------------------

void CountingBackend::gather_rows(const View& y, const View& x, const View& index) {
  moves("gather_rows", {&y}, {&y, &index});  // as many rows are read as written
  if (computes(y)) host().gather_rows(y, x, index);
}

void CountingBackend::scatter_add_rows(const View& dx, const View& dy, const View& index) {
  if (dy.numel() == 0) return;
  View rows = dy;  // of dx: at most as many as dy has
  rows.dtype = dx.dtype;
  moves("scatter_add_rows", {&rows}, {&rows, &dy, &index});
}

void CountingBackend::check_indices(const char* op, const char* name, const View& index, std::int64_t size) {
  moves("check_indices", {&index}, {});
  std::swap(work_.kernels.back().read, work_.kernels.back().written);
  host().check_indices(op, name, index, size);
}

void CountingBackend::temporal_roll(const View& y, const View& x, const View& shift, int sign) {
  moves("temporal_roll", {&y}, {&x, &shift});
  if (y.data == x.data && y.numel() > 0) {  // only what moves
    const auto* const shifts = shift.as<const std::int64_t>();
    const auto moved =
        std::count_if(shifts, shifts + shift.numel(), [&](std::int64_t by) { return by % y.dim[1] != 0; });
    Kernel& kernel = work_.kernels.back();
    kernel.written = bytes_of(y) * static_cast<double>(moved) / static_cast<double>(shift.numel());
    kernel.read = kernel.written + bytes_of(shift);
  }
  if (computes(y)) host().temporal_roll(y, x, shift, sign);
}

// ---- attention ---------------------------------------------------------------------------------------------------

namespace {

/// The products that attention's kernels make: pieces of 16 rows and columns, each side's last one padded.
struct Scores {
  double useful, padded;  ///< FLOPs of one product over all pairs
  Scores(const View& q, const View& k) {
    const double each = 2.0 * static_cast<double>(q.dim[0] * q.dim[2] * q.dim[3]);
    const auto tiles = [](std::int64_t n) { return static_cast<double>((n + 15) / 16 * 16); };
    useful = each * static_cast<double>(q.dim[1]) * static_cast<double>(k.dim[1]);
    padded = each * tiles(q.dim[1]) * tiles(k.dim[1]);
  }
};

}  // namespace

void CountingBackend::attention_forward(const View& out, const View& lse, const View& q, const View& k, const View& v,
                                        const AttentionMask& mask, double) {
  moves("attention_forward", {&out, &lse}, {&q, &k, &v, mask.key_lengths, mask.allowed});
  if (out.numel() == 0) return;
  Kernel& kernel = work_.kernels.back();
  const Scores scores(q, k);
  kernel.unit = Unit::attention_forward;
  kernel.flops = 2 * scores.useful;  // Q K^T, P V
  kernel.executed = 2 * scores.padded;
}

void CountingBackend::attention_backward(const View& dq, const View& dk, const View& dv, const View& dout,
                                         const View& q, const View& k, const View& v, const View& out, const View& lse,
                                         const AttentionMask& mask, double) {
  if (q.numel() == 0) return;
  const Scores scores(q, k);
  const auto products = [&](double useful, double executed) {
    Kernel& kernel = work_.kernels.back();
    kernel.unit = Unit::attention_backward;
    kernel.flops = useful * scores.useful;
    kernel.executed = executed * scores.padded;
  };
  constexpr std::int64_t kOneBlock = 256;  // keys that a block's shared memory holds
  if (q.dim[3] == 64 && q.dtype == DType::bf16 && k.dim[1] <= kOneBlock) {
    moves("attention_backward", {&dq, &dk, &dv}, {&dout, &q, &k, &v, &out, &lse, mask.key_lengths, mask.allowed});
    return products(5, 5);  // Q K^T, dO V^T, P^T dO, dS^T Q, dS K
  }
  scratch(bytes_of(lse));
  moves("attention_delta", {&lse}, {&dout, &out});
  const View& delta = lse;  // of its shape and type
  moves("attention_backward_queries", {&dq}, {&dout, &q, &k, &v, &lse, &delta, mask.key_lengths, mask.allowed});
  products(2, 3);  // Q K^T, dO V^T, dS K; of the five that the gradient needs, the first two are made twice
  moves("attention_backward_keys", {&dk, &dv}, {&dout, &q, &k, &v, &lse, &delta, mask.key_lengths, mask.allowed});
  products(3, 4);  // Q K^T, dO V^T, P^T dO, dS^T Q
}

// ---- random and images -------------------------------------------------------------------------------------------

void CountingBackend::dropout(const View& y, const View& x, double, const RngKey&) { moves("dropout", {&y}, {&x}); }
void CountingBackend::resize_bilinear_forward(const View& y, const View& x, bool) {
  moves("resize_bilinear_forward", {&y}, {&x});
}
void CountingBackend::resize_bilinear_backward(const View& dx, const View& dy, bool) {
  moves("resize_bilinear_backward", {&dx}, {&dy});
}

// ---- optimizer ---------------------------------------------------------------------------------------------------

/// One launch over all segments, after their table has been sent (cuda/segments.h); `entry` bytes a chunk.
void CountingBackend::segments(const char* name, std::span<const ParamSegment> segments, int entry, double read,
                               double written) {
  constexpr std::int64_t kChunk = 8192;
  double elements = 0, chunks = 0;
  for (const ParamSegment& s : segments) {
    if (s.begin >= s.end) continue;
    elements += static_cast<double>(s.end - s.begin);
    chunks += static_cast<double>((s.end - 1) / kChunk - s.begin / kChunk + 1);
  }
  scratch(entry * chunks);
  Kernel copy;
  copy.name = "copy_from_host";
  copy.written = entry * chunks;
  work_.transfers.push_back(copy);
  Kernel kernel;
  kernel.name = name;
  kernel.shape = std::to_string(static_cast<std::int64_t>(elements));
  kernel.read = read * elements + entry * chunks;
  kernel.written = written * elements;
  log(std::move(kernel));
}

void CountingBackend::adamw(const View&, const View&, const View&, const View&, const View* shadow,
                            std::span<const ParamSegment> segments, const AdamWStep&) {
  this->segments("adamw", segments, 40, 16, shadow == nullptr ? 12 : 14);
}

void CountingBackend::sgd(const View&, const View&, const View&, const View* shadow,
                          std::span<const ParamSegment> segments, const SgdStep& step) {
  const double momentum = step.momentum == 0 ? 0 : 4;
  this->segments("sgd", segments, 24, 8 + momentum, 4 + momentum + (shadow == nullptr ? 0 : 2));
}

GradStats CountingBackend::grad_stats(const View&, std::span<const ParamSegment> segments) {
  this->segments("grad_stats", segments, 24, 4, 0);
  ++work_.waits;
  return {};
}

}  // namespace aio::roofline
