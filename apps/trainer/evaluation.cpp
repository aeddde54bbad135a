#include "apps/trainer/evaluation.h"

#include "autograd/autograd.h"

namespace aio::apps {

std::optional<Averages> evaluate(Learner& learner, const RunData& data, std::int64_t max_batches) {
  const std::unique_ptr<Loader> loader = data.open_evaluation();
  if (!loader) return std::nullopt;
  const Learner::FinalWeights final_weights(learner);
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(learner.dtype());
  Averages averages;
  for (std::int64_t i = 0; max_batches == 0 || i < max_batches; ++i) {
    const std::optional<Batch> batch = loader->next();
    if (!batch || batch->size() == 0) break;
    learner.task().loss(*batch, false, ctx, averages);
  }
  return averages;
}

}  // namespace aio::apps
