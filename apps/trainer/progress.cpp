#include "apps/trainer/progress.h"

#include <nlohmann/json.hpp>

#include "tensor/error.h"

namespace aio::apps {

std::string Progress::to_json() const {
  const nlohmann::ordered_json json = {{"skipped", skipped},
                                       {"skipped_in_a_row", skipped_in_a_row},
                                       {"averages", nlohmann::json::parse(averages.to_json())},
                                       {"best_step", best_step},
                                       {"best", best},
                                       {"metrics_length", lengths.metrics},
                                       {"timing_length", lengths.timing}};
  return json.dump();
}

Progress Progress::from_json(std::int64_t step, const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    Progress progress;
    progress.step = step;
    progress.skipped = json.at("skipped").get<std::int64_t>();
    progress.skipped_in_a_row = json.at("skipped_in_a_row").get<std::int64_t>();
    progress.averages = Averages::from_json(json.at("averages").dump());
    progress.best_step = json.at("best_step").get<std::int64_t>();
    progress.best = json.at("best").get<double>();
    progress.lengths = {json.at("metrics_length").get<std::int64_t>(), json.at("timing_length").get<std::int64_t>()};
    return progress;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::format, "the checkpoint's state.json: ", error.what());
  }
}

}  // namespace aio::apps
