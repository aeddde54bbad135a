#include "apps/evaluator/retrieval.h"

#include <algorithm>
#include <cmath>

#include "apps/evaluator/choice.h"
#include "apps/evaluator/embedded_split.h"
#include "apps/evaluator/retrieval_report.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/retrieval.h"

namespace aio::apps {
namespace {

/// Match scores over one view's embeddings.
class MatchScorer {
 public:
  MatchScorer(const models::AllInOne& model, const EvalOptions& options, bool images)
      : model_(model), options_(options), images_(images), head_(match_head(model, options)) {}

  /// Of the listed pairs; 0, which nobody reads, elsewhere. No list: of all pairs.
  ScoreMatrix scores(const EmbeddedSplit& view, const Shortlist& listed = {}) const {
    ScoreMatrix matrix{view.text.tokens.dim(0), view.video.tokens.dim(0)};
    matrix.values.assign(static_cast<std::size_t>(matrix.texts * matrix.videos), 0);
    const std::int64_t all =
        listed.empty() ? matrix.texts * matrix.videos : std::count(listed.begin(), listed.end(), std::uint8_t{1});
    std::int64_t done = 0;
    models::Pairs pairs;
    const auto flush = [&] {
      if (pairs.size() == 0) return;
      score(view, pairs, matrix);
      done += pairs.size();
      pairs = {};
      if (options_.progress) options_.progress(done, all);
    };
    for (std::int64_t text = 0; text < matrix.texts; ++text) {
      for (std::int64_t video = 0; video < matrix.videos; ++video) {
        if (!listed.empty() && listed[matrix.place(text, video)] == 0) continue;
        pairs.texts.push_back(text);
        pairs.videos.push_back(video);
        if (pairs.size() == options_.pairs_at_once) flush();
      }
    }
    flush();
    return matrix;
  }

 private:
  void score(const EmbeddedSplit& view, const models::Pairs& pairs, ScoreMatrix& matrix) const {
    nn::ForwardCtx ctx = nn::ForwardCtx::eval(options_.compute);
    const Tensor logits = models::match_scores(model_, view.text, view.video, pairs, ctx, head_, options_.pairs_at_once,
                                               {.images = images_});
    const std::vector<float> values = cast(logits, DType::f32).to({}).to_vector<float>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      matrix.values[matrix.place(pairs.texts[i], pairs.videos[i])] = values[i];
    }
  }

  const models::AllInOne& model_;
  const EvalOptions& options_;
  bool images_;
  models::MatchHead head_;
};

double temperature(const models::AllInOne& model) {
  const Tensor& learned = model.heads.log_temperature;
  return learned.defined() ? std::exp(learned.item()) : model.config.temperature;
}

/// What of the request the model can do. Throws Error{config} naming the head if that is nothing.
EvalOptions possible(const models::AllInOne& model, EvalOptions options) {
  const bool contrast = model.heads.text_proj && model.heads.video_proj;
  const bool match = model.heads.rank || model.heads.vtm;
  check(options.bvtc || options.vtm || options.rerank > 0, ErrorCode::config,
        "retrieval: asked for neither bvtc, vtm nor re-ranking");
  if (options.rerank > 0 || !(options.vtm && match))
    models::require_head(model.heads.text_proj, "retrieval", "txt_proj");
  if (options.rerank > 0) match_head(model, options);
  options.bvtc = (options.bvtc && contrast) || options.rerank > 0;
  options.vtm = options.vtm && match;
  return options;
}

}  // namespace

Evaluation evaluate_retrieval(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& asked) {
  split.expect_task("retrieval", {Task::retrieval, Task::caption, Task::pretrain});
  const NoGrad no_grad;
  const EvalOptions options = possible(model, asked);
  std::vector<EmbeddedSplit> views;
  for (std::int64_t view = 0; view < options.views; ++view) {
    views.push_back(embed_split(model, split, options, {options.bvtc, options.vtm || options.rerank > 0}, view));
  }
  RetrievalItems& items = views.front().items;
  for (const EmbeddedSplit& view : views) {
    for (std::size_t i = 0; i < items.readable.size(); ++i) items.readable[i] &= view.items.readable[i];
  }
  RetrievalReport report(items);
  std::map<std::string, Tensor> similarities;
  const auto mean = [&](const std::function<ScoreMatrix(const EmbeddedSplit&)>& scores_of) {
    ScoreMatrix sum;
    for (const EmbeddedSplit& view : views) sum.add(scores_of(view));
    sum.divide(static_cast<float>(views.size()));
    return sum;
  };
  const auto add = [&](const std::string& name, ScoreMatrix scores) {
    hide_videos(scores, items.readable);
    report.add(name, scores);
    similarities[name] = scores.tensor();
    if (!options.dual_softmax) return;
    ScoreMatrix dual = dual_softmax(scores, name == "bvtc" ? temperature(model) : 1);
    hide_videos(dual, items.readable);
    report.add(name + "_dual", dual);
  };

  ScoreMatrix cosine, match;
  if (options.bvtc) {
    cosine = mean([](const EmbeddedSplit& view) {
      return ScoreMatrix::from(matmul(view.text_vectors, transpose(view.video_vectors, 0, 1)));
    });
    add("bvtc", cosine);
  }
  if (options.vtm) {
    const MatchScorer scorer(model, options, split.loader.images);
    match = mean([&](const EmbeddedSplit& view) { return scorer.scores(view); });
    add("vtm", match);
  }
  if (options.rerank > 0) {
    ScoreMatrix seen = cosine;
    hide_videos(seen, items.readable);
    const Shortlist of_texts = shortlist_of_texts(seen, options.rerank);
    const Shortlist of_videos = shortlist_of_videos(seen, options.rerank);
    if (match.empty()) {
      Shortlist either = of_texts;
      for (std::size_t i = 0; i < either.size(); ++i) either[i] |= of_videos[i];
      const MatchScorer scorer(model, options, split.loader.images);
      match = mean([&](const EmbeddedSplit& view) { return scorer.scores(view, either); });
    }
    ScoreMatrix texts = reranked(cosine, match, of_texts), videos = reranked(cosine, match, of_videos);
    hide_videos(texts, items.readable);
    hide_videos(videos, items.readable);
    report.add("rerank", texts, videos);
  }
  Evaluation evaluation = report.finish();
  evaluation.similarities = std::move(similarities);
  return evaluation;
}

}  // namespace aio::apps
