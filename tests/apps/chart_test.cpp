// Axes and charts: where values lie, what is written beside them, and that names cannot break out of the drawing.

#include "apps/report/chart.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "apps/report/metric_names.h"
#include "apps/report/svg.h"

namespace aio::report {
namespace {

std::vector<std::string> texts(const Axis& axis) {
  std::vector<std::string> all;
  for (const Axis::Tick& tick : axis.ticks()) all.push_back(tick.text);
  return all;
}

using Texts = std::vector<std::string>;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_CASE("format_value: three digits, thousands apart, shares in percent") {
  CHECK(format_value(0.00012345, Unit::number) == "0.000123");
  CHECK(format_value(12.345, Unit::number) == "12.3");
  CHECK(format_value(999.6, Unit::number) == "1e+03");
  CHECK(format_value(1234567, Unit::number) == "1,234,567");
  CHECK(format_value(-4000, Unit::number) == "-4,000");
  CHECK(format_value(0.975, Unit::percent) == "97.5\u202f%");
  CHECK(format_value(1, Unit::percent) == "100\u202f%");
  CHECK(format_value(0.99996, Unit::percent) == "100\u202f%");
  CHECK(format_value(std::nan(""), Unit::number) == "-");
}

TEST_CASE("metric names: units, chance, tables of retrieval, order") {
  CHECK(metric_style("bvtc_t2v_r1").label == "R@1, text to video, similarity");
  CHECK(metric_style("vtm_dual_v2t_medr").label == "median rank, video to text, match score, dual softmax");
  CHECK(metric_style("vtm_v2t_medr").unit == Unit::number);
  CHECK(format_metric("acc_all_motion", 0.5) == "50\u202f%");
  CHECK(metric_style("acc_all_motion").chance == 0.5);
  CHECK(metric_style("anything").label == "anything");
  CHECK_FALSE(retrieval_metric("bvtc_t2v_").has_value());
  CHECK(evaluation_label("retrieval", "eval/zero-shot") == "retrieval, zero-shot");
  CHECK(evaluation_label("qa", "qa") == "question answering");
  CHECK(natural_less("top5", "top10"));
  CHECK(natural_less("Bleu_1", "Bleu_2"));
  CHECK_FALSE(natural_less("a", "a"));
}

TEST_CASE("axis: linear ones are widened to round values, and every tick lies where its value does") {
  const Axis axis(0.13, 3.7, 200, 0, {});
  CHECK(texts(axis) == Texts{"0", "1", "2", "3", "4"});
  CHECK(axis.pixel(0) == doctest::Approx(200));
  CHECK(axis.pixel(4) == doctest::Approx(0));
  CHECK(axis.pixel(1) == doctest::Approx(150));
  CHECK(axis.pixel(99) == doctest::Approx(0));  // drawn at the end
  CHECK(texts(Axis(0, 1, 0, 100, {.unit = Unit::percent, .ticks = 4})) == Texts{"0\u202f%", "50\u202f%", "100\u202f%"});
  CHECK(texts(Axis(-1, 1, 0, 100, {})) == Texts{"-1", "-0.5", "0", "0.5", "1"});
}

TEST_CASE("axis: exact ones end where the values do") {
  const Axis axis(10, 990, 0, 98, {.exact = true});
  CHECK(texts(axis) == Texts{"200", "400", "600", "800"});
  CHECK(axis.pixel(10) == doctest::Approx(0));
  CHECK(axis.pixel(990) == doctest::Approx(98));
}

TEST_CASE("axis: a single value is widened around, powers of ten are an order apart") {
  const Axis single(5, 5, 0, 100, {});
  CHECK(single.low() < 5);
  CHECK(single.high() > 5);
  CHECK(Axis(0, 0, 0, 100, {}).pixel(0) == doctest::Approx(50));
  const Axis log(0.02, 30, 0, 400, {.log = true});
  CHECK(texts(log) == Texts{"0.01", "0.1", "1", "10", "100"});
  CHECK(log.pixel(1) == doctest::Approx(200));
}

TEST_CASE("thinned: the lowest and highest of each stretch stay, in their order") {
  std::vector<Point> points;
  for (int i = 0; i < 10'000; ++i) points.push_back({static_cast<double>(i), std::sin(i * 0.01)});
  points[5432].y = 50;
  points[777].y = -50;
  const std::vector<Point> thin = thinned(points, 100);
  CHECK(thin.size() <= 100);
  bool high = false, low = false, ordered = true;
  for (std::size_t i = 0; i < thin.size(); ++i) {
    high = high || thin[i].y == 50;
    low = low || thin[i].y == -50;
    ordered = ordered && (i == 0 || thin[i - 1].x < thin[i].x);
  }
  CHECK(high);
  CHECK(low);
  CHECK(ordered);
  CHECK(thinned(points, 20'000).size() == points.size());
}

TEST_CASE("xy chart: a point's pixels, gaps where values are not finite, one legend entry a name") {
  XyChart chart;
  chart.title = "loss";
  chart.x_label = "step";
  const double nan = std::nan("");
  chart.series = {
      {"a", {{0, 0}, {50, nan}, {100, 4}}}, {"b", {{100, 2}}, Series::Style::dots}, {"a", {{0, 1}, {9, 1}}}};
  const std::string svg = xy_chart(chart);
  const PlotArea area;
  // From the lower left corner to the upper right one; the point between has no place.
  CHECK(contains(svg, "points=\"" + svg_number(area.left) + "," + svg_number(area.bottom) + " " +
                          svg_number(area.right) + "," + svg_number(area.top) + "\""));
  CHECK(count(svg, "<circle") == 1);
  CHECK(contains(svg, "<title>b, step 100: 2</title>"));
  CHECK(count(svg, "<i></i>") == 2);
  CHECK_FALSE(contains(svg, "nan"));
  chart.series = {{"a", {{1, nan}}}};
  CHECK(contains(xy_chart(chart), "no data"));
}

TEST_CASE("bar chart: heights, whiskers, every value a dot, chance a line") {
  BarChart chart;
  chart.unit = Unit::percent;
  chart.low = 0, chart.high = 1;
  chart.reference = 0.5;
  chart.reference_name = "chance";
  chart.bars = {{"roll", 1.0, 0.1, {0.9, 1.0, 1.1}}, {"none", 0.5, 0, {}}};
  const std::string svg = bar_chart(chart);
  CHECK(count(svg, "<rect") == 2);
  CHECK(count(svg, "<circle") == 3);
  CHECK(count(svg, "class=\"whisker\"") == 3);
  CHECK(contains(svg, "height=\"176\""));  // of the whole plot
  CHECK(contains(svg, "height=\"88\""));   // of half of it
  CHECK(contains(svg, ">chance</text>"));
}

TEST_CASE("charts: names are shown, never interpreted") {
  XyChart chart;
  chart.title = "<script>";
  chart.x_label = "\"><b>";
  chart.categories = {"</svg>"};
  chart.series = {{"<i onload=x>", {{0, 1}}, Series::Style::dots}, {"&", {{0, 2}}, Series::Style::dots}};
  BarChart bars;
  bars.title = "<script>";
  bars.bars = {{"</svg><script>", 1, 0, {1}}};
  for (const std::string& svg : {xy_chart(chart), bar_chart(bars)}) {
    CHECK_FALSE(contains(svg, "<script"));
    CHECK_FALSE(contains(svg, "<b>"));
    CHECK_FALSE(contains(svg, "<i o"));
    CHECK(count(svg, "</svg>") == 1);
  }
}

}  // namespace
}  // namespace aio::report
