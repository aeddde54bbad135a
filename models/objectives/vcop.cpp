#include "models/objectives/vcop.h"

#include <algorithm>

#include "autograd/ops.h"

namespace aio::models {

Tensor order_labels(const Tensor& orders) {
  const std::int64_t B = orders.dim(0), T = orders.dim(1);
  const std::vector<std::int64_t> values = orders.to_vector<std::int64_t>();
  std::vector<std::int64_t> labels;
  for (std::int64_t b = 0; b < B; ++b) {
    const auto row = values.begin() + b * T;
    std::int64_t label = 0;
    for (std::int64_t j = 0; j < T; ++j) {  // Lehmer code: how many of the later ones are smaller
      const std::int64_t here = row[j];
      check(here >= 0 && here < T && std::count(row, row + T, here) == 1, ErrorCode::value, "vcop: row ", b,
            " of the orders is no permutation of 0..", T - 1);
      label = label * (T - j) + std::count_if(row + j, row + T, [here](std::int64_t later) { return later < here; });
    }
    labels.push_back(label);
  }
  return Tensor::from(labels, {B});
}

Tensor draw_clip_orders(std::int64_t batch, std::int64_t frames, RngKey key) {
  const Tensor places = uniform({batch, frames}, 0, 1, key);
  return sort(places).indices;
}

VcopLoss vcop_loss(const Heads& heads, const Encoded& joint, const Tensor& orders, nn::ForwardCtx& ctx) {
  const VcopHead& head = require_head(heads.vcop, "vcop", "vcop_classifier");
  const std::int64_t B = joint.frames.dim(0), T = joint.frames.dim(1);
  check(T > 1, ErrorCode::config, "vcop: the model gives one frame, expected several (roll.kind \"flatten\" and ",
        "\"time_average\" have none to order)");
  check(orders.dtype() == DType::i64 && orders.shape() == Shape{B, T}, ErrorCode::shape, "vcop: orders are ",
        describe(orders), ", expected i64 [", B, ", ", T, "]");
  VcopLoss out;
  // Text follows the visual tokens; a pass that reads [CLS] only has nothing else.
  out.features = select(joint.frames, 2, joint.video.defined() ? joint.video.dim(1) : 0);
  out.labels = order_labels(orders);
  out.logits = head.forward(select_rows(out.features, orders), ctx);
  out.loss = cross_entropy(out.logits, out.labels);
  return out;
}

}  // namespace aio::models
