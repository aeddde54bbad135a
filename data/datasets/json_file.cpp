#include "data/datasets/json_file.h"

#include <charconv>

#include "data/data_file.h"
#include "data/row_index.h"
#include "tensor/error.h"

namespace aio {

namespace {

using nlohmann::json;

constexpr std::uint64_t kMaxDocumentBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxRowBytes = std::uint64_t{1} << 24;
constexpr int kMaxDepth = 32;

json parse(const std::string& text, const std::string& where) {
  const auto watch = [&](int depth, json::parse_event_t, json&) {
    check(depth <= kMaxDepth, ErrorCode::format, where, ": nested deeper than ", kMaxDepth, " levels");
    return true;
  };
  try {
    return json::parse(text, watch);
  } catch (const json::exception& error) {
    fail(ErrorCode::format, where, ": not JSON: ", error.what());
  }
}

bool begins_with_bracket(const DataFile& file) {
  char c = ' ';
  for (std::uint64_t at = 0; file.read_some(at, &c, 1) == 1; ++at) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') break;
  }
  return c == '[';
}

}  // namespace

JsonRow::JsonRow(json value, std::string where) : value_(std::move(value)), where_(std::move(where)) {
  check(value_.is_object(), ErrorCode::format, where_, ": not a JSON object");
}

bool JsonRow::has(const char* key) const { return value_.contains(key) && !value_[key].is_null(); }

const json& JsonRow::at(const char* key) const {
  check(has(key), ErrorCode::format, where_, ": has no ", key);
  return value_[key];
}

std::string JsonRow::text(const char* key) const {
  const json& value = at(key);
  if (value.is_number()) return value.dump();
  check(value.is_string(), ErrorCode::format, where_, ": ", key, " is ", value.type_name(), ", expected a string");
  return value.get<std::string>();
}

std::int64_t JsonRow::integer(const char* key) const {
  const json& value = at(key);
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_string()) {
    const auto& digits = value.get_ref<const std::string&>();
    std::int64_t result = 0;
    const char* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, result);
    if (parsed.ec == std::errc() && parsed.ptr == end) return result;
  }
  fail(ErrorCode::format, where_, ": ", key, " is ", value.dump(), ", expected an integer");
}

double JsonRow::number(const char* key) const {
  const json& value = at(key);
  check(value.is_number(), ErrorCode::format, where_, ": ", key, " is ", value.dump(), ", expected a number");
  return value.get<double>();
}

std::vector<std::string> JsonRow::texts(const char* key) const {
  std::vector<std::string> result;
  for (const json& one : list(key)) {
    check(one.is_string(), ErrorCode::format, where_, ": ", key, " holds ", one.dump(), ", expected a string");
    result.push_back(one.get<std::string>());
  }
  return result;
}

const json& JsonRow::list(const char* key) const {
  const json& value = at(key);
  check(value.is_array(), ErrorCode::format, where_, ": ", key, " is ", value.type_name(), ", expected a list");
  return value;
}

JsonRow JsonRow::object(const char* key) const { return {at(key), where_ + ": " + key}; }

JsonRow read_json(const std::string& path) { return {parse(read_file(path, kMaxDocumentBytes), path), path}; }

json read_json_list(const std::string& path) {
  json list = parse(read_file(path, kMaxDocumentBytes), path);
  check(list.is_array(), ErrorCode::format, path, ": not a JSON list");
  return list;
}

bool is_json_array(const std::string& path) { return begins_with_bracket(DataFile(path)); }

void for_each_json_row(const std::string& path, const std::function<void(const JsonRow&)>& visit) {
  const DataFile file(path);
  const RowIndex rows = begins_with_bracket(file) ? index_json_array(file) : index_lines(file);
  for (std::size_t i = 0; i < rows.begin.size(); ++i) {
    const std::string where = message(path, ":", rows.line[i]);
    const std::uint64_t bytes = rows.bytes(i);
    check(bytes <= kMaxRowBytes, ErrorCode::format, where, ": has ", bytes, " bytes, at most ", kMaxRowBytes,
          " are read");
    std::string text = file.read(rows.begin[i], static_cast<std::size_t>(bytes));
    text.erase(text.find_last_not_of(" \t\r\n,") + 1);
    visit(JsonRow(parse(text, where), where));
  }
}

std::vector<std::string> read_answer_classes(const std::string& path) {
  const JsonRow classes = read_json(path);
  std::vector<std::string> answers(classes.value().size());
  std::vector<bool> seen(answers.size());
  for (const auto& entry : classes.value().items()) {
    const std::int64_t place = classes.integer(entry.key().c_str());
    check(place >= 0 && place < static_cast<std::int64_t>(answers.size()) && !seen[static_cast<std::size_t>(place)],
          ErrorCode::format, path, ": answer \"", entry.key(), "\" has the class ", place, ", expected each of 0 to ",
          answers.size() - 1, " once");
    answers[static_cast<std::size_t>(place)] = entry.key();
    seen[static_cast<std::size_t>(place)] = true;
  }
  return answers;
}

}  // namespace aio
