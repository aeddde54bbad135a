// aio_report: draws report.html of a folder of runs, evaluations and ablations; optionally summary.json beside it.
//
// Exit codes: apps/common/app.h.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "apps/common/app.h"
#include "apps/report/report.h"
#include "apps/report/summary.h"
#include "tensor/atomic_file.h"

int main(int argc, char** argv) {
  using namespace aio;
  CLI::App app{"Draws a report of the runs, evaluations and ablations in a folder: one page that needs no network.",
               "aio_report"};
  std::string folder, out, summary, stages;
  report::ReportOptions options;
  app.add_option("folder", folder, "where runs and evaluations lie, at any depth")->required();
  app.add_option("--out", out, "the page (default: report.html in the folder)")->type_name("FILE.html");
  app.add_option("--title", options.title, "of the page (default: the folder's name)");
  app.add_option("--chance", options.chance, "what guessing scores in the ablations, a fraction of 1: a dashed line");
  app.add_option("--summary", summary, "also the scores under one list of names, for scripts")->type_name("FILE.json");
  app.add_option("--stages", stages, "with --summary: file of lines \"stage TAB seconds\" to put in")
      ->type_name("FILE");
  const apps::Action action = [&] {
    if (out.empty()) out = folder + "/report.html";
    const report::ReportTree tree = report::write_report(folder, out, options);
    if (!summary.empty()) write_atomically(summary, report::summary_json(tree, stages) + "\n");
    std::printf("%sreport: %s\n", report::summary_text(tree).c_str(), out.c_str());
    return int{apps::kOk};
  };
  return apps::run_app(app, argc, argv, action, apps::kData);
}
