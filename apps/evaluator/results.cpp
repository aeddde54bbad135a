#include "apps/evaluator/results.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/evaluator/paper.h"
#include "apps/report/metric_names.h"
#include "tensor/atomic_file.h"
#include "tensor/error.h"
#include "tensor/safetensors.h"
#include "tensor/version.h"

namespace aio::apps {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const NamedMetrics& metrics) {
  ordered_json object = ordered_json::object();
  for (const auto& metric : metrics) object[metric.first] = metric.second;
  return object;
}

/// Published values of this split, by its protocol, for metrics that were measured.
std::vector<PublishedValue> published(const EvalRun& run, const Evaluation& evaluation) {
  std::vector<PublishedValue> values;
  for (const PublishedValue& value : published_values(run.dataset, run.split, run.protocol)) {
    const bool measured = std::any_of(evaluation.metrics.begin(), evaluation.metrics.end(),
                                      [&](const auto& metric) { return metric.first == value.metric; });
    if (measured) values.push_back(value);
  }
  return values;
}

/// Ranks and squared errors are no shares.
bool is_share(std::string_view metric) {
  return metric != "mse" && !metric.ends_with("_medr") && !metric.ends_with("_meanr");
}

std::string shown(std::string_view metric, double value) {
  char text[40];
  std::snprintf(text, sizeof text, is_share(metric) ? "%7.2f %%" : "%7.2f  ", is_share(metric) ? 100 * value : value);
  return text;
}

/// "vtm_t2v" of "vtm_t2v_r1"; empty for what is no recall or rank.
std::string row_of(const std::string& metric) {
  const std::optional<report::RetrievalMetric> recall = report::retrieval_metric(metric);
  return recall ? metric.substr(0, metric.size() - recall->column.size() - 1) : "";
}

/// One metric a line; the six of a direction of retrieval share one.
void print_metrics(const NamedMetrics& metrics, const char* title) {
  if (*title != 0) std::printf("%s\n", title);
  std::string row;
  for (const auto& [name, value] : metrics) {
    const std::string prefix = row_of(name);
    if (prefix.empty()) {
      std::printf("  %-20s %s\n", name.c_str(), shown(name, value).c_str());
      continue;
    }
    if (prefix != row) {
      if (row.empty()) std::printf("  %-20s       R@1       R@5      R@10      R@50     MedR     MeanR\n", "");
      std::printf("  %-20s ", prefix.c_str());
    }
    row = prefix;
    std::printf("%s%s", shown(name, value).c_str(), name.ends_with("_meanr") ? "\n" : " ");
  }
}

/// A line for each condition, with all that was measured under it.
void print_published(const std::vector<PublishedValue>& values) {
  std::size_t width = 0;
  for (const PublishedValue& value : values) width = std::max(width, value.condition.size());
  std::string_view condition;
  for (const PublishedValue& value : values) {
    if (condition.empty()) std::printf("\n  published:");
    if (value.condition != condition) {
      std::printf("\n  %-*s", static_cast<int>(width), std::string(value.condition).c_str());
    }
    condition = value.condition;
    std::printf("  %s%s", std::string(value.metric).c_str(), shown(value.metric, value.value).c_str());
  }
  if (!values.empty()) std::printf("\n");
}

}  // namespace

EvalRun describe(const EvalSplit& split, const EvalOptions& options) {
  EvalRun run;
  run.dataset = split.info().name;
  run.split = split.manifests.front().split();
  run.file = split.manifests.front().file();
  run.protocol = split.info().protocol;
  run.frames = split.loader.images ? 1 : split.loader.frames;
  run.views = options.views;
  run.blind = options.blind;
  return run;
}

std::string results_json(const EvalRun& run, const Evaluation& evaluation) {
  ordered_json json = {{"program", "aio_eval"}, {"task", run.task},          {"checkpoint", run.checkpoint},
                       {"data", run.data},      {"dataset", run.dataset},    {"split", run.split},
                       {"file", run.file},      {"items", evaluation.items}, {"unreadable", evaluation.unreadable},
                       {"frames", run.frames},  {"views", run.views},        {"seed", run.seed},
                       {"roll", run.roll}};
  if (!run.protocol.empty()) json["protocol"] = run.protocol;
  if (run.blind) json["blind"] = true;
  json["metrics"] = to_json(evaluation.metrics);
  if (evaluation.unreadable > 0) json["metrics_readable"] = to_json(evaluation.metrics_readable);
  json["paper"] = ordered_json::array();
  for (const PublishedValue& value : published(run, evaluation)) {
    json["paper"].push_back({{"metric", value.metric}, {"value", value.value}, {"condition", value.condition}});
  }
  json["seconds"] = run.seconds;
  json["commit"] = revision();
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

void write_results(const std::string& folder, const EvalRun& run, const Evaluation& evaluation) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  check(!error, ErrorCode::io, folder, ": ", error.message());
  std::string lines;
  for (const std::string& line : evaluation.predictions) lines.append(line).append("\n");
  write_atomically(folder + "/predictions.jsonl", lines);
  for (const auto& matrix : evaluation.similarities) {
    save_safetensors(message(folder, "/", matrix.first, ".safetensors"), {{"similarity", matrix.second}});
  }
  write_atomically(folder + "/results.json", results_json(run, evaluation) + "\n");
}

void print_results(const EvalRun& run, const Evaluation& evaluation) {
  std::printf("%s on %s%s%s, split %s (%s)\n", run.task.c_str(), run.dataset.c_str(),
              run.protocol.empty() ? "" : ", cut ", run.protocol.c_str(), run.split.c_str(), run.file.c_str());
  std::printf("  weights %s, roll %s%s\n", run.checkpoint.c_str(), run.roll.c_str(), run.blind ? ", blind" : "");
  std::printf("  %lld items, %lld unreadable%s; %lld frame%s, %lld view%s, seed %lld; %.1f s\n\n",
              static_cast<long long>(evaluation.items), static_cast<long long>(evaluation.unreadable),
              evaluation.unreadable > 0 ? " (counted as wrong)" : "", static_cast<long long>(run.frames),
              run.frames == 1 ? "" : "s", static_cast<long long>(run.views), run.views == 1 ? "" : "s",
              static_cast<long long>(run.seed), run.seconds);
  print_metrics(evaluation.metrics, "");
  if (evaluation.unreadable > 0) print_metrics(evaluation.metrics_readable, "  readable only:");
  print_published(published(run, evaluation));
}

}  // namespace aio::apps
