#include "apps/common/html.h"
#include "apps/report/examples.h"
#include "apps/report/html_table.h"
#include "apps/report/metric_names.h"
#include "apps/report/sections.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

using Verdict = Example::Verdict;

constexpr std::size_t kExamples = 6;
constexpr std::int64_t kSide = 128;  ///< of a frame on the page

std::string verdict_class(Verdict verdict) {
  if (verdict == Verdict::unknown) return "";
  return verdict == Verdict::right ? " class=\"good\"" : " class=\"bad\"";
}

std::string card(const Example& example) {
  std::string html = "<div class=\"card\">\n";
  if (example.frames.defined()) {
    html += "<div class=\"frames\">\n";
    for (std::int64_t i = 0; i < example.frames.dim(0); ++i)
      html += apps::picture_element(example.frames, i, kSide) + "\n";
    html += "</div>\n";
  }
  html += "<dl>\n";
  for (const Example::Line& line : example.lines) {
    const char* mark = line.verdict == Verdict::right ? " &#10003;" : line.verdict == Verdict::wrong ? " &#10007;" : "";
    html += message("<dt>", apps::html_escaped(line.key), "</dt><dd", verdict_class(line.verdict), "><bdi>",
                    apps::html_escaped(line.value), "</bdi>", mark, "</dd>\n");
  }
  return html + message("<dt>id</dt><dd class=\"soft\">", apps::html_escaped(example.id), "</dd>\n</dl>\n</div>\n");
}

}  // namespace

std::string example_section(const ReportTree& tree) {
  std::string html;
  for (const Evaluation& evaluation : tree.evaluations) {
    if (evaluation.predictions.empty()) continue;
    std::vector<Example> examples = choose_examples(evaluation.predictions, kExamples);
    if (examples.empty()) continue;
    add_frames(evaluation, examples);
    html +=
        message("<h3>", apps::html_escaped(evaluation_label(evaluation.task, evaluation.name)), "</h3>\n",
                facts_element({evaluation.name, evaluation.dataset, evaluation.split}), "<div class=\"examples\">\n");
    for (const Example& example : examples) html += card(example);
    html += "</div>\n";
  }
  if (html.empty()) return {};
  return "<h2 id=\"examples\">Examples</h2>\n<p>Evenly spread over each test set; up to a third of them are picked "
         "from what went wrong.</p>\n" +
         html;
}

}  // namespace aio::report
