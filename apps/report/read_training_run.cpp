#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "apps/report/records.h"
#include "apps/trainer/train_config.h"
#include "data/datasets/json_file.h"
#include "models/complexity.h"
#include "tensor/error.h"
#include "tensor/safetensors.h"

namespace aio::report {
namespace {

namespace fs = std::filesystem;

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  check(file.good(), ErrorCode::io, path, ": cannot be read");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The objects of a log. Its last line is left out if a run was stopped, or is at work, in the middle of it.
std::vector<JsonRow> read_log(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  check(file.good(), ErrorCode::io, path, ": cannot be read");
  std::vector<JsonRow> rows;
  int number = 0;
  for (std::string line; std::getline(file, line) && !file.eof();) {
    const std::string where = message(path, ":", ++number);
    nlohmann::json value = nlohmann::json::parse(line, nullptr, false);
    check(!value.is_discarded(), ErrorCode::format, where, ": not JSON");
    rows.emplace_back(std::move(value), where);
  }
  return rows;
}

/// Numbers of a line, by name; "nan" and "inf" stand as texts and are kept as such numbers.
void add_points(const JsonRow& row, std::vector<Series>& all) {
  const auto step = static_cast<double>(row.integer("step"));
  for (const auto& item : row.value().items()) {
    if (item.key() == "step" || item.key() == "split") continue;
    const double value = item.value().is_number() ? item.value().get<double>() : std::nan("");
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Series& series) { return series.name == item.key(); });
    Series& series = found != all.end() ? *found : all.emplace_back(Series{item.key(), {}});
    series.points.push_back({step, value});
  }
}

void read_timing(const std::string& path, TrainingRun& run) {
  run.clips_per_second.name = "clips a second";
  for (const JsonRow& row : read_log(path)) {
    run.seconds += row.number("seconds");
    run.peak_bytes = std::max(run.peak_bytes, row.number("peak_bytes"));
    run.clips_per_second.points.push_back({static_cast<double>(row.integer("step")), row.number("clips_per_second")});
  }
}

void read_config(const std::string& path, TrainingRun& run) {
  run.config = read_text(path);
  try {
    apps::TrainConfig config;
    config.load({path}, {});
    run.task = config.train.task;
    run.changes = config.keys.changes();
  } catch (const Error& error) {  // written by another version: the text is shown all the same
    run.config_error = error.what();
  }
}

void read_environment(const std::string& path, TrainingRun& run) {
  const JsonRow json = read_json(path);
  for (const auto& item : json.value().items()) {
    run.environment.emplace_back(item.key(),
                                 item.value().is_string() ? item.value().get<std::string>() : item.value().dump());
  }
}

std::int64_t parameters_of(const std::string& weights) {
  std::int64_t count = 0;
  const SafetensorsFile file(weights);
  for (const SafetensorsFile::Entry& entry : file.entries()) {
    std::int64_t size = 1;
    for (const std::uint64_t length : entry.shape) size *= static_cast<std::int64_t>(length);
    count += size;
  }
  return count;
}

}  // namespace

std::int64_t TrainingRun::steps() const {
  double last = 0;
  for (const Series& series : training) last = std::max(last, series.points.back().x);
  return static_cast<std::int64_t>(last);
}

const Series* find_series(const std::vector<Series>& all, const std::string& name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Series& series) { return series.name == name; });
  return found == all.end() ? nullptr : &*found;
}

ModelFacts model_facts_near(const std::string& folder) {
  ModelFacts facts;
  fs::path run = folder;
  for (int up = 0; up < 2 && !fs::exists(run / "config.toml"); ++up) run = run.parent_path();
  if (!fs::exists(run / "config.toml")) return facts;
  if (fs::exists(run / "weights.safetensors")) facts.parameters = parameters_of(run / "weights.safetensors");
  try {
    apps::TrainConfig config;
    config.load({run / "config.toml"}, {});
    facts.size = config.model.size;
    facts.roll = config.model.roll;
    const models::AioConfig &model = config.model.config, named = models::config_for_size(facts.size);
    if (model.hidden_size != named.hidden_size || model.layers != named.layers) {
      facts.size = message(model.hidden_size, " x ", model.layers);
    }
    facts.gmacs = 1e-9 * static_cast<double>(models::count_macs(model, {model.frames, model.max_text_len}).total());
  } catch (const Error&) {  // another version's: nothing is told; the run itself shows why
  }
  return facts;
}

TrainingRun read_training_run(const std::string& folder, const std::string& name) {
  const fs::path path = folder;
  TrainingRun run;
  run.name = name;
  for (const JsonRow& row : read_log(path / "metrics.jsonl")) {
    const bool evaluation = row.has("split");
    if (evaluation) run.split = row.text("split");
    add_points(row, evaluation ? run.evaluation : run.training);
  }
  if (fs::exists(path / "timing.jsonl")) read_timing(path / "timing.jsonl", run);
  if (fs::exists(path / "config.toml")) read_config(path / "config.toml", run);
  if (fs::exists(path / "environment.json")) read_environment(path / "environment.json", run);
  run.model = model_facts_near(folder);
  return run;
}

}  // namespace aio::report
