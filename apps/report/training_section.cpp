#include <algorithm>
#include <set>

#include "apps/common/html.h"
#include "apps/report/html_table.h"
#include "apps/report/metric_names.h"
#include "apps/report/sections.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

constexpr std::size_t kFewRuns = 2;

/// A metric while training, and on the split where it was evaluated.
std::string curve(const TrainingRun& run, const Series& training) {
  const MetricStyle style = metric_style(training.name);
  XyChart chart;
  chart.title = style.label;
  chart.x_label = "step";
  chart.unit = style.unit;
  chart.low = 0;
  if (style.unit == Unit::percent) chart.high = 1;
  chart.series.push_back({"training", training.points});
  if (const Series* evaluated = find_series(run.evaluation, training.name)) {
    chart.series.push_back({run.split, evaluated->points, Series::Style::line_and_dots});
  }
  return xy_chart(chart);
}

std::string curves(const TrainingRun& run) {
  // Losses and accuracies first, then what tells of the optimizer.
  const std::set<std::string> last = {"lr", "grad_norm", "skipped"};
  std::string html = "<div class=\"charts\">\n";
  for (const bool now_last : {false, true}) {
    for (const Series& series : run.training) {
      if (last.contains(series.name) == now_last) html += curve(run, series);
    }
  }
  if (!run.clips_per_second.points.empty()) {
    XyChart chart;
    chart.title = "clips a second";
    chart.x_label = "step";
    chart.low = 0;
    chart.series = {run.clips_per_second};
    html += xy_chart(chart);
  }
  return html + "</div>\n";
}

std::string configuration(const TrainingRun& run) {
  if (run.config.empty()) return {};
  std::string changes;
  for (const std::string& change : run.changes) changes += change + "\n";
  std::string content;
  if (!changes.empty())
    content += "<p class=\"soft\">What is not the default:</p>\n<pre>" + apps::html_escaped(changes) + "</pre>\n";
  if (!run.config_error.empty()) content += "<p class=\"bad\">" + apps::html_escaped(run.config_error) + "</p>\n";
  content += "<p class=\"soft\">All of it:</p>\n<pre>" + apps::html_escaped(run.config) + "</pre>\n";
  return details_element("configuration", {message(run.changes.size(), " keys differ from their defaults")}, content,
                         false);
}

}  // namespace

std::string training_section(const ReportTree& tree) {
  if (tree.runs.empty()) return {};
  std::string html = "<h2 id=\"training\">Training</h2>\n";
  for (const TrainingRun& run : tree.runs) {
    const std::vector<std::string> facts = {
        task_label(run.task),
        run.model.size.empty() ? "" : "size " + run.model.size,
        run.model.parameters > 0 ? format_count(run.model.parameters) + " parameters" : "",
        run.model.roll.empty() ? "" : "frames: " + run.model.roll,
        message(run.steps(), " steps"),
        run.seconds > 0 ? format_seconds(run.seconds) : "",
        run.peak_bytes > 0 ? format_value(run.peak_bytes / (1 << 30), Unit::number) + " GiB" : ""};
    html += details_element(run.name, facts, curves(run) + configuration(run), tree.runs.size() <= kFewRuns);
  }
  return html;
}

std::string environment_section(const ReportTree& tree) {
  std::vector<const TrainingRun*> runs;
  for (const TrainingRun& run : tree.runs) runs.push_back(&run);
  for (const ReportTree::AblationRuns& one : tree.ablations) {
    for (const TrainingRun& run : one.runs) runs.push_back(&run);
  }
  // Key, value, and the runs that say so.
  std::vector<std::pair<std::pair<std::string, std::string>, std::vector<std::string>>> lines;
  for (const TrainingRun* run : runs) {
    for (const auto& entry : run->environment) {
      auto known = std::find_if(lines.begin(), lines.end(), [&](const auto& line) { return line.first == entry; });
      if (known == lines.end()) known = lines.insert(lines.end(), {entry, {}});
      known->second.push_back(run->name);
    }
  }
  if (lines.empty()) return {};
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.first.first < b.first.first; });
  std::string html = "<h2 id=\"environment\">Environment</h2>\n<div class=\"card\">\n<dl>\n";
  for (const auto& line : lines) {
    const bool all = line.second.size() == runs.size();
    html += message("<dt>", apps::html_escaped(line.first.first), "</dt><dd>", apps::html_escaped(line.first.second));
    if (!all)
      html += message(" <span class=\"soft\">(", line.second.size(), " of ", runs.size(), " runs, ",
                      apps::html_escaped(line.second.front()), line.second.size() > 1 ? ", ..." : "", ")</span>");
    html += "</dd>\n";
  }
  return html + "</dl>\n</div>\n";
}

}  // namespace aio::report
