#include <algorithm>
#include <cmath>

#include "apps/report/chart.h"
#include "apps/report/svg.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

std::string bar_element(const Bar& bar, double middle, double width, const Axis& y, const std::string& colour,
                        Unit unit) {
  const double base = y.pixel(std::max(0.0, y.low())), top = y.pixel(bar.mean);
  std::string svg = message("<rect x=\"", svg_number(middle - width / 2), "\" y=\"", svg_number(std::min(top, base)),
                            "\" width=\"", svg_number(width), "\" height=\"", svg_number(std::abs(base - top)),
                            "\" rx=\"2\" class=\"", colour, "\"/>");
  if (bar.spread > 0) {
    const double high = y.pixel(bar.mean + bar.spread), low = y.pixel(bar.mean - bar.spread);
    svg += svg_line(middle, high, middle, low, "whisker");
    for (const double end : {high, low}) svg += svg_line(middle - 6, end, middle + 6, end, "whisker");
  }
  for (std::size_t i = 0; i < bar.values.size(); ++i) {
    // Side by side, so that equal values stay apart.
    const double spread = std::min(12.0, width / 2 / static_cast<double>(bar.values.size()));
    const double shift = (static_cast<double>(i) - static_cast<double>(bar.values.size() - 1) / 2) * spread;
    svg += svg_dot(middle + shift, y.pixel(bar.values[i]), 3, "value",
                   message(bar.name, ": ", format_value(bar.values[i], unit)));
  }
  const double text_at = std::min(top, y.pixel(bar.mean + bar.spread)) - 9;
  return svg + svg_text(middle, text_at, "middle", format_value(bar.mean, unit), "strong") + "\n";
}

}  // namespace

std::string bar_chart(const BarChart& chart) {
  PlotArea area;
  area.top = 22;                          // room for the numbers above the bars
  if (chart.reference) area.right -= 44;  // and for its name beside its line
  double low = chart.low.value_or(0), high = chart.high.value_or(low);
  bool any = false;
  for (const Bar& bar : chart.bars) {
    if (!std::isfinite(bar.mean)) continue;
    any = true;
    low = std::min(low, bar.mean), high = std::max(high, bar.mean);
  }
  if (!any) return svg_figure(area, chart.title, {}, svg_text(area.width / 2, area.height / 2, "middle", "no data"));

  const Axis y(low, high, area.bottom, area.top, {.unit = chart.unit, .ticks = 4});
  const auto count = static_cast<double>(chart.bars.size());
  const Axis x(-0.5, count - 0.5, area.left, area.right, {.exact = true});
  std::vector<Axis::Tick> names;
  std::string bars;
  const double width = std::min(64.0, 0.6 * (area.right - area.left) / count);
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    const auto at = static_cast<double>(i);
    names.push_back({at, chart.bars[i].name});
    if (!std::isfinite(chart.bars[i].mean)) continue;
    bars += bar_element(chart.bars[i], x.pixel(at), width, y, message("c", i % kColours), chart.unit);
  }
  std::string content = svg_grid(area, y) + svg_ticks(area, names, x) + bars;
  if (chart.reference) {
    const double at = y.pixel(*chart.reference);
    content += svg_line(area.left, at, area.right, at, "reference");
    content += svg_text(area.right + 5, at + 4, "start", chart.reference_name);
  }
  return svg_figure(area, chart.title, {}, content);
}

}  // namespace aio::report
