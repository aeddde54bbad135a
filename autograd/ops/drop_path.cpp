// Stochastic depth: whole slices of dimension 0 (samples) are zeroed with probability p, the others scaled up.
//
//   y[i] = s[i] x[i],  s[i] = keep_i / (1 - p)        dx[i] = s[i] dy[i]
//
// Shapes: x [B, ...]. Dtypes: f32, f64, bf16; s in the accumulator dtype. Saved: (key, p); s is drawn again, its B
// numbers cost less than keeping them. Deterministic: s is a function of (key, i). p = 0 returns x itself.
// Source: Huang et al. 2016; timm's drop_path (scale_by_keep). Kernel: scale_rows in tensor/cpu/elementwise.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"
#include "tensor/recording.h"

namespace aio {

namespace {

/// s [B], by dropout's rule (tensor/random.h) on element index i.
Tensor row_scales(const Tensor& x, double p, const RngKey& key) {
  const std::int64_t rows = x.shape()[0];
  const auto draw = [rows, p, key, dtype = accumulator_of(x.dtype())] {
    const std::uint32_t threshold = dropout_threshold(p);
    std::vector<double> scales;
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::uint32_t bits = random_bits(host_key(key), static_cast<std::uint64_t>(i) / 4).v[i % 4];
      scales.push_back((bits >> 8) >= threshold ? 1 / (1 - p) : 0.0);
    }
    return raw::cast(Tensor::from(scales, {rows}), dtype);
  };
  return host_tensor(draw).to(x.device());
}

Tensor apply_scales(const Tensor& x, double p, const RngKey& key) {
  Tensor y = Tensor::empty(x.shape(), x.options());
  if (y.numel() == 0) return y;
  const Shape rows{x.shape()[0], x.numel() / x.shape()[0]};
  backend_for(y).scale_rows(raw::reshape(y, rows).view(), raw::reshape(raw::contiguous(x), rows).view(),
                            row_scales(x, p, key).view());
  return y;
}

struct DropPathNode : Node {
  DropPathNode(double p, const RngKey& key) : Node("drop_path"), p_(p), key_(key) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {apply_scales(grads[0], p_, key_)}; }
  double p_;
  RngKey key_;
};

}  // namespace

Tensor drop_path(const Tensor& x, double p, const RngKey& key) {
  ops::check_floating("drop_path", {{"x", x}});
  ops::check_min_rank("drop_path", {"x", x}, 1, "[B, ...]");
  ops::check_probability("drop_path", p);
  if (p == 0) return x;
  return record<DropPathNode>(apply_scales(x, p, key), {x}, p, key);
}

}  // namespace aio
