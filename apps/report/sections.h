#pragma once
// The parts of a report, as HTML; each is empty where the tree has nothing for it.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/report/report_tree.h"
#include "tensor/tensor.h"

namespace aio::report {

/// The scores that stand for the evaluations and ablations, one large number each.
std::string tiles_section(const ReportTree& tree);

/// By variant: a bar with the values of all seeds, the way there, and a table. `chance`: what guessing scores.
std::string ablation_section(const ReportTree& tree, std::optional<double> chance);

/// A card an evaluation, with the paper's figures beside ours.
std::string evaluation_section(const ReportTree& tree);

/// The counterpart of the paper's Fig. 6: what each task scores by the size of the model.
std::string size_section(const ReportTree& tree);

/// Samples of each evaluation with what was predicted, wrong ones among them, and their frames.
std::string example_section(const ReportTree& tree);

/// A curve a metric of each run; its configuration. Runs are folded unless there are few.
std::string training_section(const ReportTree& tree);

/// What the runs were made with, once where it is the same.
std::string environment_section(const ReportTree& tree);

}  // namespace aio::report
