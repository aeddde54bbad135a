#include <algorithm>
#include <cmath>
#include <numeric>

#include "apps/common/html.h"
#include "apps/report/html_table.h"
#include "apps/report/metric_names.h"
#include "apps/report/sections.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

constexpr std::size_t kFewPoints = 6;  // with fewer evaluations the accuracy in training tells more

double mean_of(const std::vector<double>& values) {
  if (values.empty()) return std::nan("");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::string bars(const Ablation& ablation, std::optional<double> chance) {
  BarChart chart;
  const MetricStyle style = metric_style(ablation.metric);
  chart.title = style.label + " by " + ablation.key;
  chart.unit = style.unit;
  if (style.unit == Unit::percent) chart.low = 0, chart.high = 1;
  chart.reference = chance ? chance : style.chance;
  chart.reference_name = "chance";
  for (const Ablation::Variant& variant : ablation.variants)
    chart.bars.push_back({variant.name, variant.mean, variant.deviation, variant.values});
  return bar_chart(chart);
}

/// The metric on the way, every run in its variant's colour.
std::string curves(const ReportTree::AblationRuns& one) {
  XyChart chart;
  const MetricStyle style = metric_style(one.ablation.metric);
  chart.title = style.label + " on the way, each seed a line";
  chart.x_label = "step";
  chart.unit = style.unit;
  if (style.unit == Unit::percent) chart.high = 1;
  for (std::size_t i = 0; i < one.ablation.variants.size(); ++i) {
    const std::string& variant = one.ablation.variants[i].name;
    for (const TrainingRun& run : one.runs) {
      if (run.name.find("/" + variant + "-seed") == std::string::npos) continue;
      const Series* series = find_series(run.evaluation, one.ablation.metric);
      const Series* training = find_series(run.training, one.ablation.metric);
      if (training != nullptr && (series == nullptr || series->points.size() < kFewPoints)) series = training;
      if (series != nullptr)
        chart.series.push_back({variant, series->points, Series::Style::line, static_cast<int>(i % kColours)});
    }
  }
  return chart.series.empty() ? "" : xy_chart(chart);
}

std::string listed(const std::vector<double>& values, const std::string& metric) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + format_metric(metric, value);
  return text;
}

/// "750 steps, 2 of 3": the mean over the seeds that got there.
std::string good_after(const Ablation::Variant& variant) {
  std::vector<double> reached;
  for (const double step : variant.steps_to) {
    if (step >= 0) reached.push_back(step);
  }
  if (variant.steps_to.empty()) return "";
  if (reached.empty()) return "never";
  const std::string some =
      reached.size() == variant.steps_to.size() ? "" : message(", ", reached.size(), " of ", variant.steps_to.size());
  return format_value(std::round(mean_of(reached)), Unit::number) + some;
}

std::string table(const Ablation& ablation) {
  const bool low = lower_is_better(ablation.metric);
  std::vector<double> means;
  for (const Ablation::Variant& variant : ablation.variants) means.push_back(variant.mean);
  const double best = means.empty() ? 0
                      : low         ? *std::min_element(means.begin(), means.end())
                                    : *std::max_element(means.begin(), means.end());
  HtmlTable table({ablation.key, "mean", "spread", "by seed", "steps", "steps to 95\u202f%", "GMACs", "training"});
  for (const Ablation::Variant& variant : ablation.variants) {
    table.add({variant.name,
               {format_metric(ablation.metric, variant.mean), variant.mean == best},
               format_metric(ablation.metric, variant.deviation),
               listed(variant.values, ablation.metric),
               variant.steps > 0 ? format_value(static_cast<double>(variant.steps), Unit::number) : "",
               good_after(variant),
               variant.gmacs > 0 ? format_value(variant.gmacs, Unit::number) : "",
               variant.seconds.empty() ? "" : format_seconds(mean_of(variant.seconds))});
  }
  return table.html();
}

}  // namespace

std::string ablation_section(const ReportTree& tree, std::optional<double> chance) {
  std::string html;
  for (const ReportTree::AblationRuns& one : tree.ablations) {
    html += message("<h3>", apps::html_escaped(one.ablation.name), "</h3>\n");
    html += facts_element({message(one.ablation.seeds.size(), " seeds"), "all with the same number of steps",
                           "mean, sample standard deviation, every seed a dot"});
    html += "<div class=\"charts two\">\n" + bars(one.ablation, chance) + curves(one) +
            "</div>\n<div class=\"card below\">\n" + table(one.ablation) + "</div>\n";
  }
  return html.empty() ? "" : "<h2 id=\"ablation\">Ablation</h2>\n" + html;
}

}  // namespace aio::report
