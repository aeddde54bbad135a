#pragma once
// The scores of a folder of evaluations and ablations in short: as lines for the screen, and as summary.json, one flat
// list of names for scripts and tests.

#include <string>

#include "apps/report/report_tree.h"

namespace aio::report {

/// "question answering   accuracy 96 %, motion questions 91 %": a line an evaluation and an ablation, by path.
std::string summary_text(const ReportTree& tree);

/// One JSON object, in one line:
///   mlm_accuracy vtm_accuracy vtm_hard_accuracy       pre-training
///   bvtc_r1 bvtc_r5 vtm_r1 vtm_r5                     retrieval, text to video
///   qa_accuracy choice_accuracy action_top1           fine-tuned tasks
///   caption_bleu4 caption_cider
///   NAME_qa: {"roll": [by seed], "none": [...], ...}  an ablation of a question-answering run in the folder NAME
///   seconds: {"stage": 12.3, ...}                     of `stages`, a file of lines "stage TAB seconds"; empty: none
///   seed, commit                                      of the evaluations
/// Accuracies, recalls and BLEU are fractions of 1. What was not evaluated is not there; of several evaluations that
/// tell the same, the first by path counts. Throws Error{io|format}.
std::string summary_json(const ReportTree& tree, const std::string& stages);

}  // namespace aio::report
