#include "apps/common/html.h"
#include "apps/report/metric_names.h"
#include "apps/report/sections.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

std::string tile(const std::string& value, const std::string& label, const std::string& below) {
  return message("<div class=\"tile\"><b>", apps::html_escaped(value), "</b><span>", apps::html_escaped(label),
                 "</span><span>", apps::html_escaped(below), "</span></div>\n");
}

/// The first variant is the one that the ablation is about, the worst shows what it is good for.
std::string ablation_tile(const Ablation& ablation) {
  if (ablation.variants.size() < 2) return {};
  const Ablation::Variant* worst = &ablation.variants[1];
  for (const Ablation::Variant& variant : ablation.variants) worst = variant.mean < worst->mean ? &variant : worst;
  const Ablation::Variant& first = ablation.variants[0];
  return tile(format_metric(ablation.metric, first.mean), ablation.name + ": " + first.name,
              worst->name + ": " + format_metric(ablation.metric, worst->mean));
}

}  // namespace

std::string tiles_section(const ReportTree& tree) {
  std::string tiles;
  for (const ReportTree::AblationRuns& one : tree.ablations) tiles += ablation_tile(one.ablation);
  for (const Evaluation& evaluation : tree.evaluations) {
    for (const std::string& metric : headline_metrics(evaluation.task)) {
      const double* value = evaluation.metric(metric);
      if (value == nullptr) continue;
      const std::string label = metric_style(metric).label;
      tiles += tile(format_metric(metric, *value), evaluation_label(evaluation.task, evaluation.name), label);
    }
  }
  return tiles.empty() ? "" : "<div class=\"tiles\">\n" + tiles + "</div>\n";
}

}  // namespace aio::report
