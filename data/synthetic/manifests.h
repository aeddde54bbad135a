#pragma once
// The embedded data set's manifests: one folder a task over the same clips.

#include <string>
#include <vector>

#include "data/synthetic/dataset.h"

namespace aio::synthetic {

/// Writes FOLDER/{pretrain,retrieval,choice,qa,action,caption}/. Rows carry, as extra keys for whoever splits scores by
/// them, `motion`, the `kind` of a question and, as hard negatives, `flipped_captions`: the captions with nothing but
/// the motion turned round. Clips with the same contents are one `group`.
void write_manifests(const std::string& folder, const std::vector<Clips>& parts, const DatasetOptions& options);

}  // namespace aio::synthetic
