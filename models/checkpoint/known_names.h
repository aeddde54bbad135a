#pragma once
// From a file's tensor names to All-in-one's. Lossless: a name changes or it does not, the numbers stay.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/checkpoint/checkpoint.h"

namespace aio::weights {

/// Names that start with `from` start with `to` instead.
struct Rename {
  std::string from, to;
};

/// Whether the rules that are known beforehand apply, or only those asked for.
enum class KnownNames { apply, ignore };

struct NamedFileTensors {
  std::map<std::string, const FileTensor*> tensors;          ///< by All-in-one's names
  std::vector<std::string> notes;                            ///< what was renamed, one line each
  std::vector<std::pair<std::string, std::string>> dropped;  ///< name in the file, and why it is not for us
};

/// All of it is applied in this order, and each step that changes something leaves a note:
/// - prefixes that wrappers put before every name: "module." (DataParallel), "model.", "_orig_mod." (torch.compile);
/// - weights of an image transformer (timm, DeiT: "patch_embed.proj.weight", "blocks.0...") go under "transformer.",
///   their classifiers "head*" and "pre_logits*" are dropped;
/// - CoTrain's "vtm_score." is "itm_score.";
/// - then `renames`.
/// Throws Error{format} if two tensors end up with one name.
NamedFileTensors map_names(const Checkpoint& checkpoint, const std::vector<Rename>& renames,
                           KnownNames known = KnownNames::apply);

/// Text and video embeddings, token types, blocks and pooler: what every task needs. All other names are heads.
bool is_backbone(std::string_view name);

}  // namespace aio::weights
