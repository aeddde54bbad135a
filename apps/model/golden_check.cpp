#include "apps/model/golden_check.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "apps/model/golden_outputs.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"

namespace aio::apps {
namespace {

/// "v.grad_mlm_loss.pooler.dense.bias": part "v.", kind "grad_mlm_loss", name "pooler.dense.bias".
struct Key {
  explicit Key(const std::string& key) {
    std::size_t begin = 0;
    if (key.starts_with("v.") || key.starts_with("i.")) begin = 2;
    part = key.substr(0, begin);
    const std::size_t dot = key.find('.', begin);
    if (dot == std::string::npos) {
      name = key.substr(begin);
      return;
    }
    kind = key.substr(begin, dot - begin);
    name = key.substr(dot + 1);
  }
  bool is_gradient() const { return kind.starts_with("grad"); }
  /// The loss that a gradient is of: "grad" of the total, "grad_mpp" of mpp_loss, "grad_aux" of a sum.
  std::string loss() const {
    if (kind == "grad") return "total_loss";
    const std::string given = kind.substr(5);
    return given == "aux" || given.ends_with("_loss") ? given : given + "_loss";
  }
  std::string part, kind, name;
};

using Gradients = std::map<std::string, Tensor>;

class Checker {
 public:
  Checker(const GoldenSet& set, Device device)
      : set_(set), store_(0, {DType::f32, device}), model_(store_, set.config) {
    store_.load(set.weights);
    for (GoldenPart part : parts_of(set)) {
      parts_.emplace(part.prefix, GoldenOutputs(model_, set, part));
      part.shuffled = true;
      shuffled_.emplace(part.prefix, GoldenOutputs(model_, set, part));
    }
  }

  std::vector<Comparison> run() {
    for (const std::string& key : set_.keys) {
      const Key parsed(key);
      if (parsed.kind == "in" && parsed.name != "itm_labels") continue;
      guarded(key, to_string(set_.tensors.at(key).shape()), [&] { return check_key(key, parsed); });
    }
    for (const auto& [name, value] : set_.scalars) {
      guarded("scalars." + name, "[]", [&, &key = name, &expected = value] {
        const Tensor computed = output(Key(key));
        if (!computed.defined()) return not_understood("scalars." + key, "[]");
        return compare("scalars." + key, computed.item(), expected, Tolerance::scalar());
      });
    }
    check_grad_none();
    for (const auto& [loss, norms] : set_.grad_norms) check_norms(loss, norms);
    return std::move(results_);
  }

 private:
  /// Inputs that make a pass fail fail the key, not the program.
  void guarded(const std::string& key, const std::string& shape, const std::function<Comparison()>& check_it) {
    try {
      results_.push_back(check_it());
    } catch (const Error& error) {
      if (error.code() == ErrorCode::oom || error.code() == ErrorCode::device || error.code() == ErrorCode::cuda) throw;
      results_.push_back(failure(key, shape, error.what()));
    }
  }

  static Comparison not_understood(const std::string& key, const std::string& shape) {
    return failure(key, shape, "this key is not understood");
  }

  Comparison check_key(const std::string& key, const Key& parsed) {
    const Tensor& reference = set_.tensors.at(key);
    if (parsed.is_gradient()) {
      const Gradients& gradients = gradients_of(parsed.part, parsed.loss());
      const auto found = gradients.find(our_name(parsed.name));
      const std::string shape = to_string(reference.shape());
      if (found == gradients.end()) return failure(key, shape, "there is no such gradient");
      return compare(key, found->second, reference, Tolerance::gradient(largest_gradient(parsed)));
    }
    const Tensor computed = parsed.kind == "in" ? drawn_labels(parsed.part) : output(parsed);
    if (!computed.defined()) return not_understood(key, to_string(reference.shape()));
    const bool scalar = reference.rank() == 0 && is_float(reference.dtype());
    return compare(key, computed, reference, scalar ? Tolerance::scalar() : Tolerance::output());
  }

  Tensor output(const Key& key) {
    if (key.kind.empty()) return key.name == "total_loss" ? detach(loss("", key.name)) : Tensor{};
    if (key.kind != "out" && key.kind != "shuf") return {};
    auto& parts = key.kind == "out" ? parts_ : shuffled_;
    const auto found = parts.find(key.part);
    return found == parts.end() ? Tensor{} : found->second.output(key.name);
  }

  /// A loss with history. The total of a set in parts is that of all parts.
  Tensor loss(const std::string& part, const std::string& name) {
    const auto found = parts_.find(part);
    if (found != parts_.end()) return found->second.loss(name);
    Tensor sum;
    for (auto& [prefix, outputs] : parts_) {
      const Tensor value = outputs.loss(name);
      if (value.defined()) sum = sum.defined() ? sum + value : value;
    }
    return sum;
  }

