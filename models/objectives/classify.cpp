#include "models/objectives/classify.h"

#include <algorithm>

#include "models/objectives/qa.h"

namespace aio::models {

Tensor probe_features(const AllInOne& model, const QaBatch& batch, nn::ForwardCtx& ctx, const InputOptions& options) {
  if (batch.text.ids.defined()) return joint_features(model, batch.text, batch.frames, ctx, options);
  const VideoTokens video = embed_input(model, batch.frames, ctx, options);
  EncodeOptions encode = encode_options(options);
  encode.reads = Reads::cls;
  return model.pool(model.encode_video(video, ctx, encode).cls(), ctx);
}

Scored linear_probe(const AllInOne& model, const QaBatch& batch, nn::ForwardCtx& ctx, const InputOptions& options) {
  const nn::Linear& head = require_head(model.heads.probe, "linear probe", "linear_probe");
  const Tensor scores = head.forward(probe_features(model, batch, ctx, options), ctx);
  return {classification_loss(scores, batch.labels), scores};
}

int freeze_for_probe(nn::ParamStore& store, Probe probe) {
  if (probe == Probe::linear) {
    store.set_trainable("", false);
    store.set_trainable("linear_probe.", true);
  } else {
    for (const char* frozen : {"text_embeddings.", "token_type_embeddings.", "transformer."}) {
      store.set_trainable(frozen, false);
    }
  }
  const auto& parameters = store.parameters();
  return static_cast<int>(
      std::count_if(parameters.begin(), parameters.end(), [](const nn::Parameter& p) { return p.trainable; }));
}

}  // namespace aio::models
