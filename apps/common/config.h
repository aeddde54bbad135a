#pragma once
// Configuration: typed keys with documentation, filled from a TOML file and then from --set key=value.
//
//   Config config;
//   config.add("train.max_steps", &settings.max_steps, "steps", "stop after this many updates");
//   config.load_file("demo.toml");
//   config.set("train.max_steps=100");
//
// The defaults are what the variables hold when they are added. An unknown key is an error that names the nearest known
// one; so is a value of another type or outside its range. to_toml() writes every key with its value: read back, it
// gives the same configuration.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace aio::apps {

using ConfigValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

/// As TOML writes it; doubles so that they are read back exactly.
std::string to_toml(const ConfigValue& value);

class Config {
 public:
  /// Reads and writes one key's variable. `set` throws Error{config} for a value that it does not accept.
  struct Key {
    std::string name;  ///< dotted: "table.key"
    std::string type;  ///< "boolean", "integer", "number", "text", "list of texts"
    std::string unit;  ///< "steps", "pixels", ...; empty: none
    std::string help;
    std::function<ConfigValue()> get;
    std::function<void(const ConfigValue&)> set;
    ConfigValue default_value{};
  };

  // `variable` outlives the Config. Integers given for a number are taken.
  void add(const std::string& name, bool* variable, const std::string& help);
  void add(const std::string& name, std::int64_t* variable, const std::string& unit, const std::string& help,
           std::int64_t low, std::int64_t high);
  void add(const std::string& name, int* variable, const std::string& unit, const std::string& help, int low, int high);
  void add(const std::string& name, double* variable, const std::string& unit, const std::string& help, double low,
           double high);
  void add(const std::string& name, std::string* variable, const std::string& help);
  /// One of `choices`.
  void add(const std::string& name, std::string* variable, const std::string& help,
           const std::vector<std::string>& choices);
  void add(const std::string& name, std::vector<std::string>* variable, const std::string& help);
  void add(Key key);

  /// Throws Error{config} "demo.toml:12:3: ..."; Error{io} if the file cannot be read.
  void load_file(const std::string& path);
  /// `text` named `source` in messages.
  void load_text(std::string_view text, const std::string& source);
  /// "key=value", value as in TOML; text may go without quotes. Throws Error{config}.
  void set(const std::string& assignment);

  const std::vector<Key>& keys() const { return keys_; }
  /// Every key by table, in the order of add().
  std::string to_toml() const;
  /// The same with type, unit, default and meaning of each key: what --help-config prints.
  std::string help() const;
  /// Keys whose value is not the default, as "key = value".
  std::vector<std::string> changes() const;

 private:
  const Key& find(const std::string& name, const std::string& where) const;
  std::vector<Key> keys_;
};

}  // namespace aio::apps
