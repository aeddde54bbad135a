#include "models/objectives/retrieval.h"

#include <algorithm>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/qa.h"
#include "tensor/recording.h"

namespace aio::models {

Scored retrieval(const AllInOne& model, const ChoiceBatch& batch, nn::ForwardCtx& ctx, MatchHead head,
                 const InputOptions& options) {
  const Tensor scores =
      multiple_choice(model, {.frames = batch.frames, .options = batch.options, .answer = {}}, ctx, head, options)
          .scores;
  const Tensor first = host_tensor([B = scores.dim(0)] { return Tensor::zeros({B}, {DType::i64}); });
  return {classification_loss(scores, first), scores};
}

Tensor match_scores(const AllInOne& model, const TextTokens& texts, const VideoTokens& videos, const Pairs& pairs,
                    nn::ForwardCtx& ctx, MatchHead head, std::int64_t chunk, const InputOptions& options) {
  check(chunk >= 1, ErrorCode::value, "match_scores: chunk is ", chunk, ", expected at least 1");
  check(pairs.texts.size() == pairs.videos.size(), ErrorCode::shape, "match_scores: ", pairs.texts.size(),
        " texts and ", pairs.videos.size(), " videos, expected as many of both");
  if (pairs.size() == 0) return Tensor::zeros({0}, {ctx.compute, videos.tokens.device()});
  const NoGrad no_grad;
  std::vector<Tensor> scores;
  for (std::int64_t begin = 0; begin < pairs.size(); begin += chunk) {
    const std::int64_t end = std::min(begin + chunk, pairs.size());
    const Pairs some{{pairs.texts.begin() + begin, pairs.texts.begin() + end},
                     {pairs.videos.begin() + begin, pairs.videos.begin() + end}};
    scores.push_back(match_logits(model, pair_features(model, texts, videos, some, ctx, options), head, ctx));
  }
  return concat(scores, 0);
}

}  // namespace aio::models
