#include "apps/evaluator/caption.h"

#include "apps/evaluator/json_line.h"
#include "apps/evaluator/meteor_jar.h"
#include "autograd/autograd.h"
#include "data/metrics/caption_scores.h"
#include "models/objectives/caption_search.h"

namespace aio::apps {
namespace {

models::CaptionSearch search_of(const EvalSplit& split, const EvalOptions& options) {
  const SpecialTokens& special = split.tokenizer->special();
  models::CaptionSearch search;
  search.max_words = options.max_words;
  search.beams = options.beams;
  search.tokens = {special.cls, special.sep, special.mask};
  return search;
}

NamedMetrics scores_of(const std::vector<CaptionTexts>& captions, const std::string& meteor_jar) {
  return captions.empty() ? NamedMetrics{} : caption_metrics(tokenize_captions(captions), meteor_jar);
}

}  // namespace

Evaluation evaluate_caption(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options) {
  split.expect_task("caption", {Task::caption, Task::retrieval, Task::pretrain});
  models::require_head(model.heads.caption, "captioning", "lm_score");
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(options.compute);
  const models::InputOptions input{.images = split.loader.images};
  const models::CaptionSearch search = search_of(split, options);
  Evaluation evaluation;
  std::vector<CaptionTexts> captions, of_readable;
  ViewReader reader(split, 1, split.loader);
  for (std::vector<Batch> views = reader.next(); !views.empty(); views = reader.next()) {
    const Batch& batch = views.front();
    const models::VideoTokens videos = models::embed_input(model, batch.frames, ctx, input);
    const std::vector<models::Caption> found = models::search_captions(model, videos, search, ctx, input);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const bool read = batch.readable[i] != 0;
      const Sample sample = reader.sample(batch.rows[i]);
      const std::string text = read ? split.tokenizer->decode(found[i].words, /*skip_special=*/true) : "";
      JsonLine line(sample, read);
      line.add("prediction", text).add("score", read ? found[i].score : 0).add("captions", sample.captions);
      evaluation.predictions.push_back(line.text());
      evaluation.unreadable += read ? 0 : 1;
      ++evaluation.items;
      if (sample.captions.empty()) continue;
      captions.push_back({text, sample.captions});
      if (read) of_readable.push_back(captions.back());
    }
    if (options.progress) options.progress(evaluation.items, split.size());
  }
  evaluation.metrics = scores_of(captions, options.meteor_jar);
  if (evaluation.unreadable > 0) evaluation.metrics_readable = scores_of(of_readable, options.meteor_jar);
  return evaluation;
}

}  // namespace aio::apps
