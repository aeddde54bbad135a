#pragma once
// Which frames of a clip the model sees: one out of each of `count` equal segments (temporal segment networks, Wang et
// al., ECCV 2016), the middle one or a random one.

#include <cstdint>
#include <string>
#include <vector>

#include "data/frame_source.h"
#include "tensor/random.h"

namespace aio {

enum class SampleMode { random, uniform };

/// fixed: as documented here. reference: as the paper's code does, failures included.
enum class Compat { fixed, reference };

/// "random" (or "rand") and "uniform"; throws Error{config} for anything else.
SampleMode parse_sample_mode(const std::string& text);

/// `count` frame numbers in [0, length), ascending. The frames are cut into m = min(count, length) segments between the
/// edges floor(i * length / m); uniform takes floor((first + last) / 2) of each, random draws from all of each.
///
/// fixed: a clip of fewer than `count` frames repeats its last one.
/// reference: such a clip gives m numbers; random never draws a segment's last frame, and throws Error{value} where
/// that leaves none: always for length < 2 * count. Throws Error{value} for count < 1 or length < 1.
std::vector<std::int64_t> sample_frames(std::int64_t count, std::int64_t length, SampleMode mode, RngKey key,
                                        Compat compat = Compat::fixed);

/// The same within `range`.
std::vector<std::int64_t> sample_frames(std::int64_t count, FrameRange range, SampleMode mode, RngKey key,
                                        Compat compat = Compat::fixed);

/// The same within `width` frames around frame `centre` (centre - width/2 ...), clamped to [0, length): clips that are
/// named by their middle (Ego4D: 120 frames).
std::vector<std::int64_t> sample_window(std::int64_t count, std::int64_t centre, std::int64_t width,
                                        std::int64_t length, SampleMode mode, RngKey key,
                                        Compat compat = Compat::fixed);

}  // namespace aio
