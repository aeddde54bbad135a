#include "apps/report/metric_names.h"

#include <array>
#include <string_view>
#include <tuple>
#include <utility>

#include "tensor/error.h"

namespace aio::report {
namespace {

bool starts_with(const std::string& text, std::string_view start) { return text.rfind(start, 0) == 0; }
bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// "R@10" for "r10", "median rank" for "medr".
std::string rank_label(const std::string& name) {
  if (name == "medr") return "median rank";
  if (name == "meanr") return "mean rank";
  return "R@" + name.substr(1);
}

}  // namespace

std::optional<RetrievalMetric> retrieval_metric(const std::string& metric) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kScores = {
      {{"bvtc", "similarity"}, {"vtm", "match score"}, {"rerank", "reranked"}}};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kDirections = {
      {{"t2v_", "text to video"}, {"v2t_", "video to text"}}};
  for (const auto& score : kScores) {
    if (!starts_with(metric, score.first)) continue;
    std::string rest = metric.substr(score.first.size());
    const std::string best = rest.substr(0, rest.find_first_not_of("0123456789"));  // of "rerank10_"
    rest = rest.substr(best.size());
    if (!starts_with(rest, "_")) continue;
    rest = rest.substr(1);
    const bool dual = starts_with(rest, "dual_");
    if (dual) rest = rest.substr(5);
    for (const auto& direction : kDirections) {
      if (!starts_with(rest, direction.first) || rest.size() == direction.first.size()) continue;
      return RetrievalMetric{message(direction.second, ", ", best.empty() ? "" : "best " + best + " ", score.second,
                                     dual ? ", dual softmax" : ""),
                             rest.substr(direction.first.size())};
    }
  }
  return std::nullopt;
}

MetricStyle metric_style(const std::string& metric) {
  if (const std::optional<RetrievalMetric> retrieval = retrieval_metric(metric)) {
    const bool rank = retrieval->column == "medr" || retrieval->column == "meanr";
    return {rank_label(retrieval->column) + ", " + retrieval->row, rank ? Unit::number : Unit::percent, std::nullopt};
  }
  if (metric == "acc_all") return {"accuracy", Unit::percent, std::nullopt};
  if (metric == "acc_known") return {"accuracy, answers in the list", Unit::percent, std::nullopt};
  // The embedded set's motions come with their reversal: who does not see the order of frames guesses one of two.
  if (metric == "acc_all_motion") return {"motion questions", Unit::percent, 0.5};
  if (starts_with(metric, "acc_all_")) return {metric.substr(8) + " questions", Unit::percent, std::nullopt};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kLosses = {{{"mlm", "masked words"},
                                                                                     {"vtm", "matching"},
                                                                                     {"vtc", "contrast"},
                                                                                     {"wpa", "word-patch alignment"},
                                                                                     {"mpp", "masked patches"},
                                                                                     {"vcop", "order of clips"}}};
  for (const auto& loss : kLosses) {
    if (metric == loss.first) return {"loss, " + std::string(loss.second), Unit::number, std::nullopt};
  }
  if (metric == "vtc_accuracy") return {"contrast, own caption first", Unit::percent, std::nullopt};
  if (metric == "mlm_accuracy") return {"masked words", Unit::percent, std::nullopt};
  if (metric == "vtm_accuracy") return {"matching", Unit::percent, 0.5};
  if (metric == "vtm_hard_accuracy") return {"matching, motion reversed", Unit::percent, 0.5};
  if (starts_with(metric, "top")) return {"top " + metric.substr(3), Unit::percent, std::nullopt};
  if (starts_with(metric, "Bleu_")) return {"BLEU-" + metric.substr(5), Unit::percent, std::nullopt};
  if (metric == "ROUGE_L") return {"ROUGE-L", Unit::percent, std::nullopt};
  if (ends_with(metric, "accuracy")) return {metric, Unit::percent, std::nullopt};
  if (metric == "mse") return {"squared error of the number", Unit::number, std::nullopt};
  if (metric == "lr") return {"learning rate", Unit::number, std::nullopt};
  if (metric == "grad_norm") return {"gradient norm", Unit::number, std::nullopt};
  return {metric, Unit::number, std::nullopt};
}

bool lower_is_better(const std::string& metric) {
  return metric_style(metric).unit == Unit::number && metric != "CIDEr" && metric != "METEOR_exact" &&
         metric != "METEOR";
}

std::string task_label(const std::string& task) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kLabels = {{
      {"pretrain", "pre-training"},
      {"retrieval", "retrieval"},
      {"contrastive", "contrastive retrieval"},
      {"qa", "question answering"},
      {"mc-qa", "multiple-choice questions"},
      {"choice", "multiple choice"},
      {"action", "action recognition"},
      {"caption", "captioning"},
      {"image-text", "images and text"},
  }};
  for (const auto& label : kLabels) {
    if (label.first == task) return std::string(label.second);
  }
  return task;
}

std::string evaluation_label(const std::string& task, const std::string& folder) {
  const std::string last = folder.substr(folder.rfind('/') + 1);  // npos + 1 is 0
  return last == task ? task_label(task) : task_label(task) + ", " + last;
}

bool natural_less(const std::string& a, const std::string& b) {
  const auto split = [](const std::string& text) {
    const std::size_t digits = text.find_last_not_of("0123456789") + 1;
    // Fewer digits are a smaller number; of as many, the texts tell.
    return std::make_tuple(text.substr(0, digits), text.size() - digits, text.substr(digits));
  };
  return split(a) < split(b);
}

std::vector<std::string> headline_metrics(const std::string& task) {
  if (task == "pretrain") return {"mlm_accuracy", "vtm_accuracy"};
  if (task == "retrieval") return {"bvtc_t2v_r1", "vtm_t2v_r1"};
  if (task == "qa") return {"acc_all", "acc_all_motion"};
  if (task == "mc-qa" || task == "choice") return {"accuracy"};
  if (task == "action") return {"top1"};
  if (task == "caption") return {"Bleu_4", "CIDEr"};
  return {};
}

std::string format_metric(const std::string& metric, double value) {
  return format_value(value, metric_style(metric).unit);
}

}  // namespace aio::report
