#include "apps/evaluator/json_line.h"

#include <nlohmann/json.hpp>

namespace aio::apps {
namespace {

using nlohmann::json;

/// Texts come from users' files: what is no UTF-8 becomes U+FFFD.
std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

json extra_of(const Sample& sample) {
  return sample.extra.empty() ? json::object() : json::parse(sample.extra, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

JsonLine::JsonLine(const Sample& sample, bool readable) {
  add("id", sample.id);
  add("media", sample.media);
  if (!readable) add_flag("unreadable", true);
}

JsonLine& JsonLine::add_json(std::string_view key, const std::string& value) {
  if (text_.size() > 1) text_ += ", ";
  text_.append(dump(json(key))).append(": ").append(value);
  return *this;
}

JsonLine& JsonLine::add(std::string_view key, const std::string& value) { return add_json(key, dump(json(value))); }
JsonLine& JsonLine::add(std::string_view key, double value) { return add_json(key, dump(json(value))); }
JsonLine& JsonLine::add(std::string_view key, std::int64_t value) { return add_json(key, dump(json(value))); }
JsonLine& JsonLine::add_flag(std::string_view key, bool value) { return add_json(key, value ? "true" : "false"); }
JsonLine& JsonLine::add(std::string_view key, const std::vector<std::string>& values) {
  return add_json(key, dump(json(values)));
}
JsonLine& JsonLine::add(std::string_view key, const std::vector<double>& values) {
  return add_json(key, dump(json(values)));
}
JsonLine& JsonLine::add(std::string_view key, const std::vector<std::int64_t>& values) {
  return add_json(key, dump(json(values)));
}
JsonLine& JsonLine::add(std::string_view key, const std::vector<ScoredText>& values) {
  return add_json(key, dump(json(values)));
}
JsonLine& JsonLine::add_extra(const Sample& sample) {
  return sample.extra.empty() ? *this : add_json("extra", dump(extra_of(sample)));
}

std::string extra_text(const Sample& sample, const std::string& key) {
  const json extra = extra_of(sample);
  return extra.contains(key) && extra.at(key).is_string() ? extra.at(key).get<std::string>() : std::string();
}

std::vector<std::string> extra_texts(const Sample& sample, const std::string& key) {
  const json extra = extra_of(sample);
  std::vector<std::string> texts;
  if (!extra.contains(key) || !extra.at(key).is_array()) return texts;
  for (const json& text : extra.at(key)) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

}  // namespace aio::apps
