#include "apps/trainer/ablation.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "apps/report/metric_names.h"
#include "apps/report/report.h"
#include "apps/trainer/evaluation.h"
#include "apps/trainer/variants.h"
#include "data/datasets/json_file.h"
#include "models/complexity.h"
#include "tensor/atomic_file.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr double kReached = 0.95;  // of the metric: what steps_to counts to

/// What one run leaves behind.
struct Outcome {
  double value = 0;    ///< of the metric, at the end
  double seconds = 0;  ///< of training
  std::int64_t steps = 0;
  std::int64_t steps_to = -1;  ///< first evaluation that reached kReached; -1: none did
  std::int64_t evaluations = 0;
};

/// A variant's line of the table.
struct Row {
  std::string name;
  double gmacs = 0;               ///< billions of multiply-adds of a joint pass over a clip and its text
  std::vector<Outcome> outcomes;  ///< of each seed
};

Outcome read_outcome(const std::string& folder, const std::string& metric) {
  Outcome outcome;
  for_each_json_row(folder + "/metrics.jsonl", [&](const JsonRow& line) {
    if (!line.has("split")) return;
    check(line.has(metric.c_str()) && line.value()[metric].is_number(), ErrorCode::config, folder,
          "/metrics.jsonl: its evaluations have no ", metric, ", only ", line.value().dump());
    outcome.value = line.number(metric.c_str());
    outcome.steps = line.integer("step");
    ++outcome.evaluations;
    if (outcome.value >= kReached && outcome.steps_to < 0) outcome.steps_to = outcome.steps;
  });
  check(outcome.evaluations > 0, ErrorCode::config, folder, ": was not evaluated; an ablation needs data.eval_split");
  for_each_json_row(folder + "/timing.jsonl",
                    [&](const JsonRow& line) { outcome.seconds += line.value().value("seconds", 0.0); });
  return outcome;
}

/// The run in `folder` is over, and was one with this configuration.
bool finished(const std::string& folder, const TrainConfig& config) {
  if (!fs::exists(folder + "/weights.safetensors")) return false;
  std::stringstream text;
  text << std::ifstream(folder + "/config.toml").rdbuf();
  check(text.str() == config.keys.to_toml(), ErrorCode::config, folder,
        ": holds a finished run with another configuration; choose another run.dir");
  return true;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Of a sample: with n - 1; 0 for a single value.
double spread_of(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

template <class Member>
std::vector<double> column(const Row& row, Member member) {
  std::vector<double> values;
  for (const Outcome& outcome : row.outcomes) values.push_back(static_cast<double>(outcome.*member));
  return values;
}

ordered_json to_json(const std::string& key, const std::string& metric, const std::vector<std::int64_t>& seeds,
                     const std::vector<Row>& rows) {
  ordered_json table = {{"key", key}, {"metric", metric}, {"seeds", seeds}, {"variants", ordered_json::array()}};
  for (const Row& row : rows) {
    const std::vector<double> values = column(row, &Outcome::value);
    ordered_json line = {{"name", row.name},
                         {"values", values},
                         {"mean", mean_of(values)},
                         {"std", spread_of(values)},
                         {"gmacs", row.gmacs},
                         {"seconds", column(row, &Outcome::seconds)},
                         {"steps", row.outcomes[0].steps}};
    // One evaluation, at the end, says nothing about when; and of what is no share there is no 95 %.
    if (row.outcomes[0].evaluations > 1 && report::metric_style(metric).unit == report::Unit::percent) {
      ordered_json reached = ordered_json::array();
      for (const Outcome& outcome : row.outcomes) reached.push_back(outcome.steps_to);
      line["steps_to"] = reached;
    }
    table["variants"].push_back(line);
  }
  return table;
}

void print(const std::string& key, const std::string& metric, const std::vector<Row>& rows) {
  std::size_t width = key.size();
  for (const Row& row : rows) width = std::max(width, row.name.size());
  std::printf("%-*s  %s (mean +- spread)  GMACs  seconds  steps  seeds\n", static_cast<int>(width), key.c_str(),
              metric.c_str());
  for (const Row& row : rows) {
    const std::vector<double> values = column(row, &Outcome::value);
    std::printf("%-*s  %*.3f +- %.3f  %6.3f  %7.1f  %5lld  ", static_cast<int>(width), row.name.c_str(),
                static_cast<int>(metric.size()) + 7, mean_of(values), spread_of(values), row.gmacs,
                mean_of(column(row, &Outcome::seconds)), static_cast<long long>(row.outcomes[0].steps));
    for (const double value : values) std::printf(" %.3f", value);
    std::printf("\n");
  }
}

}  // namespace

int ablate(const AblationOptions& options) {
  TrainConfig base;
  base.load(options.files, options.assignments);
  const Variants spec = parse_variants(options.variants, base.keys);
  const std::string metric = options.metric.empty() ? primary_metric(base) : options.metric;
  std::vector<std::int64_t> seeds;
  for (std::int64_t i = 0; i < options.seeds; ++i) seeds.push_back(base.run.seed + i);

  const auto configure = [&](TrainConfig& config, const Variants::Variant& variant, std::int64_t seed) {
    std::string name = variant.name;
    std::replace(name.begin(), name.end(), '/', '-');
    std::vector<std::string> files = options.files, assignments = options.assignments;
    files.insert(files.end(), variant.files.begin(), variant.files.end());
    assignments.insert(assignments.end(), variant.assignments.begin(), variant.assignments.end());
    assignments.push_back(message("run.seed=", seed));
    assignments.push_back(message("run.dir=", base.run.dir, "/", name, "-seed", seed));
    config.load(files, assignments);
  };
  // All variants are looked at before the first run: a mistake in the last one would come hours late.
  for (const Variants::Variant& variant : spec.variants) {
    TrainConfig config;
    configure(config, variant, seeds[0]);
  }

  std::vector<Row> rows;
  for (const Variants::Variant& variant : spec.variants) {
    Row row{variant.name, 0, {}};
    for (const std::int64_t seed : seeds) {
      TrainConfig config;
      configure(config, variant, seed);
      const models::AioConfig& model = config.model.config;
      row.gmacs = static_cast<double>(models::count_macs(model, {model.frames, model.max_text_len}).total()) / 1e9;
      if (!finished(config.run.dir, config)) {
        TrainerOptions trainer = options.trainer;
        trainer.resume = true;
        const int code = train(config, trainer);
        if (code != 0) return code;
      }
      row.outcomes.push_back(read_outcome(config.run.dir, metric));
    }
    rows.push_back(std::move(row));
  }

  const std::string table = to_json(spec.key, metric, seeds, rows).dump();
  write_atomically(base.run.dir + "/ablation.json", table + "\n");
  std::fprintf(stderr, "%s\n", report::draw_run_report(base.run.dir).c_str());
  if (options.json) {
    std::printf("%s\n", table.c_str());
  } else {
    print(spec.key, metric, rows);
  }
  return 0;
}

}  // namespace aio::apps
