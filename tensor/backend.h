#pragma once
// Backend: the kernels a device must have. CpuBackend (tensor/cpu) and CudaBackend (cuda) implement it.
//
// The contract of every kernel:
//  * outputs are allocated by the caller; kernels never allocate tensors (scratch memory may run out: Error{oom}) and
//    never fail on shapes: the op has checked;
//  * operands are contiguous row-major unless the comment says "strided"; a dimension called R, C, ... is a size;
//  * all floating operands have the dtype of the first output (f32, f64 or bf16) unless the comment says
//    "accumulator dtype", which is f64 for f64 and f32 for f32 and bf16; sums are kept in that dtype;
//  * results do not depend on the number of threads: reductions have a fixed order given by the shape;
//  * an input may be the same memory as the output only where the comment says "in place allowed".

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/device.h"
#include "tensor/random.h"
#include "tensor/view.h"

namespace aio {

class Allocator;
class Recording;
class Storage;
class Tensor;

enum class BinaryOp { add, sub, mul, div };
enum class UnaryOp { exp, log, sqrt, relu, tanh, sigmoid };

/// What happens to a product before it is stored; absent parts are null. In the order of the fields:
/// t = alpha * A B + beta * C;  t += bias[N];  preactivation_out = t;  if gelu: t = gelu(t);  t = dropout(t), element
/// (i, j) of C being number i N + j of the mask;  t *= gelu'(gelu_backward_of);  t += residual.
/// Matrices have C's shape and dtype and unit column stride.
struct GemmEpilogue {
  double alpha = 1;
  double beta = 0;
  const View* bias = nullptr;
  const View* preactivation_out = nullptr;
  bool gelu = false;
  const DropoutMask* dropout = nullptr;
  const View* gelu_backward_of = nullptr;
  const View* residual = nullptr;
};

/// A second output: dropout of the first.
struct DroppedCopy {
  View y;  ///< as the first output
  DropoutMask mask;
};

/// Which (query, key) pairs attend. The parts combine by "and".
struct AttentionMask {
  const View* key_lengths = nullptr;  ///< i64 [B]: key j of batch b is valid iff j < key_lengths[b]
  bool causal = false;                ///< key j is valid for query i iff j <= i + (Nk - Nq)
  const View* allowed = nullptr;      ///< u8, strided [B, H, Nq, Nk] (stride 0 where shared): nonzero = attend
};

/// A run of parameters in the flat buffers that share hyper-parameters.
struct ParamSegment {
  std::int64_t begin = 0;  ///< first element
  std::int64_t end = 0;    ///< one past the last
  double lr = 0;           ///< learning rate times the group's multiplier
  double weight_decay = 0;
};

/// AdamW, both variants (nn/optim/adamw.h); `step` counts from 1.
struct AdamWStep {
  enum class Variant { hf, torch, adam_l2 };
  Variant variant = Variant::hf;
  double beta1 = 0.9, beta2 = 0.98, eps = 1e-8;
  bool bias_correction = true;
  std::int64_t step = 1;
  double grad_scale = 1;  ///< gradients are multiplied by it first: clipping, averaging of micro-batches
};

struct SgdStep {
  double momentum = 0, dampening = 0;
  bool nesterov = false;
  std::int64_t step = 1;  ///< the first step copies the gradient into the momentum buffer
  double grad_scale = 1;
};

/// An index that is outside of 0..size-1, and where it was found.
struct BadIndex {
  const char* op = nullptr;  ///< null: none was
  const char* name = nullptr;
  std::int64_t value = 0, position = 0, size = 0;
};
/// Throws Error{index} "OP: NAME 7 at position 3 is outside 0..6".
[[noreturn]] void fail_index(const BadIndex& bad);

struct GradStats {
  double sum_of_squares = 0;
  std::int64_t non_finite = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;

  // ---- services ---------------------------------------------------------------------------------------------------
  virtual Device device() const = 0;
  virtual Allocator& allocator() = 0;
  virtual void copy_to_host(void* host, const void* device_data, std::size_t bytes) = 0;
  virtual void copy_from_host(void* device_data, const void* host, std::size_t bytes) = 0;
  /// New memory of the device with the elements of x, a tensor on the host, which may be changed when this returns. A
  /// GPU takes large ones while its kernels run.
  virtual std::shared_ptr<Storage> upload(const Tensor& x);
  virtual void synchronize() = 0;
  /// A step to be repeated (tensor/recording.h): what `body` asks the device for is kept and not done. `step` is that
  /// of its dropout keys. Null where there is no such thing, as on the CPU: `body` has not run.
  virtual std::unique_ptr<Recording> record(std::uint32_t step, const std::vector<Tensor>& inputs,
                                            const std::function<void()>& body);
  /// One line for logs: device, threads or SMs, GEMM provider and its core name.
  virtual std::string info() const = 0;

