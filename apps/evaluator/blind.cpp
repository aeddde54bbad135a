#include "apps/evaluator/blind.h"

#include "autograd/ops.h"

namespace aio::apps {

Tensor blind_features(const models::AllInOne& model, const models::TextBatch& text, nn::ForwardCtx& ctx) {
  const Shape shape = text.ids.shape();
  if (shape.rank() == 3) {
    const Shape flat{shape[0] * shape[1], shape[2]};
    const Tensor features = blind_features(model, {reshape(text.ids, flat), reshape(text.mask, flat)}, ctx);
    return reshape(features, {shape[0], shape[1], features.dim(1)});
  }
  const models::EncodeOptions encode{.reads = models::Reads::cls};
  return model.pool(model.encode_text(model.embed_text(text, ctx), ctx, encode).cls(), ctx);
}

}  // namespace aio::apps
