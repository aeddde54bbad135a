#pragma once
// report.html: what is in a folder of runs, evaluations and ablations, on one page that needs nothing beside it.

#include <optional>
#include <string>

#include "apps/report/report_tree.h"

namespace aio::report {

struct ReportOptions {
  std::string title;             ///< empty: the folder's name
  std::optional<double> chance;  ///< what guessing scores in the ablations: a dashed line
};

/// The page. The same files give the same bytes. Throws Error{io|format} that names the file which is wrong.
std::string report_page(const ReportTree& tree, const ReportOptions& options);

/// Writes the page of `folder` to `file` atomically; what it drew. Throws as read_report_tree() and report_page();
/// Error{value} where there is nothing to report.
ReportTree write_report(const std::string& folder, const std::string& file, const ReportOptions& options);

/// For the end of a run: draws its report.html, and tells in a line where it is, or why it is not. A report that fails
/// does not make a run fail.
std::string draw_run_report(const std::string& folder);

}  // namespace aio::report
