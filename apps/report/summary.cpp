#include "apps/report/summary.h"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/report/metric_names.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

constexpr std::size_t kNameWidth = 18;

struct SummaryKey {
  const char* key;
  const char* task;
  const char* metric;
};
constexpr SummaryKey kKeys[] = {
    {"mlm_accuracy", "pretrain", "mlm_accuracy"},
    {"vtm_accuracy", "pretrain", "vtm_accuracy"},
    {"vtm_hard_accuracy", "pretrain", "vtm_hard_accuracy"},
    {"bvtc_r1", "retrieval", "bvtc_t2v_r1"},
    {"bvtc_r5", "retrieval", "bvtc_t2v_r5"},
    {"vtm_r1", "retrieval", "vtm_t2v_r1"},
    {"vtm_r5", "retrieval", "vtm_t2v_r5"},
    {"qa_accuracy", "qa", "acc_all"},
    {"choice_accuracy", "choice", "accuracy"},
    {"action_top1", "action", "top1"},
    {"caption_bleu4", "caption", "Bleu_4"},
    {"caption_cider", "caption", "CIDEr"},
};

nlohmann::ordered_json seconds_of(const std::string& stages) {
  nlohmann::ordered_json seconds = nlohmann::ordered_json::object();
  std::ifstream file(stages);
  check(file.good(), ErrorCode::io, stages, ": cannot be read");
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::size_t tab = line.find('\t');
    check(tab != std::string::npos, ErrorCode::format, stages, ":", number, ": expected stage, tab, seconds");
    const std::string text = line.substr(tab + 1);
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    check(end != text.c_str() && *end == '\0', ErrorCode::format, stages, ":", number, ": \"", text, "\" is no number");
    seconds[line.substr(0, tab)] = value;
  }
  return seconds;
}

}  // namespace

std::string summary_text(const ReportTree& tree) {
  std::string text;
  const auto add = [&](const std::string& what, const std::string& scores) {
    text += what + std::string(what.size() < kNameWidth ? kNameWidth - what.size() : 1, ' ') + scores + "\n";
  };
  for (const Evaluation& evaluation : tree.evaluations) {
    std::string scores;
    for (const std::string& metric : headline_metrics(evaluation.task)) {
      const double* value = evaluation.metric(metric);
      if (value == nullptr) continue;
      scores += (scores.empty() ? "" : "; ") + metric_style(metric).label + " " + format_metric(metric, *value);
    }
    if (!scores.empty()) add(evaluation.name, scores);
  }
  for (const ReportTree::AblationRuns& one : tree.ablations) {
    std::string scores;
    for (const Ablation::Variant& variant : one.ablation.variants) {
      scores += (scores.empty() ? "" : "; ") + variant.name + " " + format_metric(one.ablation.metric, variant.mean);
      if (variant.values.size() > 1) scores += " \u00b1 " + format_metric(one.ablation.metric, variant.deviation);
    }
    add(one.ablation.name, scores);
  }
  return text;
}

std::string summary_json(const ReportTree& tree, const std::string& stages) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const SummaryKey& entry : kKeys) {
    for (const Evaluation& evaluation : tree.evaluations) {
      const double* value = evaluation.task == entry.task ? evaluation.metric(entry.metric) : nullptr;
      if (value != nullptr && !json.contains(entry.key)) json[entry.key] = *value;
    }
  }
  for (const ReportTree::AblationRuns& one : tree.ablations) {
    const bool questions = !one.runs.empty() && one.runs.front().task == "qa";
    nlohmann::ordered_json& variants = json[one.ablation.name + (questions ? "_qa" : "")];
    for (const Ablation::Variant& variant : one.ablation.variants) variants[variant.name] = variant.values;
  }
  if (!stages.empty()) json["seconds"] = seconds_of(stages);
  if (!tree.evaluations.empty()) {
    json["seed"] = tree.evaluations.front().seed;
    json["commit"] = tree.evaluations.front().commit;
  }
  return json.dump();
}

}  // namespace aio::report
