#include "apps/report/svg.h"

#include <cmath>
#include <cstdio>

#include "apps/common/html.h"
#include "tensor/error.h"

namespace aio::report {

std::string svg_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  std::string result = text;
  if (result.size() > 2 && result.substr(result.size() - 2) == ".0") result.resize(result.size() - 2);
  return result == "-0" ? "0" : result;
}

std::string svg_text(double x, double y, const std::string& anchor, const std::string& text,
                     const std::string& css_class) {
  return message("<text x=\"", svg_number(x), "\" y=\"", svg_number(y), "\" text-anchor=\"", anchor, "\"",
                 css_class.empty() ? "" : " class=\"" + css_class + "\"", ">", apps::html_escaped(text), "</text>");
}

std::string svg_line(double x1, double y1, double x2, double y2, const std::string& css_class) {
  return message("<line x1=\"", svg_number(x1), "\" y1=\"", svg_number(y1), "\" x2=\"", svg_number(x2), "\" y2=\"",
                 svg_number(y2), "\" class=\"", css_class, "\"/>");
}

std::string svg_dot(double x, double y, double radius, const std::string& css_class, const std::string& title) {
  return message("<circle cx=\"", svg_number(x), "\" cy=\"", svg_number(y), "\" r=\"", svg_number(radius),
                 "\" class=\"", css_class, "\"><title>", apps::html_escaped(title), "</title></circle>");
}

std::string svg_grid(const PlotArea& area, const Axis& y) {
  std::string svg;
  for (const Axis::Tick& tick : y.ticks()) {
    const double at = y.pixel(tick.value);
    svg += svg_line(area.left, at, area.right, at, tick.value == y.low() ? "base" : "grid");
    svg += svg_text(area.left - 7, at + 4, "end", tick.text);
  }
  return svg + "\n";
}

std::string svg_ticks(const PlotArea& area, const std::vector<Axis::Tick>& ticks, const Axis& x) {
  std::string svg;
  for (const Axis::Tick& tick : ticks) svg += svg_text(x.pixel(tick.value), area.bottom + 17, "middle", tick.text);
  return svg + "\n";
}

std::string svg_figure(const PlotArea& area, const std::string& title, const std::vector<LegendEntry>& legend,
                       const std::string& content) {
  std::string html = message("<figure>\n<figcaption>", apps::html_escaped(title));
  if (legend.size() > 1) {
    html += "<span class=\"legend\">";
    for (const LegendEntry& entry : legend) {
      html += message("<span class=\"c", entry.colour, entry.dashed ? " dashed" : "", "\"><i></i>",
                      apps::html_escaped(entry.name), "</span>");
    }
    html += "</span>";
  }
  return html + message("</figcaption>\n<svg viewBox=\"0 0 ", svg_number(area.width), " ", svg_number(area.height),
                        "\" role=\"img\" aria-label=\"", apps::html_escaped(title), "\">\n", content,
                        "</svg>\n</figure>\n");
}

}  // namespace aio::report
