#pragma once
// What the charts are drawn with: a frame with two axes, and elements whose numbers have one decimal.

#include <string>
#include <vector>

#include "apps/report/axis.h"

namespace aio::report {

/// Pixels of the drawing, and of the plot within it.
struct PlotArea {
  double width = 420, height = 230;
  double left = 46, right = 410, top = 10, bottom = 198;
};

/// "12.5", "12": the same digits on every machine.
std::string svg_number(double value);

/// <text>; `anchor` is start, middle or end. `text` is escaped here.
std::string svg_text(double x, double y, const std::string& anchor, const std::string& text,
                     const std::string& css_class = {});

std::string svg_line(double x1, double y1, double x2, double y2, const std::string& css_class);

/// A dot that tells `title` when pointed at.
std::string svg_dot(double x, double y, double radius, const std::string& css_class, const std::string& title);

/// Horizontal grid lines with y's ticks to the left of them.
std::string svg_grid(const PlotArea& area, const Axis& y);

/// x's ticks below the plot.
std::string svg_ticks(const PlotArea& area, const std::vector<Axis::Tick>& ticks, const Axis& x);

/// <figure> around `content`, with title, and a legend if there are at least two names. Colours are numbered from 0.
struct LegendEntry {
  std::string name;
  int colour = 0;
  bool dashed = false;
};
std::string svg_figure(const PlotArea& area, const std::string& title, const std::vector<LegendEntry>& legend,
                       const std::string& content);

}  // namespace aio::report