  // ---- data (copy.cpp, cast.cpp) ----------------------------------------------------------------------------------
  virtual void fill(const View& y, double value) = 0;           ///< any dtype
  virtual void copy_strided(const View& y, const View& x) = 0;  ///< any dtype; both strided (x may repeat), same dims
  virtual void cast(const View& y, const View& x) = 0;          ///< any pair of dtypes
  /// cast() of a strided x, in one kernel. False, and nothing is done, where the backend has none for these layouts.
  virtual bool cast_strided(const View& y, const View& x);

  // ---- elementwise (elementwise.cpp, unary.cpp, gelu.cpp) -----------------------------------------------------------
  /// y = a op b. a, b have y's shape, or are the shape's trailing part (numel divides y's): they repeat over leading
  /// dimensions. In place allowed (y = a or y = b at full shape).
  virtual void binary(BinaryOp op, const View& y, const View& a, const View& b) = 0;
  virtual void axpby(const View& y, double alpha, const View& x, double beta) = 0;  ///< y = alpha x + beta y
  /// y = scale x + shift. In place allowed.
  virtual void affine(const View& y, const View& x, double scale, double shift) = 0;
  /// y[r, :] = s[r] x[r, :]; s [R] accumulator dtype.
  virtual void scale_rows(const View& y, const View& x, const View& s) = 0;
  /// y = condition ? a : b, any dtype; condition u8; all of y's shape.
  virtual void where(const View& y, const View& condition, const View& a, const View& b) = 0;
  /// y = mask ? value : x, any dtype; mask u8. In place allowed.
  virtual void masked_fill(const View& y, const View& x, const View& mask, double value) = 0;
  virtual void unary_forward(UnaryOp op, const View& y, const View& x) = 0;
  /// dx = dy * op'(x); `saved` is y, or x for log.
  virtual void unary_backward(UnaryOp op, const View& dx, const View& dy, const View& saved) = 0;
  virtual void gelu_forward(const View& y, const View& x) = 0;                    ///< exact: x Phi(x)
  virtual void gelu_backward(const View& dx, const View& dy, const View& x) = 0;  ///< in place allowed (dx = dy)

  // ---- reductions (reduce.cpp, sort.cpp) ---------------------------------------------------------------------------
  virtual void sum_dim(const View& y, const View& x) = 0;  ///< x [outer, n, inner] -> y [outer, inner]
  /// x [R, C], C > 0 -> i64 [R]; any dtype; the first of equals; NaN counts as the largest.
  virtual void argmax_rows(const View& index, const View& x) = 0;
  /// x [R, C] -> values [R, k], indices i64 [R, k]; any dtype: the k largest, descending; equal values by ascending
  /// index, NaN first.
  virtual void topk_rows(const View& values, const View& indices, const View& x) = 0;
  /// x [R, C] -> values, indices i64 [R, C]; any dtype; stable; NaN last, or first if descending.
  virtual void sort_rows(const View& values, const View& indices, const View& x, bool descending) = 0;

  // ---- products (gemm.cpp) -----------------------------------------------------------------------------------------
  /// C [M, N] = epilogue(A [M, K] B [K, N]). A, B strided with one unit stride (so a transpose is free); C has unit
  /// column stride. In bf16 the bias is of accumulator dtype or bf16; C may be f32 with A, B bf16 (weight gradients).
  virtual void gemm(const View& c, const View& a, const View& b, const GemmEpilogue& epilogue) = 0;
  /// C = A B + beta C, and sums [M] = the sums of A's rows, in one kernel: a linear layer's dW with its db. A, B as for
  /// gemm(), C and sums of accumulator dtype. False, and nothing is done, where the backend has no such kernel.
  virtual bool gemm_with_row_sums(const View& c, const View& sums, const View& a, const View& b, double beta);
  /// C [B, M, N] = alpha A [B, M, K] B [B, K, N] + beta C; batch strides free (0 repeats A or B).
  virtual void gemm_batched(const View& c, const View& a, const View& b, double alpha, double beta) = 0;

  // ---- normalisation and softmax (layer_norm.cpp, softmax.cpp, l2_normalize.cpp); x [R, C] --------------------------
  /// y = (x - mean) rstd gamma + beta, rstd = 1 / sqrt(var + eps); mean, rstd [R], gamma, beta [C]: accumulator dtype.
  virtual void layer_norm_forward(const View& y, const View& mean, const View& rstd, const View& x, const View& gamma,
                                  const View& beta, double eps) = 0;
  /// `residual` (as dx, or null) is added to dx, whose memory it may be; then dropout(dx) is written to `dropped` (or
  /// null) as well.
  virtual void layer_norm_backward(const View& dx, const View& dgamma, const View& dbeta, const View& dy, const View& x,
                                   const View& mean, const View& rstd, const View& gamma, const View* residual,
                                   const DroppedCopy* dropped = nullptr) = 0;
  virtual void softmax_forward(const View& y, const View& x) = 0;  ///< over the last dimension; in place allowed
  virtual void softmax_backward(const View& dx, const View& dy, const View& y) = 0;
  virtual void log_softmax_forward(const View& y, const View& x) = 0;
  virtual void log_softmax_backward(const View& dx, const View& dy, const View& y) = 0;
  /// y = x / max(||x||, eps) by rows; norm [R] accumulator dtype keeps ||x||.
  virtual void l2_normalize_forward(const View& y, const View& norm, const View& x, double eps) = 0;
  virtual void l2_normalize_backward(const View& dx, const View& dy, const View& y, const View& norm, double eps) = 0;

