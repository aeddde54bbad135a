#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "apps/common/html.h"
#include "apps/report/html_table.h"
#include "apps/report/metric_names.h"
#include "apps/report/sections.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

/// Recalls and ranks of retrieval, a row a kind of score and direction; published ones below, each under its condition.
std::string retrieval_table(const Evaluation& evaluation) {
  const std::vector<std::string> columns = {"r1", "r5", "r10", "r50", "medr", "meanr"};
  std::map<std::string, std::vector<HtmlTable::Cell>> rows;
  const auto add = [&](const std::string& name, double value, const std::string& condition) {
    const std::optional<RetrievalMetric> metric = retrieval_metric(name);
    if (!metric) return;
    const auto column = std::find(columns.begin(), columns.end(), metric->column);
    if (column == columns.end()) return;
    std::vector<HtmlTable::Cell>& row = rows[metric->row + condition];
    row.resize(columns.size(), "");
    row[static_cast<std::size_t>(column - columns.begin())] = format_metric(name, value);
  };
  for (const auto& one : evaluation.metrics) add(one.first, one.second, "");
  for (const PaperFigure& figure : evaluation.paper) add(figure.metric, figure.value, ": " + figure.condition);
  HtmlTable table({"", "R@1", "R@5", "R@10", "R@50", "median rank", "mean rank"});
  for (const auto& entry : rows) {
    std::vector<HtmlTable::Cell> row{entry.first};
    row.insert(row.end(), entry.second.begin(), entry.second.end());
    table.add(row);
  }
  return table.empty() ? "" : table.html();
}

std::string paper_cell(const Evaluation& evaluation, const std::string& metric) {
  for (const PaperFigure& figure : evaluation.paper) {
    if (figure.metric != metric) continue;
    return format_metric(metric, figure.value) + (figure.condition.empty() ? "" : " (" + figure.condition + ")");
  }
  return "";
}

/// All other metrics, those that stand for the task first and bold.
std::string metric_table(const Evaluation& evaluation) {
  const std::vector<std::string> headlines = headline_metrics(evaluation.task);
  const auto place = [&](const std::string& metric) {
    return std::find(headlines.begin(), headlines.end(), metric) - headlines.begin();
  };
  NamedValues metrics;
  for (const auto& one : evaluation.metrics) {
    if (!retrieval_metric(one.first)) metrics.push_back(one);
  }
  std::stable_sort(metrics.begin(), metrics.end(), [&](const auto& a, const auto& b) {
    const auto left = place(a.first), right = place(b.first);
    return left != right ? left < right : natural_less(a.first, b.first);
  });
  std::vector<std::string> header{"", "score"};
  if (!evaluation.metrics_readable.empty()) header.emplace_back("readable only");
  if (!evaluation.paper.empty()) header.emplace_back("paper");
  HtmlTable table(header);
  for (const auto& one : metrics) {
    std::vector<HtmlTable::Cell> row{metric_style(one.first).label,
                                     {format_metric(one.first, one.second), place(one.first) == 0}};
    for (const auto& readable : evaluation.metrics_readable) {
      if (readable.first == one.first) row.emplace_back(format_metric(one.first, readable.second));
    }
    if (!evaluation.paper.empty()) row.emplace_back(paper_cell(evaluation, one.first));
    table.add(row);
  }
  return table.empty() ? "" : table.html();
}

/// `path` as seen from the report's folder, if it lies in there.
std::string path_below(const std::string& folder, const std::string& path) {
  const std::filesystem::path relative = std::filesystem::weakly_canonical(path).lexically_relative(folder);
  return relative.empty() || *relative.begin() == ".." ? path : relative.generic_string();
}

std::string card(const Evaluation& evaluation, const std::string& folder) {
  const std::string retrieval = retrieval_table(evaluation);
  std::vector<std::string> facts = {
      evaluation.dataset + (evaluation.split.empty() ? "" : ", " + evaluation.split),
      message(evaluation.items, " items"),
      evaluation.frames > 0 ? message(evaluation.frames, " frames") : "",
      evaluation.views > 1 ? message(evaluation.views, " views") : "",
      evaluation.unreadable > 0 ? message(evaluation.unreadable, " unreadable, counted as wrong") : "",
      evaluation.seconds > 0 ? format_seconds(evaluation.seconds) : ""};
  return message("<div class=\"card", retrieval.empty() ? "" : " wide", "\">\n<h3>",
                 apps::html_escaped(evaluation_label(evaluation.task, evaluation.name)), "</h3>\n",
                 facts_element(facts), retrieval, metric_table(evaluation), "<p class=\"facts below\">",
                 apps::html_escaped(path_below(folder, evaluation.checkpoint)), "</p>\n</div>\n");
}

}  // namespace

std::string evaluation_section(const ReportTree& tree) {
  if (tree.evaluations.empty()) return {};
  std::string html = "<h2 id=\"evaluation\">Evaluation</h2>\n<div class=\"cards\">\n";
  for (const Evaluation& evaluation : tree.evaluations) html += card(evaluation, tree.folder);
  return html + "</div>\n";
}

}  // namespace aio::report
