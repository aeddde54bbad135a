#include "apps/report/report.h"

#include <filesystem>

#include "apps/common/html.h"
#include "apps/report/html_table.h"
#include "apps/report/report_style.h"
#include "apps/report/sections.h"
#include "tensor/atomic_file.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

std::string count_of(std::size_t count, const std::string& what) {
  if (count == 0) return {};
  return message(count, " ", what, count == 1 ? "" : "s");
}

std::string header(const ReportTree& tree, const std::string& title, const std::string& sections) {
  std::size_t runs = tree.runs.size();
  for (const ReportTree::AblationRuns& one : tree.ablations) runs += one.runs.size();
  std::string links;
  const std::pair<const char*, const char*> anchors[] = {{"ablation", "Ablation"}, {"evaluation", "Evaluation"},
                                                         {"sizes", "Model size"},  {"examples", "Examples"},
                                                         {"training", "Training"}, {"environment", "Environment"}};
  for (const auto& anchor : anchors) {
    if (sections.find(message("<h2 id=\"", anchor.first, "\">")) != std::string::npos)
      links += message("<a href=\"#", anchor.first, "\">", anchor.second, "</a>\n");
  }
  return message(
      "<h1>", apps::html_escaped(title), "</h1>\n",
      facts_element({"All-in-one", count_of(runs, "training run"), count_of(tree.evaluations.size(), "evaluation"),
                     count_of(tree.ablations.size(), "ablation")}),
      "<nav>\n", links, "</nav>\n");
}

}  // namespace

std::string report_page(const ReportTree& tree, const ReportOptions& options) {
  const std::string title =
      options.title.empty() ? std::filesystem::path(tree.folder).filename().string() : options.title;
  const std::string sections = ablation_section(tree, options.chance) + evaluation_section(tree) + size_section(tree) +
                               example_section(tree) + training_section(tree) + environment_section(tree);
  return apps::html_page(title, kReportStyle, header(tree, title, sections) + tiles_section(tree) + sections);
}

ReportTree write_report(const std::string& folder, const std::string& file, const ReportOptions& options) {
  ReportTree tree = read_report_tree(folder);
  check(!tree.empty(), ErrorCode::value, folder,
        ": nothing to report: no metrics.jsonl, results.json or ablation.json in it or below it");
  write_atomically(file, report_page(tree, options));
  return tree;
}

std::string draw_run_report(const std::string& folder) {
  const std::string file = folder + "/report.html";
  try {
    write_report(folder, file, {});
    return "report: " + file;
  } catch (const Error& error) {
    return message("the report was NOT drawn: ", error.what());
  }
}

}  // namespace aio::report