  // ---- losses (cross_entropy.cpp, binary_cross_entropy.cpp) --------------------------------------------------------
  /// logits [R, C], targets i64 [R] -> loss [R] = lse - logit[target] (0 where target == ignore_index), lse [R]:
  /// accumulator dtype.
  virtual void cross_entropy_forward(const View& loss, const View& lse, const View& logits, const View& targets,
                                     std::int64_t ignore_index) = 0;
  /// dlogits = dloss[r] (softmax - onehot), 0 in ignored rows; dloss [R] accumulator dtype. In place allowed
  /// (dlogits = logits).
  virtual void cross_entropy_backward(const View& dlogits, const View& dloss, const View& logits, const View& lse,
                                      const View& targets, std::int64_t ignore_index) = 0;
  /// loss = max(x, 0) - x t + log(1 + exp(-|x|)), elementwise.
  virtual void binary_cross_entropy_forward(const View& loss, const View& x, const View& target) = 0;
  virtual void binary_cross_entropy_backward(const View& dx, const View& dloss, const View& x, const View& target) = 0;

  // ---- indexing (gather_rows.cpp, temporal_roll.cpp) ----------------------------------------------------------------
  /// y [B, N, C] = x [B, V, C] at index i64 [N] (shared) or [B, N]; any dtype. Indices are valid: the op has checked.
  virtual void gather_rows(const View& y, const View& x, const View& index) = 0;
  /// dx [B, V, C] += dy [B, N, C] at index; rows that share an index add in the order of n (deterministic).
  virtual void scatter_add_rows(const View& dx, const View& dy, const View& index) = 0;
  /// fail_index() for the first element of index i64 (any shape) that is outside of 0..size-1. A GPU, which may have
  /// yet to compute the index, throws at its next copy_to_host or synchronize; until then its kernels read such rows as
  /// zeros and write none. `op` and `name` are literals.
  virtual void check_indices(const char* op, const char* name, const View& index, std::int64_t size) = 0;
  /// x [B, T, N, C]: y[b, t, n] = x[b, (t - sign * shift[n]) mod T, n]; shift i64 [N]. The inverse has the other sign.
  /// In place allowed: then tokens that stay are not touched.
  virtual void temporal_roll(const View& y, const View& x, const View& shift, int sign) = 0;

  // ---- attention (attention.cpp) -----------------------------------------------------------------------------------
  /// q [B, Nq, H, D], k, v [B, Nk, H, D]: strided, unit stride in D (packed qkv is read in place); out as q, strided
  /// likewise; lse [B, H, Nq] accumulator dtype, contiguous: log-sum-exp of the scaled logits. A query with no valid
  /// key gives a zero row and lse = -inf. No more than one head's scores exist at a time in each thread.
  virtual void attention_forward(const View& out, const View& lse, const View& q, const View& k, const View& v,
                                 const AttentionMask& mask, double scale) = 0;
  /// dq, dk, dv strided like q, k, v.
  virtual void attention_backward(const View& dq, const View& dk, const View& dv, const View& dout, const View& q,
                                  const View& k, const View& v, const View& out, const View& lse,
                                  const AttentionMask& mask, double scale) = 0;

  // ---- random (dropout.cpp) ----------------------------------------------------------------------------------------
  /// y = keep ? x / (1 - p) : 0, keep from (key, element index). Its own backward. In place allowed.
  virtual void dropout(const View& y, const View& x, double p, const RngKey& key) = 0;

  // ---- images (resize.cpp) -----------------------------------------------------------------------------------------
  /// x [P, h, w] -> y [P, H, W], bilinear as torch.nn.functional.interpolate without antialiasing.
  virtual void resize_bilinear_forward(const View& y, const View& x, bool align_corners) = 0;
  virtual void resize_bilinear_backward(const View& dx, const View& dy, bool align_corners) = 0;

  // ---- optimizer (adamw.cpp, sgd.cpp, grad_stats.cpp): flat buffers, f32 or f64 -------------------------------------
  /// One pass over all segments: reads grad, updates param, m, v; rewrites `shadow` (bf16, same length) unless null.
  virtual void adamw(const View& param, const View& grad, const View& m, const View& v, const View* shadow,
                     std::span<const ParamSegment> segments, const AdamWStep& step) = 0;
  virtual void sgd(const View& param, const View& grad, const View& momentum, const View* shadow,
                   std::span<const ParamSegment> segments, const SgdStep& step) = 0;
  virtual GradStats grad_stats(const View& grad, std::span<const ParamSegment> segments) = 0;
};

/// The backend of `device`; throws Error{device} that says how to get it ("cuda: no CUDA backend in this build ...").
Backend& backend_for(Device device);
Backend& backend_for(const Tensor& tensor);
/// Called by cuda::install(); the CPU backend is always there.
void install_backend(std::unique_ptr<Backend> backend);

}  // namespace aio
