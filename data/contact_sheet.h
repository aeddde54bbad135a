#pragma once
// Contact sheet: rows of frames with a line of text above each, as one picture.

#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace aio {

struct ContactRow {
  std::string text;                 ///< in as many lines as it needs, and as its line feeds say
  Tensor frames;                    ///< contiguous u8 [n, H, W, 3]; sizes may differ from row to row
  std::vector<std::string> labels;  ///< small, below the frames; fewer than frames, or none
};

/// u8 [H, W, 3], light text on dark. Throws Error{shape, dtype} for other frames, Error{value} for no rows.
Tensor contact_sheet(const std::vector<ContactRow>& rows);

}  // namespace aio
