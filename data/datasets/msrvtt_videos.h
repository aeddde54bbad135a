#pragma once
// Where MSRVTT's videos are.

#include "data/datasets/conversion.h"

namespace aio {

/// <data>/msrvtt/videos/all, or without `all`, or without `videos`.
inline void set_msrvtt_root(Conversion& conversion) { conversion.media_root("msrvtt", {"videos/all", "videos", ""}); }

}  // namespace aio
