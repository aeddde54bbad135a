#include "models/objectives/mlm.h"

#include <algorithm>

#include "autograd/ops.h"
#include "models/objectives/labelled_rows.h"
#include "tensor/recording.h"

namespace aio::models {

MlmLoss masked_token_loss(const MlmHead& head, const Tensor& text, const Tensor& labels, nn::ForwardCtx& ctx,
                          const char* task) {
  const std::int64_t L = text.dim(1);
  check(labels.rank() == 2 && labels.dim(0) == text.dim(0) && labels.dim(1) >= L && labels.dtype() == DType::i64,
        ErrorCode::shape, task, ": labels are ", describe(labels), ", expected i64 [", text.dim(0), ", ", L,
        " or more]");
  host_number([cut_off = slice(labels, 1, L, labels.dim(1)), task, L] {
    const std::vector<std::int64_t> cut = cut_off.to_vector<std::int64_t>();
    check(std::all_of(cut.begin(), cut.end(), [](std::int64_t label) { return label == kIgnored; }), ErrorCode::value,
          task, ": a label stands beyond the longest text of ", L, " tokens, expected -100 on padding");
    return 0;
  });

  const LabelledRows picked = labelled_rows(text, slice(labels, 1, 0, L));
  MlmLoss out;
  out.logits = head.forward(picked.rows, ctx);
  out.labels = picked.labels;
  out.loss = mean_cross_entropy(out.logits, out.labels);
  return out;
}

MlmLoss mlm_loss(const Heads& heads, const Tensor& text, const Tensor& labels, nn::ForwardCtx& ctx) {
  return masked_token_loss(require_head(heads.mlm, "mlm", "mlm_score"), text, labels, ctx, "mlm");
}

}  // namespace aio::models
