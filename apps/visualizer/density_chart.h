#pragma once
// A chart of attention over token positions, as a picture.

#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace aio::apps {

struct DensityCurve {
  std::string title;
  std::vector<double> density;        ///< a bar a position; 1 is the mean
  std::vector<std::int64_t> arrives;  ///< of each position: 1 its token comes from the previous frame, -1 from the
                                      ///< next, 0 from its own
};

/// u8 [H, W, 3]: a panel of bars a curve, all on one scale, coloured by where the tokens come from.
Tensor density_chart(const std::vector<DensityCurve>& curves);

}  // namespace aio::apps
