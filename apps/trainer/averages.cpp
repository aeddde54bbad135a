#include "apps/trainer/averages.h"

#include <nlohmann/json.hpp>

#include "tensor/error.h"

namespace aio::apps {

void Averages::add(std::string_view name, double sum, double count) {
  for (Entry& entry : entries_) {
    if (entry.name != name) continue;
    entry.sum += sum;
    entry.count += count;
    return;
  }
  entries_.push_back({std::string(name), sum, count});
}

void Averages::add(const Averages& other) {
  for (const Entry& entry : other.entries_) add(entry.name, entry.sum, entry.count);
}

double Averages::mean(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (entry.name == name) return entry.mean();
  }
  return 0;
}

std::string Averages::to_json() const {
  nlohmann::json json = nlohmann::json::array();
  for (const Entry& entry : entries_) json.push_back({entry.name, entry.sum, entry.count});
  return json.dump();
}

Averages Averages::from_json(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  check(json.is_array(), ErrorCode::format, "averages: not an array");
  Averages averages;
  for (const auto& entry : json) {
    check(entry.is_array() && entry.size() == 3 && entry[0].is_string() && entry[1].is_number() && entry[2].is_number(),
          ErrorCode::format, "averages: an entry is ", entry.dump(), ", expected [name, sum, count]");
    averages.entries_.push_back({entry[0].get<std::string>(), entry[1].get<double>(), entry[2].get<double>()});
  }
  return averages;
}

}  // namespace aio::apps
