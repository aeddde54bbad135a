#pragma once
// ParamGroups: which parameters decay and which learn faster, decided by substrings of their names.

#include <string>
#include <string_view>
#include <vector>

namespace aio::nn {

struct ParamGroups {
  double weight_decay = 0;
  std::vector<std::string> no_decay;  ///< a name that contains one of these does not decay
  double lr_multiplier = 1;
  std::vector<std::string> scaled;  ///< a name that contains one of these learns at lr * lr_multiplier

  struct Group {
    double lr_multiplier;
    double weight_decay;
  };
  Group of(std::string_view name) const;

  /// The reference's rule, substrings and all. Its consequences are kept: embeddings, pos_embed and the tokens decay;
  /// so do LayerNorm weights inside a Sequential ("mc_vqa_classifier.2.weight"), whose names have no "norm";
  /// "vqa_classifier" also matches "mc_vqa_classifier".
  static ParamGroups reference(double weight_decay, double head_lr_multiplier);
};

}  // namespace aio::nn
