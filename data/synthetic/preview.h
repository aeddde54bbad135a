#pragma once
// A picture of the moving-shapes world.

#include "data/synthetic/dataset.h"
#include "tensor/tensor.h"

namespace aio::synthetic {

/// Contact sheet of the training part's first clip of each motion, which are the same whatever its size: the six
/// pictures of the loop in the order of the frames, above them
/// the first caption, below them the frames' numbers. Drawn, not
/// read from files: u8 [H, W, 3].
Tensor preview(const DatasetOptions& options);

}  // namespace aio::synthetic
