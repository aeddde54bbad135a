#pragma once
// Annotation files in JSON: whole, or row by row; their values with the file and line in every error. The one header
// that shows nlohmann's JSON, for the readers beside it.

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace aio {

/// An object and where it stands.
class JsonRow {
 public:
  JsonRow(nlohmann::json value, std::string where);

  const std::string& where() const { return where_; }
  const nlohmann::json& value() const { return value_; }

  bool has(const char* key) const;
  // Throw Error{format} "where: ..." when the key is missing or something else.
  std::string text(const char* key) const;      ///< a string, or a number as it is written
  std::int64_t integer(const char* key) const;  ///< an integer, or a string of one
  double number(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  const nlohmann::json& list(const char* key) const;
  JsonRow object(const char* key) const;

 private:
  const nlohmann::json& at(const char* key) const;
  nlohmann::json value_;
  std::string where_;
};

/// One JSON document. Throws Error{io|format}.
JsonRow read_json(const std::string& path);

/// One document that is a list. Throws Error{io|format}.
nlohmann::json read_json_list(const std::string& path);
/// Whether the file's first character that is no space is a bracket. Throws Error{io}.
bool is_json_array(const std::string& path);

/// The objects of a JSON Lines file, or of a file that is one JSON array, one in memory at a time.
void for_each_json_row(const std::string& path, const std::function<void(const JsonRow&)>& visit);

/// An object of answers and their classes (ans2label.json) as a list. Throws Error{format} unless the classes are
/// 0 .. n-1, each once.
std::vector<std::string> read_answer_classes(const std::string& path);

}  // namespace aio
