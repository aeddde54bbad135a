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

/// What a load may change or leave out; aio_train has most of it as keys `model.NAME`. By default only names are mapped
/// (known_names.h) and heads that the file lacks stay fresh.
struct AdaptOptions {
  bool resize_temporal = false;         ///< another number of frames
  bool resize_positions = false;        ///< another image size
  bool resize_text = false;             ///< another text length
  bool allow_missing = false;           ///< parameters of the backbone may stay fresh
  bool allow_unused = false;            ///< tensors of a backbone may find no place
  std::vector<Rename> renames{};        ///< of names in the file, before they are compared
  std::vector<std::string> fresh{};     ///< prefixes of what keeps its initial values although the file has it
  std::vector<std::string> required{};  ///< prefixes of heads that the task needs: fresh ones are an error
};

/// Besides the options' adaptations, always: rank_output, where the file lacks it, becomes row 1 of itm_score.fc (as
/// the reference makes it), and a third token type the second. Throws Error{format} "path: does not fit the model, ..."
/// with all that is wrong, a line each; then nothing was changed.
LoadSummary load_checkpoint(nn::ParamStore& store, const Checkpoint& checkpoint, const AdaptOptions& options = {});

}  // namespace aio::weights
