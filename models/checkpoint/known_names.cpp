#include "models/checkpoint/known_names.h"

#include <algorithm>
#include <array>

#include "models/checkpoint/text.h"
#include "tensor/error.h"

namespace aio::weights {
namespace {

using Names = std::vector<std::pair<std::string, const FileTensor*>>;

constexpr std::array kWrapperPrefixes = {"module.", "model.", "_orig_mod."};
constexpr std::array kBackbone = {"text_embeddings.", "token_type_embeddings.", "transformer.", "pooler."};

bool all_start_with(const Names& names, std::string_view prefix) {
  return !names.empty() &&
         std::all_of(names.begin(), names.end(), [&](const auto& item) { return item.first.starts_with(prefix); });
}

void strip_wrappers(Names& names, std::vector<std::string>& notes) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::string_view prefix : kWrapperPrefixes) {
      if (!all_start_with(names, prefix)) continue;
      for (auto& item : names) item.first.erase(0, prefix.size());
      notes.push_back(message("the prefix ", prefix, " was removed from all names"));
      changed = true;
    }
  }
}

/// timm's VisionTransformer and DeiT's: no prefix of their own.
bool is_image_transformer(const Names& names) {
  const auto has = [&](std::string_view name) {
    return std::any_of(names.begin(), names.end(), [&](const auto& item) { return item.first == name; });
  };
  return has("patch_embed.proj.weight") && has("blocks.0.attn.qkv.weight") && has("pos_embed");
}

void place_image_transformer(Names& names, NamedFileTensors& result) {
  Names kept;
  for (auto& [name, tensor] : names) {
    if (name.starts_with("head") || name.starts_with("pre_logits")) {
      result.dropped.emplace_back(name, "an image classifier's");
    } else {
      kept.emplace_back("transformer." + name, tensor);
    }
  }
  names = std::move(kept);
  result.notes.emplace_back("weights of an image transformer: their names got the prefix transformer.");
}

void rename(Names& names, const Rename& rule, std::vector<std::string>& notes) {
  std::size_t count = 0;
  for (auto& item : names) {
    if (!item.first.starts_with(rule.from)) continue;
    item.first.replace(0, rule.from.size(), rule.to);
    ++count;
  }
  if (count > 0) notes.push_back(message(count, " names: ", printable(rule.from), " -> ", printable(rule.to)));
}

}  // namespace

NamedFileTensors map_names(const Checkpoint& checkpoint, const std::vector<Rename>& renames, KnownNames known) {
  NamedFileTensors result;
  Names names;
  for (const FileTensor& tensor : checkpoint.tensors) names.emplace_back(tensor.name, &tensor);
  if (known == KnownNames::apply) {
    strip_wrappers(names, result.notes);
    if (is_image_transformer(names)) place_image_transformer(names, result);
    rename(names, {"vtm_score.", "itm_score."}, result.notes);
  }
  for (const Rename& rule : renames) rename(names, rule, result.notes);
  for (auto& [name, tensor] : names) {
    const bool is_new = result.tensors.emplace(name, tensor).second;
    check(is_new, ErrorCode::format, checkpoint.path, ": after renaming two tensors are called ", printable(name),
          ", one of them was ", printable(tensor->name));
  }
  return result;
}

bool is_backbone(std::string_view name) {
  return std::any_of(kBackbone.begin(), kBackbone.end(), [&](const char* prefix) { return name.starts_with(prefix); });
}

}  // namespace aio::weights
