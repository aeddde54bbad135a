#include "models/checkpoint/value_tree.h"

#include <array>
#include <charconv>
#include <cmath>

#include "models/checkpoint/text.h"
#include "tensor/error.h"

namespace aio::weights {
namespace {

bool has_node(ValueKind kind) { return kind >= ValueKind::list; }

/// Prints a tree as JSON. Trees may be cyclic: depth and length are bounded.
class JsonPrinter {
 public:
  JsonPrinter(const ValueTree& tree, std::size_t limit) : tree_(tree), limit_(limit) {}

  void print(const Value& value, int depth) {
    check(depth < kMaxDepth, ErrorCode::format, "pickle: the values to print are nested deeper than ", kMaxDepth,
          " levels, or contain themselves");
    check(text_.size() <= limit_, ErrorCode::format, "pickle: the values to print take more than ", limit_,
          " bytes as JSON");
    switch (value.kind) {
      case ValueKind::none: text_ += "\"None\""; break;
      case ValueKind::boolean: text_ += value.integer != 0 ? "true" : "false"; break;
      case ValueKind::integer: text_ += std::to_string(value.integer); break;
      case ValueKind::big_integer: text_ += message("\"an integer of ", value.size, " bytes\""); break;
      case ValueKind::real: print_real(value.real); break;
      case ValueKind::text: text_ += json_quoted(tree_.text(value)); break;
      case ValueKind::bytes: text_ += message("\"", value.size, " bytes\""); break;
      case ValueKind::global:
      case ValueKind::persistent: print_name(value); break;
      case ValueKind::list:
      case ValueKind::tuple:
      case ValueKind::set: print_items(tree_.node(value), depth); break;
      case ValueKind::dict: print_entries(tree_.node(value), depth); break;
      case ValueKind::object: print_object(value, depth); break;
    }
  }

  std::string take() { return std::move(text_); }

 private:
  static constexpr int kMaxDepth = 100;

  void print_real(double number) {
    if (!std::isfinite(number)) {
      text_ += std::isnan(number) ? "\"nan\"" : number > 0 ? "\"inf\"" : "\"-inf\"";
      return;
    }
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    const std::string_view printed(digits.data(), static_cast<std::size_t>(end - digits.data()));
    text_ += printed;
    if (printed.find_first_of(".e") == std::string_view::npos) text_ += ".0";
  }

  void print_name(const Value& value) {
    const std::string_view name = value.kind == ValueKind::persistent ? "storage" : tree_.global_name(value);
    text_ += json_quoted(message("<", name, ">"));
  }

  void print_items(const ValueNode& node, int depth) {
    text_ += '[';
    for (const Value& item : node.items) {
      if (&item != node.items.data()) text_ += ',';
      print(item, depth + 1);
    }
    text_ += ']';
  }

  void print_entries(const ValueNode& node, int depth) {
    text_ += '{';
    for (const auto& entry : node.entries) {
      if (&entry != node.entries.data()) text_ += ',';
      print_key(entry.first, depth);
      text_ += ':';
      print(entry.second, depth + 1);
    }
    text_ += '}';
  }

  /// JSON's keys are texts: other keys appear as the text that print() makes of them.
  void print_key(const Value& key, int depth) {
    JsonPrinter printer(tree_, limit_);
    printer.print(key, depth + 1);
    const std::string printed = printer.take();
    text_ += printed.starts_with('"') ? printed : json_quoted(printed);
  }

  /// Subclasses of dict and list as what they hold, other instances as their attributes, else the name of the class.
  void print_object(const Value& value, int depth) {
    const ValueNode& node = tree_.node(value);
    if (!node.entries.empty() || tree_.global_name(value) == "collections.OrderedDict") {
      print_entries(node, depth);
    } else if (!node.items.empty()) {
      print_items(node, depth);
    } else if (tree_.is_mapping(node.state)) {
      print(node.state, depth + 1);
    } else {
      print_name(value);
    }
  }

  const ValueTree& tree_;
  std::size_t limit_;
  std::string text_;
};

}  // namespace

std::string_view ValueTree::text(const Value& value) const {
  switch (value.kind) {
    case ValueKind::text:
    case ValueKind::bytes:
    case ValueKind::big_integer: return stream_.substr(value.place, value.size);
    case ValueKind::global: return globals_[value.place];
    default: return {};
  }
}

const ValueNode& ValueTree::node(const Value& value) const {
  static const ValueNode kEmpty{};
  return has_node(value.kind) ? nodes_[value.place] : kEmpty;
}

bool ValueTree::is_text(const Value& value, std::string_view expected) const {
  return value.kind == ValueKind::text && text(value) == expected;
}

bool ValueTree::is_mapping(const Value& value) const {
  if (value.kind == ValueKind::dict) return true;
  return value.kind == ValueKind::object &&
         (!node(value).entries.empty() || global_name(value) == "collections.OrderedDict");
}

const Value* ValueTree::find(const Value& mapping, std::string_view key) const {
  const auto& entries = node(mapping).entries;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (is_text(entry->first, key)) return &entry->second;
  }
  return nullptr;
}

std::string_view ValueTree::global_name(const Value& value) const {
  if (value.kind == ValueKind::global) return text(value);
  if (value.kind == ValueKind::object) return text(node(value).callable);
  return {};
}

std::span<const Value> ValueTree::items(const Value& value) const {
  if (value.kind != ValueKind::tuple && value.kind != ValueKind::list) return {};
  return node(value).items;
}

std::string ValueTree::to_json(const Value& value, std::size_t limit) const {
  JsonPrinter printer(*this, limit);
  printer.print(value, 0);
  return printer.take();
}

Value ValueTree::add_node(ValueKind kind) {
  Value value;
  value.kind = kind;
  value.place = nodes_.size();
  nodes_.emplace_back();
  if (kind == ValueKind::persistent) persistents_.push_back(value);
  return value;
}

Value ValueTree::add_global(std::string name) {
  Value value;
  value.kind = ValueKind::global;
  if (const auto found = global_places_.find(name); found != global_places_.end()) {
    value.place = found->second;
    return value;
  }
  value.place = globals_.size();
  globals_.push_back(std::move(name));
  global_places_.emplace(globals_.back(), value.place);
  return value;
}

}  // namespace aio::weights
