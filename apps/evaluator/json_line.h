#pragma once
// JsonLine: a JSON object written key by key, for a line of predictions.jsonl.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/sample.h"

namespace aio::apps {

/// A text and its score.
using ScoredText = std::pair<std::string, double>;

class JsonLine {
 public:
  /// Begins with the sample's id and media, and "unreadable": true where it is.
  JsonLine(const Sample& sample, bool readable);

  JsonLine& add(std::string_view key, const std::string& value);
  JsonLine& add(std::string_view key, double value);
  JsonLine& add(std::string_view key, std::int64_t value);
  /// (Not an overload of add(): a literal would rather become a bool than a std::string.)
  JsonLine& add_flag(std::string_view key, bool value);
  JsonLine& add(std::string_view key, const std::vector<std::string>& values);
  JsonLine& add(std::string_view key, const std::vector<double>& values);
  JsonLine& add(std::string_view key, const std::vector<std::int64_t>& values);
  /// [["text", score], ...]
  JsonLine& add(std::string_view key, const std::vector<ScoredText>& values);
  /// The data set's own keys of a sample, as one object, if it has any.
  JsonLine& add_extra(const Sample& sample);
  std::string text() const { return text_ + "}"; }

 private:
  /// `json`: the value as JSON.
  JsonLine& add_json(std::string_view key, const std::string& json);
  std::string text_ = "{";
};

/// The text under `key` among the sample's own keys; empty if it is no text or not there.
std::string extra_text(const Sample& sample, const std::string& key);
/// The list of texts there; likewise.
std::vector<std::string> extra_texts(const Sample& sample, const std::string& key);

}  // namespace aio::apps
