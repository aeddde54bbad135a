#pragma once
// Charts as inline SVG in a <figure> with its caption and legend. Colours and type come from the page's style
// (report_style.h), so that a chart follows the page into dark mode; points tell their values when pointed at.

#include <optional>
#include <string>
#include <vector>

#include "apps/report/axis.h"

namespace aio::report {

inline constexpr int kColours = 8;  ///< classes c0 to c7 of the style

struct Point {
  double x = 0, y = 0;
};

/// A curve or a cloud of points. Points with a coordinate that is not finite are left out.
struct Series {
  enum class Style { line, dashed, dots, line_and_dots };
  std::string name;  ///< series of one name share a place in the legend
  std::vector<Point> points;
  Style style = Style::line;
  int colour = -1;  ///< of the style's eight; -1: by place in the chart
};

struct XyChart {
  std::string title;
  std::string x_label;
  std::vector<std::string> categories;  ///< if there are any, x = 0, 1, .. are these
  std::vector<Series> series;
  Unit unit = Unit::number;  ///< of y
  bool log_y = false;
  std::optional<double> low, high;  ///< that y's axis reaches at least
};
/// Lines, clouds, or both. With no point to show: a figure that says so.
std::string xy_chart(const XyChart& chart);

/// A mean with its spread, and the values behind it as dots.
struct Bar {
  std::string name;
  double mean = 0;
  double spread = 0;  ///< drawn as a whisker of this length up and down; 0: none
  std::vector<double> values;
};

struct BarChart {
  std::string title;
  std::vector<Bar> bars;
  Unit unit = Unit::number;
  std::optional<double> low, high;
  std::optional<double> reference;  ///< a dashed line: chance
  std::string reference_name;
};
std::string bar_chart(const BarChart& chart);

/// At most `most` of a curve's points, with the lowest and highest of every stretch among them, in their order.
std::vector<Point> thinned(const std::vector<Point>& points, std::size_t most);

}  // namespace aio::report
