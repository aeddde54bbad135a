#include "nn/param_store.h"

#include <algorithm>
#include <set>

#include "autograd/autograd.h"
#include "tensor/edit_distance.h"
#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio::nn {
namespace {

/// FNV-1a; 64 bits are spread over the key's step and call, so a parameter's numbers depend on (seed, name) alone.
RngKey key_of(std::uint64_t seed, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return {seed, static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(hash)};
}

void append_names(std::string& text, const char* title, const std::vector<std::string>& names) {
  for (const std::string& name : names) text += message("\n  ", title, ": ", name);
}

}  // namespace

std::string to_string(const LoadReport& report) {
  std::string text = message(report.loaded.size(), " loaded, ", report.missing.size(), " missing, ",
                             report.unexpected.size(), " unexpected, ", report.wrong_shape.size(), " of wrong shape");
  append_names(text, "missing", report.missing);
  append_names(text, "unexpected", report.unexpected);
  append_names(text, "wrong shape", report.wrong_shape);
  return text;
}

LoadReport load_into(const char* what, const std::vector<NamedTensor>& targets,
                     const std::map<std::string, Tensor>& tensors, bool strict) {
  LoadReport report;
  std::vector<std::pair<const Tensor*, const Tensor*>> copies;
  std::set<std::string_view> wanted;
  for (const auto& [name, target] : targets) {
    wanted.insert(name);
    const auto found = tensors.find(name);
    if (found == tensors.end() || !found->second.defined()) {
      report.missing.push_back(name);
      continue;
    }
    const Tensor& source = found->second;
    const bool convertible = source.dtype() == target.dtype() || (is_float(source.dtype()) && is_float(target.dtype()));
    if (source.shape() != target.shape() || !convertible) {
      report.wrong_shape.push_back(message(name, ": file ", describe(source), ", model ", describe(target)));
      continue;
    }
    report.loaded.push_back(name);
    copies.emplace_back(&target, &source);
  }
  for (const auto& [name, tensor] : tensors) {
    if (!wanted.contains(name)) report.unexpected.push_back(name);
  }
  check(!strict || report.ok(), ErrorCode::format, what,
        ": names and shapes do not match, nothing was changed: ", report);
  for (const auto& [target, source] : copies) {
    raw::copy_(*target, raw::cast(*source, target->dtype()).to(target->device()));
  }
  return report;
}

ParamStore::ParamStore(std::uint64_t seed, TensorOptions options, Values values)
    : seed_(seed), options_(options), values_(values) {
  check(options.dtype == DType::f32 || options.dtype == DType::f64, ErrorCode::dtype, "ParamStore: parameters of type ",
        options.dtype, ", expected f32 or f64 (set ForwardCtx::compute to bf16 instead)");
}

Tensor ParamStore::add(const std::string& name, const Shape& shape, const Init& init) {
  check(!name.empty(), ErrorCode::value, "ParamStore: a parameter needs a name");
  check(!contains(name), ErrorCode::state, "ParamStore: the name ", name,
        " is taken (two modules were given the same scope)");
  const bool drawn = values_ == Values::drawn;
  Tensor value = drawn ? make(init, shape, key_of(seed_, name), options_) : Tensor::empty(shape, options_);
  set_requires_grad(value);
  index_.emplace(name, parameters_.size());
  parameters_.push_back({name, value, true});
  deferred_.push_back(values_ == Values::deferred ? std::optional(init) : std::nullopt);
  return value;
}

void ParamStore::draw_missing(std::string_view prefix) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const auto& [name, value, trainable] = parameters_[i];
    if (!deferred_[i] || !name.starts_with(prefix)) continue;
    raw::copy_(value, make(*deferred_[i], value.shape(), key_of(seed_, name), options_));
    deferred_[i].reset();
  }
}

const Parameter& ParamStore::get(std::string_view name) const {
  if (const auto found = index_.find(name); found != index_.end()) return parameters_[found->second];
  check(!parameters_.empty(), ErrorCode::value, "ParamStore: no parameter ", name, " (the store is empty)");
  const auto nearest = std::min_element(parameters_.begin(), parameters_.end(), [&](const auto& a, const auto& b) {
    return edit_distance(name, a.name) < edit_distance(name, b.name);
  });
  fail(ErrorCode::value, "ParamStore: no parameter ", name, " (the nearest name is ", nearest->name, ")");
}

std::int64_t ParamStore::numel() const {
  std::int64_t total = 0;
  for (const Parameter& parameter : parameters_) total += parameter.value.numel();
  return total;
}

int ParamStore::set_trainable(std::string_view pattern, bool trainable) {
  int matched = 0;
  for (Parameter& parameter : parameters_) {
    if (parameter.name.find(pattern) == std::string::npos) continue;
    set_requires_grad(parameter.value, trainable);
    parameter.trainable = trainable;
    ++matched;
  }
  return matched;
}

LoadReport ParamStore::load(const std::map<std::string, Tensor>& tensors, bool strict) {
  std::vector<NamedTensor> targets;
  for (const Parameter& parameter : parameters_) targets.emplace_back(parameter.name, parameter.value);
  LoadReport report = load_into("load", targets, tensors, strict);
  for (const std::string& name : report.loaded) deferred_[index_.at(name)].reset();
  return report;
}

std::map<std::string, Tensor> ParamStore::state() const {
  std::map<std::string, Tensor> tensors;
  for (const Parameter& parameter : parameters_) tensors.emplace(parameter.name, raw::alias(parameter.value));
  return tensors;
}

ParamScope ParamScope::operator/(std::string_view name) const {
  return ParamScope(*store_, prefix_.empty() ? std::string(name) : message(prefix_, ".", name));
}

ParamScope ParamScope::operator/(int index) const { return *this / std::string_view(std::to_string(index)); }

Tensor ParamScope::param(std::string_view name, const Shape& shape, const Init& init) const {
  return store_->add((*this / name).prefix(), shape, init);
}

}  // namespace aio::nn