  const Gradients& gradients_of(const std::string& part, const std::string& loss_name) {
    if (const auto known = gradients_.find(part + loss_name); known != gradients_.end()) return known->second;
    const Tensor value = loss(part, loss_name);
    check(value.defined(), ErrorCode::value, "the loss \"", loss_name, "\" is not understood");
    for (const nn::Parameter& parameter : store_.parameters()) {
      set_grad(parameter.value, {});
      clear_grad_touched(parameter.value);
    }
    backward(value);
    Gradients gradients;
    for (const nn::Parameter& parameter : store_.parameters()) {
      if (grad_touched(parameter.value)) gradients[parameter.name] = grad(parameter.value);
    }
    return gradients_[part + loss_name] = std::move(gradients);
  }

  /// Of the reference, over all parameters with the same loss.
  double largest_gradient(const Key& key) {
    const auto [place, is_new] = largest_.try_emplace(key.part + key.kind, 0);
    if (!is_new) return place->second;
    for (const std::string& other : set_.keys) {
      const Key parsed(other);
      if (parsed.part == key.part && parsed.kind == key.kind) {
        place->second = std::max(place->second, largest_magnitude(set_.tensors.at(other)));
      }
    }
    return place->second;
  }

  /// The permutation that a set records puts floor(B / 2) matches at random places.
  Tensor drawn_labels(const std::string& part) const {
    const auto found = set_.tensors.find(part + "in.itm_perm");
    if (found == set_.tensors.end()) return set_.tensors.at(part + "in.itm_labels");
    const std::vector<std::int64_t> places = found->second.to_vector<std::int64_t>();
    const auto B = static_cast<std::int64_t>(places.size());
    std::vector<std::int64_t> labels;
    for (const std::int64_t place : places) {
      check(place >= 0 && place < B && std::count(places.begin(), places.end(), place) == 1, ErrorCode::value, part,
            "in.itm_perm is no permutation");
      labels.push_back(place < B / 2 ? 1 : 0);
    }
    return Tensor::from(labels, found->second.shape());
  }

  void check_grad_none() {
    if (set_.grad_none.empty()) return;
    // Of the total, or where a set has gradients of one loss only, of that.
    Key main("grad.");
    for (const std::string& key : set_.keys) {
      const Key parsed(key);
      if (parsed.kind == "grad") main = parsed;
      if (parsed.is_gradient() && main.name.empty()) main = parsed;
    }
    for (const std::string& name : set_.grad_none) {
      guarded("grad_none." + name, "[]",
              [&] { return check_unreached("grad_none." + name, main.part, main.loss(), name); });
    }
  }

  Comparison check_unreached(const std::string& key, const std::string& part, const std::string& loss_name,
                             const std::string& parameter) {
    if (!store_.contains(parameter)) return failure(key, "[]", "there is no such parameter");
    const Gradients& gradients = gradients_of(part, loss_name);
    const auto found = gradients.find(parameter);
    if (found == gradients.end()) return compare(key, 0.0, 0.0, Tolerance{});
    Comparison result = compare(key, largest_magnitude(found->second), 0.0, Tolerance{});
    result.pass = false;
    result.note = "the loss reaches it";
    return result;
  }

  void check_norms(const std::string& loss_name, const NamedNorms& norms) {
    double largest = 0;
    for (const auto& [name, norm] : norms) largest = std::max(largest, norm.value_or(0));
    for (const auto& [name, norm] : norms) {
      const std::string key = "grad_norms." + loss_name + "." + name;
      guarded(key, "[]", [&, &given = name, &expected = norm] {
        const std::string parameter = our_name(given);
        if (!expected) return check_unreached(key, "", loss_name, parameter);
        const Gradients& gradients = gradients_of("", loss_name);
        const auto found = gradients.find(parameter);
        if (found == gradients.end()) return failure(key, "[]", "there is no such gradient");
        const Tensor gradient = cast(found->second.to(Device{}), DType::f64);
        return compare(key, std::sqrt(sum(gradient * gradient).item()), *expected, Tolerance::gradient(largest));
      });
    }
  }

  const GoldenSet& set_;
  nn::ParamStore store_;
  models::AllInOne model_;
  std::map<std::string, GoldenOutputs> parts_, shuffled_;
  std::map<std::string, Gradients> gradients_;
  std::map<std::string, double> largest_;
  std::vector<Comparison> results_;
};

}  // namespace

std::vector<Comparison> check_golden_set(const GoldenSet& set, Device device) {
  GoldenSet placed = set;
  for (auto& [key, tensor] : placed.tensors) {
    if (Key(key).kind == "in") tensor = tensor.to(device);
  }
  return Checker(placed, device).run();
}

}  // namespace aio::apps
