#pragma once
// A checkpoint into a model: what fits is copied, what does not is an error that names the flag, and nothing happens
// silently. Either everything is loaded as the summary says, or the model is as it was.

#include <string>
#include <vector>

#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/known_names.h"
#include "models/checkpoint/load_report.h"
#include "nn/param_store.h"

namespace aio::weights {

/// What a load may change or leave out. By default only names are mapped (known_names.h) and heads that the file lacks
/// stay fresh.
struct AdaptOptions {
  bool resize_temporal = false;         ///< --resize-temporal: another number of frames
  bool resize_positions = false;        ///< --resize-positions: another image size
  bool resize_text = false;             ///< --resize-text: another text length
  bool allow_missing = false;           ///< --allow-missing: parameters of the backbone may stay fresh
  bool allow_unused = false;            ///< --allow-unused: tensors of a backbone may find no place
  std::vector<Rename> renames{};        ///< --rename FROM=TO
  std::vector<std::string> fresh{};     ///< --fresh PREFIX: these keep their initial values although the file has them
  std::vector<std::string> required{};  ///< prefixes of heads that the task needs: fresh ones are an error
};

/// Besides the options' adaptations, always: rank_output, where the file lacks it, becomes row 1 of itm_score.fc (as
/// the reference makes it), and a third token type the second. Throws Error{format} "path: does not fit the model, ..."
/// with all that is wrong, a line each; then nothing was changed.
LoadSummary load_checkpoint(nn::ParamStore& store, const Checkpoint& checkpoint, const AdaptOptions& options = {});

}  // namespace aio::weights
