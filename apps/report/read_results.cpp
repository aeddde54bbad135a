#include <algorithm>
#include <filesystem>

#include "apps/report/records.h"
#include "data/datasets/json_file.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

namespace fs = std::filesystem;

std::string text_or_empty(const JsonRow& json, const char* key) { return json.has(key) ? json.text(key) : ""; }
std::int64_t integer_or_0(const JsonRow& json, const char* key) { return json.has(key) ? json.integer(key) : 0; }
double number_or_0(const JsonRow& json, const char* key) { return json.has(key) ? json.number(key) : 0; }

NamedValues values_of(const JsonRow& json) {
  NamedValues values;
  for (const auto& item : json.value().items()) values.emplace_back(item.key(), json.number(item.key().c_str()));
  return values;
}

std::vector<double> numbers(const JsonRow& json, const char* key) {
  std::vector<double> values;
  for (const nlohmann::json& value : json.list(key)) {
    check(value.is_number(), ErrorCode::format, json.where(), ": ", key, " holds ", value.dump(), ", expected numbers");
    values.push_back(value.get<double>());
  }
  return values;
}

/// A path that an evaluation was given. One that begins where it ran, which is not here, begins at a folder above
/// `file`, if it is there; else it stays as it is.
std::string found_near(const std::string& path, const std::string& file) {
  if (path.empty() || fs::exists(path)) return path;
  for (fs::path above = fs::absolute(file).parent_path(); above.has_relative_path(); above = above.parent_path()) {
    if (fs::exists(above / path)) return above / path;
  }
  return path;
}

Ablation::Variant variant_of(const JsonRow& json) {
  Ablation::Variant variant;
  variant.name = json.text("name");
  variant.values = numbers(json, "values");
  variant.mean = json.number("mean");
  variant.deviation = number_or_0(json, "std");
  variant.gmacs = number_or_0(json, "gmacs");
  variant.steps = integer_or_0(json, "steps");
  if (json.has("seconds")) variant.seconds = numbers(json, "seconds");
  if (json.has("steps_to")) variant.steps_to = numbers(json, "steps_to");
  return variant;
}

}  // namespace

const double* Evaluation::metric(const std::string& wanted) const {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const auto& one) { return one.first == wanted; });
  return found == metrics.end() ? nullptr : &found->second;
}

Evaluation read_evaluation(const std::string& file, const std::string& name) {
  const JsonRow json = read_json(file);
  Evaluation evaluation;
  evaluation.name = name;
  evaluation.task = json.text("task");
  evaluation.checkpoint = text_or_empty(json, "checkpoint");
  evaluation.data = found_near(text_or_empty(json, "data"), file);
  evaluation.dataset = text_or_empty(json, "dataset");
  evaluation.split = text_or_empty(json, "split");
  evaluation.roll = text_or_empty(json, "roll");
  evaluation.commit = text_or_empty(json, "commit");
  evaluation.items = integer_or_0(json, "items");
  evaluation.unreadable = integer_or_0(json, "unreadable");
  evaluation.frames = integer_or_0(json, "frames");
  evaluation.views = integer_or_0(json, "views");
  evaluation.seed = integer_or_0(json, "seed");
  evaluation.seconds = number_or_0(json, "seconds");
  evaluation.metrics = values_of(json.object("metrics"));
  if (json.has("metrics_readable")) evaluation.metrics_readable = values_of(json.object("metrics_readable"));
  if (json.has("paper")) {
    for (const nlohmann::json& one : json.list("paper")) {
      const JsonRow figure(one, json.where());
      evaluation.paper.push_back({figure.text("metric"), text_or_empty(figure, "condition"), figure.number("value")});
    }
  }
  const fs::path predictions = fs::path(file).parent_path() / "predictions.jsonl";
  if (fs::exists(predictions)) evaluation.predictions = predictions;
  if (!evaluation.checkpoint.empty()) {
    const fs::path checkpoint = found_near(evaluation.checkpoint, file);
    evaluation.model = model_facts_near(fs::is_directory(checkpoint) ? checkpoint : checkpoint.parent_path());
  }
  return evaluation;
}

Ablation read_ablation(const std::string& file, const std::string& name) {
  const JsonRow json = read_json(file);
  Ablation ablation;
  ablation.name = name;
  ablation.key = json.text("key");
  ablation.metric = json.text("metric");
  for (const double seed : numbers(json, "seeds")) ablation.seeds.push_back(static_cast<std::int64_t>(seed));
  for (const nlohmann::json& one : json.list("variants"))
    ablation.variants.push_back(variant_of(JsonRow(one, json.where())));
  return ablation;
}

}  // namespace aio::report
