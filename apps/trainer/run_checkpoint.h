#pragma once
// Checkpoints of a run: RUN/checkpoints/step-000100/ with
//
//   weights.safetensors     parameters under the reference's names
//   training.safetensors    everything else that is a tensor: optimizer moments, averaged weights
//   state.json              step and whatever else the trainer needs to go on, then size and XXH64 of the two files
//
// A folder is written under a temporary name, flushed, read back and checked, and renamed: it is there whole or not at
// all. A killed writer leaves only a temporary folder, which the next save or load removes.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace aio::apps {

using TensorMap = std::map<std::string, Tensor>;

struct RunState {
  std::int64_t step = 0;    ///< updates done
  std::string json = "{}";  ///< the trainer's own, one JSON object
  TensorMap weights, training;
};

/// Steps of the checkpoints that lie complete in `folder`, ascending; none if there is no such folder.
std::vector<std::int64_t> checkpoint_steps(const std::string& folder);
/// FOLDER/step-000100.
std::string checkpoint_path(const std::string& folder, std::int64_t step);
/// The checkpoint in such a folder, which is only read. Throws Error{io|format} if it is missing or damaged.
RunState load_run_state(const std::string& folder);
/// The newest of `folder` whose files are whole; damaged ones are named in `warnings` and skipped. None: nullopt.
std::optional<RunState> load_newest_state(const std::string& folder, std::vector<std::string>& warnings);

class CheckpointFolder {
 public:
  /// `folder` is made if it is not there. Removes what killed writers left. Throws Error{io}.
  explicit CheckpointFolder(std::string folder);

  /// Throws Error{io}; then nothing has changed.
  void save(const RunState& state);
  std::vector<std::int64_t> steps() const { return checkpoint_steps(folder_); }
  /// Removes all but the newest `last` and those in `keep`.
  void prune(std::int64_t last, const std::vector<std::int64_t>& keep) const;
  /// Removes those of later steps.
  void remove_after(std::int64_t step) const;
  std::string path_of(std::int64_t step) const { return checkpoint_path(folder_, step); }

 private:
  std::string folder_;
};

}  // namespace aio::apps
