#pragma once
// Temporal token rolling (the paper's section 3.2) and the alternatives it is compared with.
//
// Before every block some visual tokens change places with the same tokens of the neighbouring frame, so that attention
// within a frame sees the others. Rolling permutes the residual stream itself: it is cumulative over the layers, has no
// parameters, and its gradient is the inverse permutation.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace aio::models {

enum class RollKind {
  none,          ///< frames are independent and averaged at the end
  roll,          ///< the paper's: the first patches from the previous frame, the last from the next, circularly
  random,        ///< a random subset of the patches, its own for each layer, from the previous frame
  per_layer,     ///< a window that moves on with each layer, from the previous frame
  channel,       ///< TSM's channel shift: some channels of every patch from the next frame, some from the previous
  time_average,  ///< not rolling: patch embeddings are averaged over the frames before the blocks
  flatten,       ///< not rolling: all frames' tokens in one sequence
  per_layer_reference,  ///< per_layer as released: tokens before the window become zero
  channel_reference     ///< channel as released: it shifts the first tokens instead of channels
};
/// "roll", "per-layer", "time_average", "channel-reference", ...
std::string_view to_string(RollKind kind);
/// "-" and "_" are the same. Throws Error{config} with the names there are.
RollKind parse_roll_kind(std::string_view name);

struct RollConfig {
  RollKind kind = RollKind::roll;
  /// Share of the visual tokens (or channels) that move. roll and channel: half of them one way, half the other, so
  /// that 1/4 is the paper's 1/8 + 1/8; random: all of them (the reference takes 1/2); per_layer: half of it a window.
  double proportion = 0.25;
  std::uint64_t seed = 0;   ///< of `random`
  bool video_only = false;  ///< also roll in the video-only pass, which the reference does not
};

/// What one layer does to a frame's tokens: slot n takes the same slot of frame t - shift[n], circularly; where keep is
/// zero the token becomes zero.
struct RollStep {
  std::vector<std::int64_t> shift;  ///< [visual]
  std::vector<std::uint8_t> keep;   ///< [frames * visual], or empty: everything
};
/// Slot 0 is the class token. `channel` has no such step: Error{value}.
RollStep roll_step(const RollConfig& config, int layer, std::int64_t frames, std::int64_t visual,
                   std::int64_t channels);

/// x [B, T, N, C] whose first `visual` tokens are visual -> the same with these rolled as before block `layer`.
/// x itself where nothing moves: T = 1 (but for the reference forms, which put zeros there), none, time_average,
/// flatten.
Tensor roll_tokens(Tensor x, std::int64_t visual, int layer, const RollConfig& config);

}  // namespace aio::models
