#pragma once
// HMDB51's and UCF101's lists of videos and labels, which have the same formats.

#include <string>
#include <vector>

#include "data/datasets/conversion.h"

namespace aio {

/// Lines "<1-based number> <name>". Throws Error{format} unless they count from 1.
std::vector<std::string> read_class_index(const std::string& path);

/// Lines "path frames label" (labels from 0), as of Temporal Segment Networks. The video is the path's last part +
/// .avi.
void read_tsn_list(Conversion& conversion, const std::string& split, const std::string& path);

}  // namespace aio
