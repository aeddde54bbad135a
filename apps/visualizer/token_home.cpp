#include "apps/visualizer/token_home.h"

namespace aio::apps {
namespace {

using models::RollKind;

std::vector<std::int64_t> shifts(const models::AioConfig& config, int layer, std::int64_t frames, std::int64_t visual) {
  const RollKind kind = config.roll.kind;
  // Channels move between tokens that stay where they are.
  const bool moves = frames > 1 && kind != RollKind::none && kind != RollKind::channel;
  if (!moves) return std::vector<std::int64_t>(static_cast<std::size_t>(visual), 0);
  return models::roll_step(config.roll, layer, frames, visual, config.hidden_size).shift;
}

}  // namespace

TokenHome::TokenHome(const models::AioConfig& config, const models::VideoTokens& video)
    : config_(config),
      frames_(video.frames()),
      visual_(video.visual()),
      shift_(static_cast<std::size_t>(video.visual()), 0) {
  if (video.patch_index.defined()) order_ = video.patch_index.to_vector<std::int64_t>();
}

void TokenHome::roll(int layer) {
  const std::vector<std::int64_t> step = shifts(config_, layer, frames_, visual_);
  for (std::size_t slot = 0; slot < shift_.size(); ++slot) shift_[slot] += step[slot];
}

std::int64_t TokenHome::frame(std::int64_t frame, std::int64_t slot) const {
  const std::int64_t home = (frame - shift_[static_cast<std::size_t>(slot)]) % frames_;
  return home < 0 ? home + frames_ : home;
}

std::int64_t TokenHome::patch(std::int64_t at, std::int64_t slot) const {
  const std::int64_t number = slot - config_.prefix_tokens();
  if (number < 0 || order_.empty()) return number < 0 ? -1 : number;
  const std::int64_t patches = visual_ - config_.prefix_tokens();
  return order_[static_cast<std::size_t>(frame(at, slot) * patches + number)];
}

std::vector<std::int64_t> rolled_slots(const models::AioConfig& config, std::int64_t frames, std::int64_t visual) {
  return shifts(config, 0, frames, visual);
}

}  // namespace aio::apps
