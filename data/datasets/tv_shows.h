#pragma once
// TVQA and TVC share the clips of six TV shows, as frames at 3 a second:
// <data>/tvqa/frames/raw_frames/frames_hq/<show>_frames/<vid_name>/%05d.jpg, from 1.

#include <string>

#include "data/datasets/conversion.h"

namespace aio {

void set_tv_root(Conversion& conversion);
/// The show is what stands before the first "_" of the name; The Big Bang Theory's clips have no show before it.
Sample tv_sample(const std::string& id, const std::string& vid_name);

}  // namespace aio
