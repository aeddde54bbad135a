#include "apps/evaluator/retrieval_scores.h"

#include <algorithm>

#include "apps/evaluator/choice.h"
#include "apps/trainer/model_batch.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/contrastive.h"
#include "models/objectives/retrieval.h"

namespace aio::apps {
namespace {

/// i64 [n, L] of [texts, L].
Tensor rows_of(const Tensor& table, const std::vector<std::int64_t>& rows) {
  const std::int64_t L = table.dim(1);
  std::vector<std::int64_t> values;
  for (const std::int64_t row : rows) {
    const auto* const begin = table.data<std::int64_t>() + row * L;
    values.insert(values.end(), begin, begin + L);
  }
  return Tensor::from(values, {static_cast<std::int64_t>(rows.size()), L});
}

/// Texts from the shortest to the longest: those of one pass are then of nearly one length, and little is padding.
std::vector<std::int64_t> by_length(const TokenBatch& texts) {
  const std::vector<std::int64_t> lengths = models::text_lengths(texts.mask);
  std::vector<std::int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return lengths[static_cast<std::size_t>(a)] < lengths[static_cast<std::size_t>(b)];
  });
  return order;
}

/// Match scores of a few videos with texts, one video and options.pairs_at_once texts a pass: what a pair scores does
/// not depend on the batch that its video came in. Texts are embedded anew for each video, which is a look-up; kept
/// they would be 3 GB of COCO's 25,000.
class MatchScorer {
 public:
  MatchScorer(const models::AllInOne& model, const EvalOptions& options, bool images, const TokenBatch& texts)
      : model_(model),
        options_(options),
        input_{.images = images},
        texts_(texts),
        order_(by_length(texts)),
        head_(match_head(model, options)) {}

  /// Adds the scores of `videos`, rows `first`, `first` + 1, ... of the split, to the matrix.
  void add(const models::VideoTokens& videos, std::int64_t first, const Shortlist* listed, ScoreMatrix& matrix,
           nn::ForwardCtx& ctx) const {
    for (std::int64_t video = 0; video < videos.tokens.dim(0); ++video) {
      std::vector<std::int64_t> texts;
      const auto flush = [&] {
        if (texts.empty()) return;
        const models::TextTokens tokens =
            model_.embed_text({rows_of(texts_.ids, texts), rows_of(texts_.mask, texts)}, ctx);
        models::Pairs pairs;
        for (std::size_t i = 0; i < texts.size(); ++i) pairs.texts.push_back(static_cast<std::int64_t>(i));
        pairs.videos.assign(texts.size(), video);
        const Tensor logits =
            models::match_scores(model_, tokens, videos, pairs, ctx, head_, options_.pairs_at_once, input_);
        const std::vector<float> values = cast(logits, DType::f32).to({}).to_vector<float>();
        for (std::size_t i = 0; i < texts.size(); ++i)
          matrix.values[matrix.place(texts[i], first + video)] += values[i];
        texts.clear();
      };
      for (const std::int64_t text : order_) {
        if (listed != nullptr && (*listed)[matrix.place(text, first + video)] == 0) continue;
        texts.push_back(text);
        if (static_cast<std::int64_t>(texts.size()) == options_.pairs_at_once) flush();
      }
      flush();
    }
  }

 private:
  const models::AllInOne& model_;
  const EvalOptions& options_;
  models::InputOptions input_;
  const TokenBatch& texts_;
  std::vector<std::int64_t> order_;
  models::MatchHead head_;
};

}  // namespace

Tensor RetrievalScorer::text_vectors(const TokenBatch& texts, nn::ForwardCtx& ctx) const {
  std::vector<Tensor> vectors;
  for (std::int64_t begin = 0; begin < texts.ids.dim(0); begin += options_.pairs_at_once) {
    const std::int64_t end = std::min(begin + options_.pairs_at_once, texts.ids.dim(0));
    const models::TextBatch some{slice(texts.ids, 0, begin, end), slice(texts.mask, 0, begin, end)};
    const models::EncodeOptions cls{.reads = models::Reads::cls};
    const models::Encoded words = model_.encode_text(model_.embed_text(some, ctx), ctx, cls);
    vectors.push_back(models::project_text(model_.heads, words.cls(), ctx));
  }
  return concat(vectors, 0);
}

RetrievalScores RetrievalScorer::score(bool cosine, bool match, const Shortlist* listed) const {
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(options_.compute);
  const std::int64_t length = split_.loader.max_text_len > 0 ? split_.loader.max_text_len : split_.info().max_text_len;
  const TokenBatch texts = split_.tokenizer->encode_batch(items_.texts, static_cast<std::size_t>(length));
  const auto n = static_cast<std::int64_t>(items_.texts.size()), k = static_cast<std::int64_t>(items_.videos.size());
  const models::InputOptions input{.images = split_.loader.images};
  models::EncodeOptions cls = models::encode_options(input);
  cls.reads = models::Reads::cls;
  const Tensor words = cosine ? text_vectors(texts, ctx) : Tensor{};
  std::optional<MatchScorer> scorer;
  RetrievalScores scores;
  if (match) {
    scorer.emplace(model_, options_, input.images, texts);
    scores.match = {n, k, std::vector<float>(static_cast<std::size_t>(n * k), 0)};
  }
  for (std::int64_t view = 0; view < options_.views; ++view) {
    LoaderOptions loader = split_.loader;
    loader.view += static_cast<std::uint32_t>(view);
    if (options_.views > 1) loader.mode = SampleMode::random;
    ViewReader reader(split_, 1, loader);
    std::vector<Tensor> vectors;
    std::int64_t done = 0;
    for (std::vector<Batch> batches = reader.next(); !batches.empty(); batches = reader.next()) {
      const Batch& batch = batches.front();
      for (std::size_t i = 0; i < batch.rows.size(); ++i) {
        if (batch.readable[i] == 0) items_.readable[static_cast<std::size_t>(batch.rows[i])] = 0;
      }
      const models::VideoTokens videos = models::embed_input(model_, batch.frames, ctx, input);
      if (cosine) {
        vectors.push_back(models::project_video(model_.heads, model_.encode_video(videos, ctx, cls).cls(), ctx));
      }
      if (match) scorer->add(videos, done, listed, scores.match, ctx);
      done += batch.size();
      if (options_.progress) options_.progress(view * k + done, options_.views * k);
    }
    if (cosine) scores.cosine.add(ScoreMatrix::from(matmul(words, transpose(concat(vectors, 0), 0, 1))));
  }
  const auto views = static_cast<float>(options_.views);
  scores.cosine.divide(views);
  scores.match.divide(views);
  return scores;
}

}  // namespace aio::apps
