// The layout of pytorch_lightning 1.1's dump_checkpoint(): epoch, global_step, pytorch-lightning_version, callbacks,
// optimizer_states, lr_schedulers, state_dict, hparams_name, hyper_parameters. The key of a callback is its class.

#include "models/checkpoint/lightning.h"

#include <algorithm>
#include <array>

#include "models/checkpoint/text.h"
#include "tensor/error.h"

namespace aio::weights {
namespace {

constexpr std::array kWrappers = {"state_dict", "model"};
constexpr std::array kHyperParameters = {"hyper_parameters", "hparams", "args"};  // "args": DeiT
constexpr std::array kFacts = {"epoch", "global_step", "pytorch-lightning_version", "hparams_name"};

bool holds_tensors(const TorchFile& file, const Value& value) {
  const auto& entries = file.tree().node(value).entries;
  return file.tree().is_mapping(value) && std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
           return file.tensor(std::string(file.tree().text(entry.first)), entry.second).has_value();
         });
}

/// A key as text: classes by their names.
std::string key_text(const ValueTree& tree, const Value& key) {
  return key.kind == ValueKind::text ? std::string(tree.text(key)) : tree.to_json(key);
}

/// The first keys of a mapping.
std::string key_list(const ValueTree& tree, const Value& mapping) {
  std::vector<std::string> keys;
  for (const auto& entry : tree.node(mapping).entries) keys.push_back(printable(key_text(tree, entry.first)));
  return listed(keys, ", ", 5);
}

std::string fact_text(const ValueTree& tree, const Value& value) {
  return value.kind == ValueKind::text ? std::string(tree.text(value)) : tree.to_json(value);
}

}  // namespace

StateDict find_state_dict(const TorchFile& file, const std::string& path) {
  const ValueTree& tree = file.tree();
  const Value& root = tree.root;
  check(root.kind != ValueKind::object || tree.is_mapping(root), ErrorCode::format, path, ": holds a pickled ",
        printable(tree.global_name(root)), ", not a dictionary of tensors (save model.state_dict() instead)");
  check(tree.is_mapping(root), ErrorCode::format, path, ": holds a value that is not a dictionary of tensors");
  StateDict result;
  for (const char* const wrapper : kWrappers) {
    const Value* const inner = tree.find(root, wrapper);
    if (result.tensors == nullptr && inner != nullptr && holds_tensors(file, *inner)) {
      result.tensors = inner;
      result.wrapper = wrapper;
    }
  }
  if (result.tensors == nullptr) {
    check(holds_tensors(file, root), ErrorCode::format, path,
          ": holds no tensors under state_dict, model or the top level; its keys are ", key_list(tree, root));
    result.tensors = &root;
    return result;
  }
  for (const char* const name : kHyperParameters) {
    const Value* const found = tree.find(root, name);
    if (result.hyper_parameters == nullptr && found != nullptr) result.hyper_parameters = found;
  }
  for (const auto& [key, value] : tree.node(root).entries) {
    const std::string name = key_text(tree, key);
    const auto is_name = [&](const char* known) { return name == known; };
    if (std::any_of(kFacts.begin(), kFacts.end(), is_name)) {
      result.metadata[name] = fact_text(tree, value);
    } else if (name != result.wrapper && std::none_of(kHyperParameters.begin(), kHyperParameters.end(), is_name)) {
      result.sections.push_back(name);
    }
  }
  return result;
}

}  // namespace aio::weights
