#pragma once
// Where in the video a token comes from. Rolling moves tokens to other frames and leaves them there, so that after some
// layers a slot of frame t holds a patch of another frame.

#include <cstdint>
#include <vector>

#include "models/aio_config.h"
#include "models/video_embeddings.h"

namespace aio::apps {

class TokenHome {
 public:
  /// Of one clip: video.tokens [1, T, visual, C].
  TokenHome(const models::AioConfig& config, const models::VideoTokens& video);

  /// The roll before block `layer`, 0, 1, ..., in this order.
  void roll(int layer);
  /// The frame whose picture slot `slot` of frame `frame` holds a patch of.
  std::int64_t frame(std::int64_t frame, std::int64_t slot) const;
  /// The patch, in raster order; -1: the slot holds a prefix token.
  std::int64_t patch(std::int64_t frame, std::int64_t slot) const;

 private:
  models::AioConfig config_;
  std::int64_t frames_, visual_;
  std::vector<std::int64_t> order_;  // [T * patches] or empty: raster order
  std::vector<std::int64_t> shift_;  // [visual]: sum of all rolls so far
};

/// Which slots of the first block's input come from another frame: -1 the next one, 1 the previous, 0 neither.
/// [visual].
std::vector<std::int64_t> rolled_slots(const models::AioConfig& config, std::int64_t frames, std::int64_t visual);

}  // namespace aio::apps
