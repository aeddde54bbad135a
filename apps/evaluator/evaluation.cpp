#include "apps/evaluator/evaluation.h"

#include "tensor/error.h"

namespace aio::apps {
namespace {

NamedMetrics means(const Averages& averages) {
  NamedMetrics metrics;
  for (const Averages::Entry& entry : averages.entries()) metrics.emplace_back(entry.name, entry.mean());
  return metrics;
}

}  // namespace

double Evaluation::metric(std::string_view name) const {
  for (const auto& entry : metrics) {
    if (entry.first == name) return entry.second;
  }
  fail(ErrorCode::value, "evaluation: has no metric ", name);
}

Tally::Tally(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    all_.add(name, 0, 0);
    readable_.add(name, 0, 0);
  }
}

void Tally::add(const std::string& name, double score, bool readable) {
  all_.add(name, score);
  readable_.add(name, readable ? score : 0, readable ? 1 : 0);
}

void Tally::count(bool readable) {
  ++items_;
  unreadable_ += readable ? 0 : 1;
}

Evaluation Tally::finish(std::vector<std::string> predictions) const {
  Evaluation evaluation;
  evaluation.items = items_;
  evaluation.unreadable = unreadable_;
  evaluation.metrics = means(all_);
  if (unreadable_ > 0) evaluation.metrics_readable = means(readable_);
  evaluation.predictions = std::move(predictions);
  return evaluation;
}

}  // namespace aio::apps
