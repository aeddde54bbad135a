#pragma once
// What became of every tensor of a file and of every parameter of the model.

#include <string>
#include <string_view>
#include <vector>

namespace aio::weights {

enum class LoadResult {
  loaded,   ///< copied as it is, up to the element type
  adapted,  ///< changed in size, or made from another tensor
  fresh,    ///< not from the file: the parameter keeps what it was initialised with
  unused,   ///< in the file, not in the model
};

std::string_view to_string(LoadResult result);

struct LoadItem {
  std::string name;  ///< of the parameter; of an unused tensor its name in the file
  LoadResult result;
  std::string note;  ///< how it was adapted, why it is unused; may be empty
};

struct LoadSummary {
  std::string source;              ///< "weights.ckpt (torch zip)"
  std::vector<std::string> notes;  ///< renamings
  std::vector<LoadItem> items;     ///< parameters in the model's order, then unused tensors in the file's

  std::size_t count(LoadResult result) const;
  /// "weights.ckpt (torch zip): 64 loaded, 1 adapted (transformer.temporal_embed), 2 fresh (vqa_classifier), 0 unused"
  std::string line() const;
  /// A line for each note and item.
  std::string table() const;
};

}  // namespace aio::weights
