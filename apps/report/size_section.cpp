#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "apps/report/html_table.h"
#include "apps/report/metric_names.h"
#include "apps/report/sections.h"
#include "apps/report/svg.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

struct Size {
  std::string name;
  std::int64_t parameters = 0;  ///< of the largest model of that size: heads differ
};

/// Sizes that were evaluated, smallest first.
std::vector<Size> sizes_of(const ReportTree& tree) {
  std::vector<Size> sizes;
  for (const Evaluation& evaluation : tree.evaluations) {
    if (evaluation.model.size.empty()) continue;
    const auto known =
        std::find_if(sizes.begin(), sizes.end(), [&](const Size& size) { return size.name == evaluation.model.size; });
    Size& size = known == sizes.end() ? sizes.emplace_back(Size{evaluation.model.size}) : *known;
    size.parameters = std::max(size.parameters, evaluation.model.parameters);
  }
  std::stable_sort(sizes.begin(), sizes.end(),
                   [](const Size& a, const Size& b) { return a.parameters < b.parameters; });
  return sizes;
}

/// What an evaluation measures, by which those of several sizes belong together: its folders are named as one likes.
std::string subject_of(const Evaluation& evaluation) {
  std::string subject = task_label(evaluation.task);
  if (!evaluation.dataset.empty()) subject += ", " + evaluation.dataset;
  return evaluation.split.empty() ? subject : subject + ", " + evaluation.split;
}

/// Subjects that one size has several evaluations of: there the folder tells them apart.
std::set<std::string> repeated_subjects(const ReportTree& tree) {
  std::set<std::string> repeated;
  std::set<std::pair<std::string, std::string>> seen;
  for (const Evaluation& evaluation : tree.evaluations) {
    const std::string subject = subject_of(evaluation);
    if (!seen.emplace(evaluation.model.size, subject).second) repeated.insert(subject);
  }
  return repeated;
}

}  // namespace

std::string size_section(const ReportTree& tree) {
  const std::vector<Size> sizes = sizes_of(tree);
  if (sizes.empty()) return {};
  const std::set<std::string> repeated = repeated_subjects(tree);
  XyChart chart;
  chart.title = "scores by size of the model";
  chart.unit = Unit::percent;
  chart.low = 0, chart.high = 1;
  for (const Size& size : sizes) chart.categories.push_back(size.name + ", " + format_count(size.parameters));
  std::vector<std::string> header{"task"};
  for (const Size& size : sizes) header.push_back(size.name);
  HtmlTable table(header);
  std::map<std::string, std::vector<HtmlTable::Cell>> rows;  // by task; the chart's order is that of the tree

  for (const Evaluation& evaluation : tree.evaluations) {
    const auto at =
        std::find_if(sizes.begin(), sizes.end(), [&](const Size& size) { return size.name == evaluation.model.size; });
    if (at == sizes.end()) continue;
    for (const std::string& metric : headline_metrics(evaluation.task)) {
      const double* value = evaluation.metric(metric);
      if (value == nullptr || metric_style(metric).unit != Unit::percent) continue;
      const std::string subject = subject_of(evaluation);
      const std::string name =
          (repeated.contains(subject) ? evaluation_label(evaluation.task, evaluation.name) : subject) + ", " +
          metric_style(metric).label;
      auto series =
          std::find_if(chart.series.begin(), chart.series.end(), [&](const Series& one) { return one.name == name; });
      if (series == chart.series.end()) {
        chart.series.push_back({name, {}, Series::Style::line_and_dots});
        series = chart.series.end() - 1;
        rows[name].resize(sizes.size(), "");
      }
      series->points.push_back({static_cast<double>(at - sizes.begin()), *value});
      rows[name][static_cast<std::size_t>(at - sizes.begin())] = format_metric(metric, *value);
    }
  }
  if (chart.series.empty()) return {};
  for (Series& series : chart.series) {
    std::stable_sort(series.points.begin(), series.points.end(),
                     [](const Point& a, const Point& b) { return a.x < b.x; });
    std::vector<HtmlTable::Cell> row{series.name};
    row.insert(row.end(), rows[series.name].begin(), rows[series.name].end());
    table.add(row);
  }
  const std::string card = "<div class=\"card\">\n" + table.html() + "</div>\n";
  const std::string heading = "<h2 id=\"sizes\">Scores by model size</h2>\n";
  if (sizes.size() == 1) {
    return heading +
           "<p>The counterpart of the paper's Fig. 6. Only one size was evaluated here; with a second one in the same "
           "folder, this becomes a chart.</p>\n" +
           card;
  }
  return heading +
         "<p>The counterpart of the paper's Fig. 6, for the sizes evaluated here (width x layers, where they have no "
         "name).</p>\n<div class=\"charts two\">\n" +
         xy_chart(chart) + card + "</div>\n";
}

}  // namespace aio::report
