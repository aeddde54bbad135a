#include "apps/trainer/variants.h"

#include <algorithm>
#include <filesystem>

#include "tensor/error.h"

namespace aio::apps {
namespace {

std::vector<std::string> split_values(const std::string& text) {
  std::vector<std::string> values(1);
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == '[') ++depth;
    if (c == ']') --depth;
    if (c == ',' && depth == 0 && !quoted) {
      values.emplace_back();
    } else {
      values.back() += c;
    }
  }
  return values;
}

/// The one key that ends so; else the text as it is, which Config::set() refuses, naming the nearest.
std::string full_name(const std::string& name, const Config& keys) {
  std::vector<std::string> matches;
  for (const Config::Key& key : keys.keys()) {
    if (key.name == name) return name;
    if (key.name.ends_with("." + name)) matches.push_back(key.name);
  }
  return matches.size() == 1 ? matches[0] : name;
}

}  // namespace

Variants parse_variants(const std::string& text, const Config& keys) {
  const std::size_t equals = text.find('=');
  const bool by_key = equals != std::string::npos && equals > 0 && equals + 1 < text.size();
  check(by_key || text.ends_with(".toml"), ErrorCode::config, "--ablate ", text,
        ": expected key=value,value,... or FILE.toml,FILE.toml,...");
  Variants result;
  if (by_key) result.key = full_name(text.substr(0, equals), keys);
  for (const std::string& value : split_values(by_key ? text.substr(equals + 1) : text)) {
    if (by_key) {
      result.variants.push_back({value, {}, {result.key + "=" + value}});
      continue;
    }
    const std::filesystem::path file = value;
    check(std::filesystem::is_regular_file(file), ErrorCode::config, "--ablate ", text, ": there is no file ", value);
    result.key = std::filesystem::absolute(file).parent_path().filename().string();
    result.variants.push_back({file.stem().string(), {value}, {}});
  }
  for (auto here = result.variants.begin(); here != result.variants.end(); ++here) {
    const bool again =
        std::any_of(result.variants.begin(), here, [&](const auto& one) { return one.name == here->name; });
    check(!again, ErrorCode::config, "--ablate ", text, ": ", here->name, " stands twice");
  }
  return result;
}

}  // namespace aio::apps
