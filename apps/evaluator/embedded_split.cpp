#include "apps/evaluator/embedded_split.h"

#include <algorithm>
#include <map>

#include "apps/trainer/model_batch.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/contrastive.h"
#include "models/objectives/objective.h"

namespace aio::apps {
namespace {

/// The text tokens of a batch, padding included: batches of several lengths are put together.
constexpr models::TextOptions kOneLength{.keep_padding = true};

/// The videos of all batches. Images of several sizes have tokens of several numbers: padded to the largest, and known
/// as padding.
models::VideoTokens join(const std::vector<models::VideoTokens>& batches) {
  std::int64_t most = 0;
  bool masked = false;
  for (const models::VideoTokens& batch : batches) {
    masked = masked || batch.valid.defined() || (most > 0 && batch.visual() != most);
    most = std::max(most, batch.visual());
  }
  std::vector<Tensor> tokens, valid;
  for (const models::VideoTokens& batch : batches) {
    const std::int64_t B = batch.tokens.dim(0), T = batch.frames(), missing = most - batch.visual();
    const Tensor padding = Tensor::zeros({B, T, missing, batch.tokens.dim(3)}, batch.tokens.options());
    tokens.push_back(missing > 0 ? concat({batch.tokens, padding}, 2) : batch.tokens);
    if (!masked) continue;
    const TensorOptions flags{DType::u8, Device{}};  // as VideoTokens::valid
    const Tensor real = batch.valid.defined() ? batch.valid : Tensor::full({B * T, batch.visual()}, 1, flags);
    valid.push_back(missing > 0 ? concat({real, Tensor::zeros({B * T, missing}, flags)}, 1) : real);
  }
  return {concat(tokens, 0), masked ? concat(valid, 0) : Tensor{}, {}};
}

struct TextParts {
  std::vector<Tensor> vectors, tokens, lengths;
};

void embed_texts(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options, EmbedParts parts,
                 nn::ForwardCtx& ctx, EmbeddedSplit& embedded) {
  const std::vector<std::string>& texts = embedded.items.texts;
  const auto at_once = static_cast<std::size_t>(options.pairs_at_once);
  const std::int64_t length = split.loader.max_text_len > 0 ? split.loader.max_text_len : split.info().max_text_len;
  const models::EncodeOptions cls{.reads = models::Reads::cls};
  TextParts made;
  for (std::size_t begin = 0; begin < texts.size(); begin += at_once) {
    const std::size_t count = std::min(at_once, texts.size() - begin);
    const models::TextBatch batch = text_batch(
        split.tokenizer->encode_batch(std::span(texts).subspan(begin, count), static_cast<std::size_t>(length)));
    if (parts.bvtc) {
      const models::Encoded words = model.encode_text(model.embed_text(batch, ctx), ctx, cls);
      made.vectors.push_back(models::project_text(model.heads, words.cls(), ctx));
    }
    if (parts.tokens) {
      const models::TextTokens tokens = model.embed_text(batch, ctx, kOneLength);
      made.tokens.push_back(tokens.tokens);
      made.lengths.push_back(tokens.lengths);
    }
  }
  if (parts.bvtc) embedded.text_vectors = concat(made.vectors, 0);
  if (parts.tokens) embedded.text = {concat(made.tokens, 0), concat(made.lengths, 0)};
}

}  // namespace

void RetrievalItems::add(const Sample& video, bool was_read, bool paragraph) {
  const auto row = static_cast<std::int64_t>(videos.size());
  videos.push_back(video);
  readable.push_back(was_read ? 1 : 0);
  std::string joined;
  for (const std::string& caption : video.captions) {
    if (paragraph) {
      joined.append(joined.empty() ? "" : " ").append(caption);
    } else {
      texts.push_back(caption);
      video_of.push_back(row);
    }
  }
  if (joined.empty()) return;
  texts.push_back(joined);
  video_of.push_back(row);
}

void RetrievalItems::find_truth() {
  check(!texts.empty(), ErrorCode::value, "retrieval: the split has no captions to search with");
  // Videos that are the same scene (data/sample_loader.h), by what makes them so.
  std::map<std::string, std::vector<std::int64_t>> scenes;
  const auto names_of = [&](std::int64_t row) {
    const Sample& video = videos[static_cast<std::size_t>(row)];
    std::vector<std::string> names;
    if (!video.media.empty()) names.push_back(message("media ", video.start.value_or(-1), " ", video.media));
    if (!video.group.empty()) names.push_back("group " + video.group);
    return names;
  };
  for (std::int64_t row = 0; row < static_cast<std::int64_t>(videos.size()); ++row) {
    for (const std::string& name : names_of(row)) scenes[name].push_back(row);
  }
  for (const std::int64_t row : video_of) {
    std::vector<std::int64_t> right{row};
    for (const std::string& name : names_of(row)) {
      right.insert(right.end(), scenes[name].begin(), scenes[name].end());
    }
    std::sort(right.begin(), right.end());
    right.erase(std::unique(right.begin(), right.end()), right.end());
    truth.push_back(std::move(right));
  }
}

EmbeddedSplit embed_split(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options,
                          EmbedParts parts, std::int64_t view) {
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(options.compute);
  LoaderOptions loader = split.loader;
  loader.view = static_cast<std::uint32_t>(view);
  if (options.views > 1) loader.mode = SampleMode::random;
  const models::InputOptions input{.images = loader.images};
  models::EncodeOptions cls = models::encode_options(input);
  cls.reads = models::Reads::cls;

  EmbeddedSplit embedded;
  ViewReader reader(split, 1, loader);
  std::vector<Tensor> vectors;
  std::vector<models::VideoTokens> tokens;
  for (std::vector<Batch> batches = reader.next(); !batches.empty(); batches = reader.next()) {
    const Batch& batch = batches.front();
    for (std::size_t i = 0; i < batch.rows.size(); ++i) {
      embedded.items.add(reader.sample(batch.rows[i]), batch.readable[i] != 0, options.paragraph);
    }
    const models::VideoTokens videos = models::embed_input(model, batch.frames, ctx, input);
    if (parts.bvtc) {
      const models::Encoded seen = model.encode_video(videos, ctx, cls);
      vectors.push_back(models::project_video(model.heads, seen.cls(), ctx));
    }
    if (parts.tokens) tokens.push_back(videos);
    if (options.progress) options.progress(static_cast<std::int64_t>(embedded.items.videos.size()), split.size());
  }
  embedded.items.find_truth();
  if (parts.bvtc) embedded.video_vectors = concat(vectors, 0);
  if (parts.tokens) embedded.video = join(tokens);
  embed_texts(model, split, options, parts, ctx, embedded);
  return embedded;
}

}  // namespace aio::apps
