#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/report/chart.h"
#include "apps/report/svg.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

constexpr std::size_t kMostPoints = 300;  // a curve is 350 pixels wide

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void include(double value) { low = std::min(low, value), high = std::max(high, value); }
  bool empty() const { return low > high; }
};

std::vector<Point> drawable(const Series& series, bool log_y) {
  std::vector<Point> points;
  for (const Point& point : series.points) {
    if (std::isfinite(point.x) && std::isfinite(point.y) && (!log_y || point.y > 0)) points.push_back(point);
  }
  return thinned(points, kMostPoints);
}

std::string polyline(const std::vector<Point>& points, const Axis& x, const Axis& y, const std::string& css_class) {
  std::string svg = "<polyline class=\"" + css_class + "\" points=\"";
  for (const Point& point : points) svg += svg_number(x.pixel(point.x)) + "," + svg_number(y.pixel(point.y)) + " ";
  svg.pop_back();
  return svg + "\"/>\n";
}

std::string dots(const std::vector<Point>& points, const Axis& x, const Axis& y, const std::string& css_class,
                 const XyChart& chart, const std::string& name) {
  std::string svg;
  for (const Point& point : points) {
    const auto category = static_cast<std::size_t>(point.x);
    const std::string at = category < chart.categories.size()
                               ? chart.categories[category]
                               : chart.x_label + " " + format_value(point.x, Unit::number);
    svg += svg_dot(x.pixel(point.x), y.pixel(point.y), 3.5, css_class,
                   message(name, ", ", at, ": ", format_value(point.y, chart.unit)));
  }
  return svg + "\n";
}

}  // namespace

std::vector<Point> thinned(const std::vector<Point>& points, std::size_t most) {
  if (points.size() <= most || most < 2) return points;
  const std::size_t buckets = most / 2;
  std::vector<Point> kept;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(bucket * points.size() / buckets);
    const auto end = points.begin() + static_cast<std::ptrdiff_t>((bucket + 1) * points.size() / buckets);
    const auto by_height = [](const Point& a, const Point& b) { return a.y < b.y; };
    auto first = std::min_element(begin, end, by_height), second = std::max_element(begin, end, by_height);
    if (second < first) std::swap(first, second);
    kept.push_back(*first);
    if (second != first) kept.push_back(*second);
  }
  return kept;
}

std::string xy_chart(const XyChart& chart) {
  PlotArea area;
  std::vector<std::vector<Point>> curves;
  Range xs, ys;
  for (const Series& series : chart.series) {
    curves.push_back(drawable(series, chart.log_y));
    for (const Point& point : curves.back()) xs.include(point.x), ys.include(point.y);
  }
  if (ys.empty())
    return svg_figure(area, chart.title, {}, svg_text(area.width / 2, area.height / 2, "middle", "no data"));
  if (chart.low) ys.include(*chart.low);
  if (chart.high) ys.include(*chart.high);
  xs.include(0);  // steps count from there
  if (!chart.categories.empty()) xs = {-0.5, static_cast<double>(chart.categories.size()) - 0.5};

  const Axis y(ys.low, ys.high, area.bottom, area.top, {chart.log_y, chart.unit, 4});
  const Axis x(xs.low, xs.high, area.left, area.right, {.exact = true});  // curves reach from side to side
  std::vector<Axis::Tick> ticks = x.ticks();
  if (!chart.categories.empty()) ticks.clear();
  for (std::size_t i = 0; i < chart.categories.size(); ++i)
    ticks.push_back({static_cast<double>(i), chart.categories[i]});
  std::string content = svg_grid(area, y) + svg_ticks(area, ticks, x);
  if (!chart.x_label.empty()) content += svg_text(area.right, area.height - 2, "end", chart.x_label, "label");

  std::vector<LegendEntry> legend;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Series& series = chart.series[i];
    const int colour = series.colour >= 0 ? series.colour : static_cast<int>(i % kColours);
    const bool dashed = series.style == Series::Style::dashed;
    const std::string css_class = message("c", colour, dashed ? " dashed" : "");
    if (series.style != Series::Style::dots && curves[i].size() > 1) content += polyline(curves[i], x, y, css_class);
    // A single point has no line.
    const bool dotted = series.style == Series::Style::dots || series.style == Series::Style::line_and_dots;
    if (dotted || curves[i].size() == 1) content += dots(curves[i], x, y, css_class, chart, series.name);
    const bool known =
        std::any_of(legend.begin(), legend.end(), [&](const auto& one) { return one.name == series.name; });
    if (!known) legend.push_back({series.name, colour, dashed});
  }
  return svg_figure(area, chart.title, legend, content);
}

}  // namespace aio::report
