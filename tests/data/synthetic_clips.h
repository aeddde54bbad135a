#pragma once
// What the tests of data/synthetic/ share.

#include <cstdint>
#include <string>
#include <vector>

#include "data/synthetic/renderer.h"

namespace aio::test {

/// The frames of a clip u8 [T, H, W, 3], each as a string of its bytes, so that they can be compared and sorted.
inline std::vector<std::string> frame_bytes(const Tensor& clip) {
  const auto bytes = static_cast<std::size_t>(clip.numel() / clip.dim(0));
  std::vector<std::string> frames;
  for (std::int64_t t = 0; t < clip.dim(0); ++t) {
    const auto* first = reinterpret_cast<const char*>(clip.data<std::uint8_t>()) + static_cast<std::size_t>(t) * bytes;
    frames.emplace_back(first, bytes);
  }
  return frames;
}

inline synthetic::Scene scene_with(synthetic::Motion motion, std::uint32_t call = 0,
                                   const synthetic::SceneOptions& options = {}) {
  return synthetic::draw_scene(motion, RngKey{7, 0, call}, options);
}

inline synthetic::Motion motion_at(int i) { return static_cast<synthetic::Motion>(i); }

}  // namespace aio::test
