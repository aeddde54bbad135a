#include "apps/trainer/evaluation.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "apps/common/output.h"
#include "apps/evaluator/results.h"
#include "apps/evaluator/tasks.h"
#include "autograd/autograd.h"

namespace aio::apps {
namespace {

/// Of each training task: by which evaluations it is judged.
std::vector<const char*> evaluations_of(const TrainConfig& config) {
  const std::string& task = config.train.task;
  if (task == "pretrain") {
    if (config.loss.vtc > 0) return {"pretrain", "retrieval"};
    return {"pretrain"};
  }
  if (task == "contrastive" || task == "retrieval") return {"retrieval"};
  if (task == "vqav2" || task == "nlvr2" || task == "vcr") return {"image-text"};
  if (task == "caption") return {};
  return {task == "qa" || task == "count" ? "qa" : task == "mc-qa" ? "mc-qa" : task == "choice" ? "choice" : "action"};
}

/// Texts times videos of a split: what ranking by match score costs.
std::int64_t pairs_of(const EvalSplit& split) {
  std::int64_t texts = 0, videos = 0;
  for (const Manifest& manifest : split.manifests) {
    videos += manifest.size();
    for (std::int64_t i = 0; i < manifest.size(); ++i) {
      texts += static_cast<std::int64_t>(manifest.sample(i).captions.size());
    }
  }
  return texts * videos;
}

Averages losses(Learner& learner, const RunData& data, std::int64_t max_batches) {
  const std::unique_ptr<Loader> loader = data.open_evaluation();
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(learner.dtype());
  Averages averages;
  for (std::int64_t i = 0; max_batches == 0 || i < max_batches; ++i) {
    const std::optional<Batch> batch = loader->next();
    if (!batch || batch->size() == 0) break;
    learner.task().loss(*batch, false, ctx, averages);
  }
  return averages;
}

}  // namespace

std::optional<Averages> evaluate(const TrainConfig& config, Learner& learner, const RunData& data,
                                 const std::string& out) {
  if (!data.has_evaluation()) return std::nullopt;
  const Learner::FinalWeights final_weights(learner);
  const NoGrad no_grad;
  const Averages own = losses(learner, data, config.eval.batches);
  if (config.eval.batches > 0) return own;
  NamedMetrics metrics;
  std::int64_t unreadable = 0;
  for (const char* name : evaluations_of(config)) {
    const EvalSplit split = data.evaluation_split();
    EvalOptions options;
    options.views = config.eval.views;
    options.compute = learner.dtype();
    if (std::string_view(name) == "retrieval") {
      options.vtm = config.train.task == "retrieval" && pairs_of(split) <= config.eval.pairs;
      if (config.train.task == "retrieval" && config.train.retrieval_vtc == 0) options.bvtc = false;
      if (!options.vtm && !options.bvtc) continue;
    }
    const auto start = std::chrono::steady_clock::now();
    const Evaluation found = eval_task(name).evaluate(learner.model(), split, options);
    metrics.insert(metrics.end(), found.metrics.begin(), found.metrics.end());
    for (const auto& [metric, value] : found.metrics_readable) metrics.emplace_back(metric + "_readable", value);
    if (found.unreadable > 0) unreadable = found.unreadable;
    if (out.empty()) continue;
    EvalRun run = describe(split, options);
    run.task = name;
    run.checkpoint = config.run.dir;
    run.data = config.data.eval.empty() ? config.data.train.front() : config.data.eval.front();
    run.seed = config.run.seed;
    run.roll = models::to_string(learner.model().config.roll.kind);
    run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    on_disk([&] { write_results(out + "/" + name, run, found); });
  }
  Averages all;
  for (const Averages::Entry& entry : own.entries()) {
    const bool replaced =
        std::any_of(metrics.begin(), metrics.end(), [&](const auto& metric) { return metric.first == entry.name; });
    if (!replaced) all.add(entry.name, entry.sum, entry.count);
  }
  for (const auto& metric : metrics) all.add(metric.first, metric.second);
  if (unreadable > 0) all.add("unreadable", static_cast<double>(unreadable));
  return all;
}

std::string primary_metric(const TrainConfig& config) {
  const std::string& task = config.train.task;
  const bool whole_split = config.eval.batches == 0;
  if (task == "pretrain") return "mlm_accuracy";
  if (task == "count") return "mse";
  if (!whole_split) return task == "contrastive" ? "vtc" : "accuracy";
  if (task == "contrastive") return "bvtc_t2v_r1";
  if (task == "qa") return config.data.kinds.size() == 1 ? "acc_all_" + config.data.kinds[0] : "acc_all";
  if (task == "action") return "top1";
  return "accuracy";
}

}  // namespace aio::apps
