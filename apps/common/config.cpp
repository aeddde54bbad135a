#include "apps/common/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>

#include "tensor/edit_distance.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

constexpr std::size_t kMaxFileBytes = 4 << 20;  // a configuration is a few kilobytes

/// A TOML basic string.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";  // else TOML reads an integer
  return text;
}

const char* type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::boolean: return "a boolean";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::string: return "a text";
    case toml::node_type::array: return "an array";
    case toml::node_type::table: return "a table";
    default: return "a date or time";
  }
}

ConfigValue value_of(const toml::node& node, const std::string& where) {
  if (const auto* value = node.as_boolean()) return value->get();
  if (const auto* value = node.as_integer()) return value->get();
  if (const auto* value = node.as_floating_point()) return value->get();
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* array = node.as_array()) {
    std::vector<std::string> texts;
    for (const toml::node& item : *array) {
      const auto* text = item.as_string();
      check(text != nullptr, ErrorCode::config, where, ": the array holds ", type_name(item), ", expected texts");
      texts.push_back(text->get());
    }
    return texts;
  }
  fail(ErrorCode::config, where, ": ", type_name(node), " is not a value of a configuration");
}

const char* type_name(const ConfigValue& value) {
  constexpr const char* kNames[] = {"boolean", "integer", "number", "text", "list of texts"};
  return kNames[value.index()];
}

/// The value as T; an integer passes for a number.
template <class T>
T get_as(const ConfigValue& value) {
  if constexpr (std::is_same_v<T, double>) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  }
  const T* const found = std::get_if<T>(&value);
  check(found != nullptr, ErrorCode::config, "is ", to_toml(value), ", expected ", type_name(ConfigValue(T{})));
  return *found;
}

template <class T>
void check_range(T value, T low, T high) {
  // Written so that NaN is refused.
  check(value >= low && value <= high, ErrorCode::config, "is ", to_toml(ConfigValue(value)), ", expected ",
        to_toml(ConfigValue(low)), " to ", to_toml(ConfigValue(high)));
}

toml::table parse(std::string_view text, const std::string& source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    fail(ErrorCode::config, source, ":", at.line, ":", at.column, ": ", error.description());
  }
}

/// Of --set, where a line and a column would tell nothing.
toml::table parse_assigned(const std::string& text, const std::string& type) {
  try {
    return toml::parse("value = " + text);
  } catch (const toml::parse_error&) {
    fail(ErrorCode::config, "is ", text, ", expected ", type);
  }
}

}  // namespace

std::string to_toml(const ConfigValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) return number(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return quoted(*text);
  std::string list = "[";
  for (const std::string& text : std::get<std::vector<std::string>>(value)) {
    list.append(list.size() > 1 ? ", " : "").append(quoted(text));
  }
  return list + "]";
}

void Config::add(Key key) {
  key.default_value = key.get();
  keys_.push_back(std::move(key));
}

void Config::add(const std::string& name, bool* variable, const std::string& help) {
  add({name, "boolean", "", help, [variable] { return ConfigValue(*variable); },
       [variable](const ConfigValue& value) { *variable = get_as<bool>(value); }});
}

void Config::add(const std::string& name, std::int64_t* variable, const std::string& unit, const std::string& help,
                 std::int64_t low, std::int64_t high) {
  add({name, "integer", unit, help, [variable] { return ConfigValue(*variable); },
       [variable, low, high](const ConfigValue& value) {
         const auto given = get_as<std::int64_t>(value);
         check_range(given, low, high);
         *variable = given;
       }});
}

void Config::add(const std::string& name, int* variable, const std::string& unit, const std::string& help, int low,
                 int high) {
  add({name, "integer", unit, help, [variable] { return ConfigValue(std::int64_t{*variable}); },
       [variable, low, high](const ConfigValue& value) {
         const auto given = get_as<std::int64_t>(value);
         check_range<std::int64_t>(given, low, high);
         *variable = static_cast<int>(given);
       }});
}

void Config::add(const std::string& name, double* variable, const std::string& unit, const std::string& help,
                 double low, double high) {
  add({name, "number", unit, help, [variable] { return ConfigValue(*variable); },
       [variable, low, high](const ConfigValue& value) {
         const auto given = get_as<double>(value);
         check_range(given, low, high);
         *variable = given;
       }});
}

void Config::add(const std::string& name, std::string* variable, const std::string& help) {
  add({name, "text", "", help, [variable] { return ConfigValue(*variable); },
       [variable](const ConfigValue& value) { *variable = get_as<std::string>(value); }});
}

