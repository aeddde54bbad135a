#pragma once
// How the metrics of logs and evaluations are shown: their names, units, and which of them stands for a task.

#include <optional>
#include <string>
#include <vector>

#include "apps/report/axis.h"

namespace aio::report {

struct MetricStyle {
  std::string label;             ///< "R@1, text to video, match score"; unknown metrics keep their names
  Unit unit = Unit::number;      ///< percent for shares, number for losses, ranks and CIDEr
  std::optional<double> chance;  ///< what guessing scores, where that is known
};
MetricStyle metric_style(const std::string& metric);

/// Losses, errors and ranks are the better the lower they are.
bool lower_is_better(const std::string& metric);

/// A recall or rank of retrieval, bvtc_t2v_r1 and its like, as a place in a table.
struct RetrievalMetric {
  std::string row;     ///< "text to video, similarity"
  std::string column;  ///< "r1", "medr"
};
/// Nothing for any other metric.
std::optional<RetrievalMetric> retrieval_metric(const std::string& metric);

/// "video question answering" for "qa"; unknown tasks keep their names.
std::string task_label(const std::string& task);

/// The task's label, and the folder that the evaluation lies in where that has another name: "retrieval, zero-shot".
std::string evaluation_label(const std::string& task, const std::string& folder);

/// "top5" before "top10", "Bleu_1" before "Bleu_2".
bool natural_less(const std::string& a, const std::string& b);

/// A task's metrics that stand for it, most telling first; for an unknown task none.
std::vector<std::string> headline_metrics(const std::string& task);

/// `value` as the metric is shown: "61.5 %", "2".
std::string format_metric(const std::string& metric, double value);

}  // namespace aio::report
