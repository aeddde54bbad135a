#pragma once
// CpuBackend: every kernel of tensor/backend.h on the CPU, each family in the .cpp file of its name in this folder.

#include "tensor/allocator.h"
#include "tensor/backend.h"

namespace aio {

class CpuBackend final : public Backend {
 public:
  CpuBackend();
  Device device() const override;
  Allocator& allocator() override;
  void copy_to_host(void* host, const void* device_data, std::size_t bytes) override;
  void copy_from_host(void* device_data, const void* host, std::size_t bytes) override;
  void synchronize() override;
  std::string info() const override;
  void fill(const View& y, double value) override;
  void copy_strided(const View& y, const View& x) override;
  void cast(const View& y, const View& x) override;
  void binary(BinaryOp op, const View& y, const View& a, const View& b) override;
  void axpby(const View& y, double alpha, const View& x, double beta) override;
  void affine(const View& y, const View& x, double scale, double shift) override;
  void scale_rows(const View& y, const View& x, const View& s) override;
  void where(const View& y, const View& condition, const View& a, const View& b) override;
  void masked_fill(const View& y, const View& x, const View& mask, double value) override;
  void unary_forward(UnaryOp op, const View& y, const View& x) override;
  void unary_backward(UnaryOp op, const View& dx, const View& dy, const View& saved) override;
  void gelu_forward(const View& y, const View& x) override;
  void gelu_backward(const View& dx, const View& dy, const View& x) override;
  void sum_dim(const View& y, const View& x) override;
  void argmax_rows(const View& index, const View& x) override;
  void topk_rows(const View& values, const View& indices, const View& x) override;
  void sort_rows(const View& values, const View& indices, const View& x, bool descending) override;
  void gemm(const View& c, const View& a, const View& b, const GemmEpilogue& epilogue) override;
  void gemm_batched(const View& c, const View& a, const View& b, double alpha, double beta) override;
  void layer_norm_forward(const View& y, const View& mean, const View& rstd, const View& x, const View& gamma,
                          const View& beta, double eps) override;
  void layer_norm_backward(const View& dx, const View& dgamma, const View& dbeta, const View& dy, const View& x,
                           const View& mean, const View& rstd, const View& gamma, const View* residual,
                           const DroppedCopy* dropped) override;
  void softmax_forward(const View& y, const View& x) override;
  void softmax_backward(const View& dx, const View& dy, const View& y) override;
  void log_softmax_forward(const View& y, const View& x) override;
  void log_softmax_backward(const View& dx, const View& dy, const View& y) override;
  void l2_normalize_forward(const View& y, const View& norm, const View& x, double eps) override;
  void l2_normalize_backward(const View& dx, const View& dy, const View& y, const View& norm, double eps) override;
  void cross_entropy_forward(const View& loss, const View& lse, const View& logits, const View& targets,
                             std::int64_t ignore_index) override;
  void cross_entropy_backward(const View& dlogits, const View& dloss, const View& logits, const View& lse,
                              const View& targets, std::int64_t ignore_index) override;
  void binary_cross_entropy_forward(const View& loss, const View& x, const View& target) override;
  void binary_cross_entropy_backward(const View& dx, const View& dloss, const View& x, const View& target) override;
  void gather_rows(const View& y, const View& x, const View& index) override;
  void scatter_add_rows(const View& dx, const View& dy, const View& index) override;
  void check_indices(const char* op, const char* name, const View& index, std::int64_t size) override;
  void temporal_roll(const View& y, const View& x, const View& shift, int sign) override;
  void attention_forward(const View& out, const View& lse, const View& q, const View& k, const View& v,
                         const AttentionMask& mask, double scale) override;
  void attention_backward(const View& dq, const View& dk, const View& dv, const View& dout, const View& q,
                          const View& k, const View& v, const View& out, const View& lse, const AttentionMask& mask,
                          double scale) override;
  void dropout(const View& y, const View& x, double p, const RngKey& key) override;
  void resize_bilinear_forward(const View& y, const View& x, bool align_corners) override;
  void resize_bilinear_backward(const View& dx, const View& dy, bool align_corners) override;
  void adamw(const View& param, const View& grad, const View& m, const View& v, const View* shadow,
             std::span<const ParamSegment> segments, const AdamWStep& step) override;
  void sgd(const View& param, const View& grad, const View& momentum, const View* shadow,
           std::span<const ParamSegment> segments, const SgdStep& step) override;
  GradStats grad_stats(const View& grad, std::span<const ParamSegment> segments) override;

 private:
  std::unique_ptr<Allocator> allocator_;
};

}  // namespace aio