void Config::add(const std::string& name, std::string* variable, const std::string& help,
                 const std::vector<std::string>& choices) {
  std::string list;
  for (const std::string& choice : choices) list.append(list.empty() ? "" : ", ").append(choice);
  add({name, "text", "", help + " (" + list + ")", [variable] { return ConfigValue(*variable); },
       [variable, choices, list](const ConfigValue& value) {
         const auto given = get_as<std::string>(value);
         check(std::find(choices.begin(), choices.end(), given) != choices.end(), ErrorCode::config, "is ",
               quoted(given), ", expected one of ", list);
         *variable = given;
       }});
}

void Config::add(const std::string& name, std::vector<std::string>* variable, const std::string& help) {
  add({name, "list of texts", "", help, [variable] { return ConfigValue(*variable); },
       [variable](const ConfigValue& value) { *variable = get_as<std::vector<std::string>>(value); }});
}

const Config::Key& Config::find(const std::string& name, const std::string& where) const {
  const Key* nearest = nullptr;
  std::size_t distance = std::numeric_limits<std::size_t>::max();
  for (const Key& key : keys_) {
    if (key.name == name) return key;
    const std::size_t d = edit_distance(name, key.name);
    if (d < distance) nearest = &key, distance = d;
  }
  fail(ErrorCode::config, where, ": unknown key ", name, nearest == nullptr ? "" : " (did you mean ",
       nearest == nullptr ? "" : nearest->name, nearest == nullptr ? "" : "? --help-config lists all)");
}

void Config::load_text(std::string_view text, const std::string& source) {
  const toml::table root = parse(text, source);
  const std::function<void(const toml::table&, const std::string&)> walk = [&](const toml::table& table,
                                                                               const std::string& prefix) {
    for (auto&& item : table) {
      const std::string name = prefix + std::string(item.first.str());
      const toml::node& node = item.second;
      const std::string where =
          message(source, ":", item.first.source().begin.line, ":", item.first.source().begin.column);
      if (const toml::table* inner = node.as_table()) {
        walk(*inner, name + ".");
        continue;
      }
      const Key& key = find(name, where);
      try {
        key.set(value_of(node, where));
      } catch (const Error& error) {
        fail(ErrorCode::config, where, ": ", name, " ", error.what());
      }
    }
  };
  walk(root, "");
}

void Config::load_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  check(file.good(), ErrorCode::io, path, ": cannot be read");
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  check(text.size() <= kMaxFileBytes, ErrorCode::config, path, ": larger than ", kMaxFileBytes,
        " bytes, which is no configuration");
  load_text(text, path);
}

void Config::set(const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  check(equals != std::string::npos && equals > 0, ErrorCode::config, "--set ", assignment, ": expected key=value");
  const std::string name = assignment.substr(0, equals), text = assignment.substr(equals + 1);
  const std::string where = "--set " + assignment;
  const Key& key = find(name, where);
  try {
    if (key.type == "text" && (text.empty() || (text[0] != '"' && text[0] != '\''))) {
      key.set(text);
    } else {
      const toml::table table = parse_assigned(text, key.type);
      const toml::node* const node = table.get("value");
      check(node != nullptr && table.size() == 1, ErrorCode::config, "is ", text, ", expected one value");
      key.set(value_of(*node, where));
    }
  } catch (const Error& error) {
    fail(ErrorCode::config, where, ": ", name, " ", error.what());
  }
}

std::string Config::to_toml() const {
  std::string text, table;
  for (const Key& key : keys_) {
    const std::size_t dot = key.name.rfind('.');
    const std::string prefix = dot == std::string::npos ? "" : key.name.substr(0, dot);
    if (prefix != table) text += (text.empty() ? "[" : "\n[") + prefix + "]\n", table = prefix;
    text += key.name.substr(dot == std::string::npos ? 0 : dot + 1) + " = " + apps::to_toml(key.get()) + "\n";
  }
  return text;
}

std::string Config::help() const {
  std::string text, table;
  for (const Key& key : keys_) {
    const std::size_t dot = key.name.rfind('.');
    const std::string prefix = dot == std::string::npos ? "" : key.name.substr(0, dot);
    if (prefix != table) text += (text.empty() ? "[" : "\n[") + prefix + "]\n", table = prefix;
    text += key.name.substr(dot == std::string::npos ? 0 : dot + 1) + " = " + apps::to_toml(key.default_value) +
            "  # " + key.type + (key.unit.empty() ? "" : ", " + key.unit) + ": " + key.help + "\n";
  }
  return text;
}

std::vector<std::string> Config::changes() const {
  std::vector<std::string> changed;
  for (const Key& key : keys_) {
    if (key.get() != key.default_value) changed.push_back(key.name + " = " + apps::to_toml(key.get()));
  }
  return changed;
}

}  // namespace aio::apps
