#include "apps/evaluator/qa.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "apps/evaluator/blind.h"
#include "apps/evaluator/class_scores.h"
#include "apps/trainer/model_batch.h"
#include "autograd/ops.h"
#include "models/objectives/count.h"
#include "models/objectives/qa.h"

namespace aio::apps {
namespace {

constexpr std::size_t kShown = 5;  ///< answers a prediction

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

/// The answers' values if all are numbers, else nothing.
std::vector<double> values_of(const std::vector<std::string>& answers) {
  std::vector<double> values;
  for (const std::string& answer : answers) {
    const std::optional<double> value = number_of(answer);
    if (!value) return {};
    values.push_back(*value);
  }
  return values;
}

/// Rounded and within the range of the answers, as regressions of counts are judged.
double expected_value(const std::vector<double>& probabilities, const std::vector<double>& values) {
  double sum = 0, weight = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += probabilities[i] * values[i];
    weight += probabilities[i];
  }
  return weight > 0 ? std::round(sum / weight) : 0;
}

/// "0", "1", ..., what the classes are of a model that counts.
std::vector<std::string> numbers_below(std::int64_t count) {
  std::vector<std::string> numbers;
  for (std::int64_t i = 0; i < count; ++i) numbers.push_back(std::to_string(i));
  return numbers;
}

/// One output is the count itself, [B, 1]: scores of 0 to kLargestCount, [B, classes]: as good as certain of the
/// nearest.
Tensor nearest_counts(const Tensor& regressed) {
  std::vector<float> scores;
  for (const float value : cast(regressed, DType::f32).to({}).to_vector<float>()) {
    const std::int64_t nearest = models::nearest_count(static_cast<double>(value));
    for (std::int64_t count = 0; count <= models::kLargestCount; ++count) {
      scores.push_back(-100 * static_cast<float>(std::abs(count - nearest)));
    }
  }
  return Tensor::from(scores, {regressed.dim(0), models::kLargestCount + 1});
}

class QaScores {
 public:
  /// `answers`: what the classes mean. `counting`: they are numbers, and the data set has no list of its own.
  QaScores(std::vector<std::string> answers, bool counting)
      : answers_(std::move(answers)), counting_(counting), values_(values_of(answers_)) {}

  void add(ScoredSample scored) {
    const Sample& sample = scored.sample;
    if (counting_ && sample.answer) {
      const auto place = std::find(answers_.begin(), answers_.end(), *sample.answer);
      if (place != answers_.end()) scored.label = place - answers_.begin();
    }
    const bool known = scored.label >= 0;
    JsonLine line(sample, scored.readable);
    if (!sample.question.empty()) line.add("question", sample.question);
    if (scored.readable) {
      const std::vector<ScoredText> best = scored.best(kShown, answers_);
      line.add("prediction", best.front().first).add("score", best.front().second).add("top", best);
    }
    tally_.count(scored.readable);
    if (sample.answer) line.add("answer", *sample.answer).add_flag("known", known);
    // A line that is no sample had an answer that nobody can give now.
    if (sample.answer || sample.media.empty()) {
      const double right = known && scored.right() ? 1 : 0;
      if (known) tally_.add("acc_known", right, scored.readable);
      tally_.add("acc_all", right, scored.readable);
      const std::string kind = extra_text(sample, "kind");
      if (!kind.empty()) tally_.add("acc_all_" + kind, right, scored.readable);
      if (!values_.empty()) add_squared_error(scored, line);
    }
    predictions_.push_back(line.add_extra(sample).text());
  }

  Evaluation finish() { return tally_.finish(std::move(predictions_)); }

 private:
  /// An unread video is answered with 0, which no count is near.
  void add_squared_error(const ScoredSample& scored, JsonLine& line) {
    const std::optional<double> truth = number_of(scored.sample.answer.value_or(""));
    if (!truth) return;
    const double guess = scored.readable ? expected_value(scored.probabilities, values_) : 0;
    line.add("number", guess);
    tally_.add("mse", (guess - *truth) * (guess - *truth), scored.readable);
  }

  std::vector<std::string> answers_;
  bool counting_;
  std::vector<double> values_;
  Tally tally_{{"acc_known", "acc_all"}};
  std::vector<std::string> predictions_;
};

}  // namespace

Evaluation evaluate_qa(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options) {
  split.expect_task("qa", {Task::qa});
  const models::Classifier& head = models::require_head(model.heads.qa, "open-ended QA", "vqa_classifier");
  const auto answers = static_cast<std::int64_t>(split.info().answers.size());
  const std::int64_t classes = head.out.weight.dim(0);
  const bool counting = answers == 0, regressing = counting && classes == 1;
  check(answers <= classes, ErrorCode::value, "qa: the data set ", split.info().name, " has ", answers,
        " answers, the model's head ", classes, ": was it trained on this list?");
  QaScores scores(counting ? numbers_below(regressing ? models::kLargestCount + 1 : classes) : split.info().answers,
                  counting);
  const ScoreBatch score = [&](const Batch& batch, nn::ForwardCtx& ctx) {
    const Tensor logits = options.blind
                              ? head.forward(blind_features(model, text_batch(batch.text), ctx), ctx)
                              : models::open_ended_qa(model, {batch.frames, text_batch(batch.text), {}}, ctx).scores;
    return regressing ? nearest_counts(logits) : logits;
  };
  score_split(split, options, score, [&](const ScoredSample& scored) { scores.add(scored); });
  return scores.finish();
}

}  // namespace aio::apps
