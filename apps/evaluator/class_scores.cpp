#include "apps/evaluator/class_scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/autograd.h"
#include "autograd/ops.h"

namespace aio::apps {
namespace {

/// In f64, where no class within reach of a model's scores falls to an equal 0: their order stays that of the scores.
std::vector<double> softmax(const std::vector<double>& scores) {
  const double top = *std::max_element(scores.begin(), scores.end());
  std::vector<double> result;
  double sum = 0;
  for (const double score : scores) sum += result.emplace_back(std::exp(score - top));
  for (double& value : result) value /= sum;
  return result;
}

}  // namespace

std::vector<double> ViewScores::row(std::size_t i, std::size_t count) const {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * classes);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

ViewScores scores_on_host(const Tensor& scores) {
  return {cast(scores, DType::f32).to({}).to_vector<float>(), static_cast<std::size_t>(scores.dim(1))};
}

void judge(const std::vector<ViewScores>& views, std::size_t i, std::size_t count, ScoredSample& scored) {
  scored.probabilities.assign(count, 0);
  scored.order.resize(count);
  std::iota(scored.order.begin(), scored.order.end(), std::int64_t{0});
  if (count == 0) return;  // a line that could not be parsed has no options
  for (const ViewScores& view : views) {
    const std::vector<double> row = softmax(view.row(i, count));
    for (std::size_t c = 0; c < count; ++c) scored.probabilities[c] += row[c] / static_cast<double>(views.size());
  }
  std::stable_sort(scored.order.begin(), scored.order.end(), [&](std::int64_t a, std::int64_t b) {
    return scored.probabilities[static_cast<std::size_t>(a)] > scored.probabilities[static_cast<std::size_t>(b)];
  });
}

bool ScoredSample::right(std::size_t count) const {
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()));
  return readable && std::find(order.begin(), end, label) != end;
}

std::vector<ScoredText> ScoredSample::best(std::size_t count, const std::vector<std::string>& names) const {
  std::vector<ScoredText> result;
  for (std::size_t i = 0; i < std::min(count, order.size()); ++i) {
    const auto place = static_cast<std::size_t>(order[i]);
    result.emplace_back(place < names.size() ? names[place] : "class " + std::to_string(place), probabilities[place]);
  }
  return result;
}

void score_split(const EvalSplit& split, const EvalOptions& options, const ScoreBatch& score,
                 const std::function<void(const ScoredSample&)>& visit) {
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(options.compute);
  ViewReader reader(split, options.views, split.loader);
  std::int64_t done = 0;
  for (std::vector<Batch> views = reader.next(); !views.empty(); views = reader.next()) {
    std::vector<ViewScores> scores;
    for (const Batch& batch : views) scores.push_back(scores_on_host(score(batch, ctx)));
    const Batch& first = views.front();
    const std::vector<std::int64_t> labels = first.labels.to_vector<std::int64_t>();
    const bool options_of_their_own = first.options.ids.defined();
    for (std::size_t i = 0; i < labels.size(); ++i) {
      ScoredSample scored;
      scored.row = first.rows[i];
      scored.sample = reader.sample(scored.row);
      scored.readable = readable(views, i);
      scored.label = labels[i];
      judge(scores, i, options_of_their_own ? static_cast<std::size_t>(first.option_counts[i]) : scores[0].classes,
            scored);
      visit(scored);
    }
    done += first.size();
    if (options.progress) options.progress(done, split.size());
  }
}

}  // namespace aio::apps
