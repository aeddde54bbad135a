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

class CheckpointFolder {
 public:
  /// `folder` is made if it is not there. Removes what killed writers left. Throws Error{io}.
  explicit CheckpointFolder(std::string folder);

  /// Throws Error{io}; then nothing has changed.
  void save(const RunState& state);
  /// Steps of the complete checkpoints, ascending.
  std::vector<std::int64_t> steps() const;
  /// The newest checkpoint whose files are whole; damaged ones are named in `warnings` and skipped. None: nullopt.
  std::optional<RunState> load_newest(std::vector<std::string>& warnings) const;
  /// Throws Error{io|format} if it is missing or damaged.
  RunState load(std::int64_t step) const;
  /// Removes all but the newest `last` and those in `keep`.
  void prune(std::int64_t last, const std::vector<std::int64_t>& keep) const;
  std::string path_of(std::int64_t step) const;

 private:
  std::string folder_;
};

}  // namespace aio::apps
