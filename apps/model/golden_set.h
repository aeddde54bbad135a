#pragma once
// A golden model set: weights, inputs, and what the reference computed from them. NAME.manifest.json says what is in
// NAME.weights.safetensors and NAME.io.safetensors, which lie beside it.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/aio_config.h"
#include "tensor/tensor.h"

namespace aio::apps {

using NamedNumbers = std::vector<std::pair<std::string, double>>;
using NamedNorms = std::vector<std::pair<std::string, std::optional<double>>>;

struct GoldenSet {
  std::string path;  ///< of the manifest
  std::string name;
  models::AioConfig config;
  std::map<std::string, Tensor> weights;  ///< under this project's names
  std::map<std::string, Tensor> tensors;  ///< of the io file
  std::vector<std::string> keys;          ///< all of them, in the manifest's order
  NamedNumbers scalars;
  std::vector<std::string> grad_none;  ///< parameters that the set's main loss does not reach
  /// Norm of each parameter's gradient, for each loss; none: the loss does not reach it.
  std::vector<std::pair<std::string, NamedNorms>> grad_norms;
  bool images = false;            ///< still images; of a set whose keys have prefixes, see GoldenPart
  std::int64_t rank_options = 0;  ///< draw_false_text: how many of irtr_ids are multiple_choice's options

  bool has(const std::string& key) const { return tensors.find(key) != tensors.end(); }
};

/// One batch of a set. Co-training sets have two, whose keys begin with "v." and "i."; others one, without prefix.
struct GoldenPart {
  std::string prefix;
  bool images = false;
  bool shuffled = false;  ///< with the patch order in.patch_perm: the "shuf." keys
};
/// The parts that have inputs, in the order of their prefixes.
std::vector<GoldenPart> parts_of(const GoldenSet& set);

/// A parameter's name in this project; co-training calls the matching head vtm_score.
std::string our_name(const std::string& name);

/// Reads all three files. Throws Exit{kWeights} "manifest: ..." if one is missing, malformed or does not hold what the
/// manifest says.
GoldenSet load_golden_set(const std::string& manifest_path);

}  // namespace aio::apps
