#pragma once
// ParamStore owns the parameters of a model by dotted name; ParamScope is a place in that name space.
//
//   struct Mlp {
//     Mlp(ParamScope s, std::int64_t dim, std::int64_t hidden)
//         : fc1(s / "fc1", dim, hidden), fc2(s / "fc2", hidden, dim) {}
//     Linear fc1, fc2;
//   };
//
// A parameter is named where it is made, so modules are plain values, nothing can forget to register, and the names
// equal the reference's state-dict names.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/init.h"
#include "tensor/tensor.h"

namespace aio::nn {

struct Parameter {
  std::string name;
  Tensor value;  ///< a leaf that requires grad unless frozen
  bool trainable = true;
};

/// What strict or lenient loading found.
struct LoadReport {
  std::vector<std::string> loaded, missing, unexpected, wrong_shape;  ///< wrong_shape: "name: file f32[..], model .."
  bool ok() const { return missing.empty() && unexpected.empty() && wrong_shape.empty(); }
};
/// One line for the counts, then one line for each name that did not load.
std::string to_string(const LoadReport& report);

using NamedTensor = std::pair<std::string, Tensor>;
/// Copies tensors into the targets of the same name; the targets stay where they are and keep their type. Floating
/// types convert, an integer target wants its own. strict: throws Error{format} listing everything missing, unexpected
/// and misshapen, and changes nothing; else copies what fits and reports the rest. `what` opens the message.
LoadReport load_into(const char* what, const std::vector<NamedTensor>& targets,
                     const std::map<std::string, Tensor>& tensors, bool strict = true);

class ParamStore {
 public:
  /// When parameters get their first values: as they are made; when load() or draw_missing() gives them (drawing the
  /// 110 million numbers of a model takes longer than reading them); or never, for what writes all or reads none.
  enum class Values { drawn, deferred, unset };
  /// Parameters are drawn from `seed`, each from a key made of its name: the order of construction does not matter.
  /// Masters are f32 (or f64, for gradient checks); Error{dtype} otherwise.
  explicit ParamStore(std::uint64_t seed = 0, TensorOptions options = {}, Values values = Values::drawn);
  ParamStore(const ParamStore&) = delete;
  ParamStore& operator=(const ParamStore&) = delete;

  /// Makes and registers a parameter; throws Error{state} if the name is taken.
  Tensor add(const std::string& name, const Shape& shape, const Init& init);
  /// Throws Error{value} with the nearest existing name.
  const Parameter& get(std::string_view name) const;
  bool contains(std::string_view name) const { return index_.find(name) != index_.end(); }
  /// In order of construction.
  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::int64_t numel() const;
  std::uint64_t seed() const { return seed_; }
  TensorOptions options() const { return options_; }

  /// Parameters whose name contains `pattern` stop (or start) receiving gradients. Returns how many matched.
  int set_trainable(std::string_view pattern, bool trainable);

  /// Draws those of Values::deferred whose name begins with `prefix` and that were neither drawn nor loaded: the
  /// numbers that Values::drawn would have given them.
  void draw_missing(std::string_view prefix = {});

  /// load_into() the parameters.
  LoadReport load(const std::map<std::string, Tensor>& tensors, bool strict = true);
  /// Name -> value (aliases, no history), for saving.
  std::map<std::string, Tensor> state() const;

 private:
  std::vector<Parameter> parameters_;
  std::vector<std::optional<Init>> deferred_;  // of each parameter: what draw_missing() would make
  std::map<std::string, std::size_t, std::less<>> index_;
  std::uint64_t seed_;
  TensorOptions options_;
  Values values_;
};

class ParamScope {
 public:
  explicit ParamScope(ParamStore& store, std::string prefix = {}) : store_(&store), prefix_(std::move(prefix)) {}
  ParamScope operator/(std::string_view name) const;
  ParamScope operator/(int index) const;
  /// A parameter called `prefix.name`.
  Tensor param(std::string_view name, const Shape& shape, const Init& init) const;
  const std::string& prefix() const { return prefix_; }

 private:
  ParamStore* store_;
  std::string prefix_;
};

}  // namespace aio::nn
