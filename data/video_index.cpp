#include "data/video_index.h"

#include <algorithm>

namespace aio {

VideoIndex::VideoIndex(std::vector<VideoPacket> packets) : packets_(std::move(packets)) {
  for (std::int64_t i = 0; i < this->packets(); ++i) {
    VideoPacket& packet = packets_[static_cast<std::size_t>(i)];
    if (packet.key) keys_.push_back(i);
    if (keys_.empty()) packet.shown = false;
    if (!packet.shown) continue;
    order_.push_back(i);
    if (packet.pts == VideoPacket::kUnknown) timed_ = false;
  }
  if (timed_) {
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::int64_t a, std::int64_t b) { return packet(a).pts < packet(b).pts; });
  }
  if (order_.empty()) return;
  // The last frame lasts as long as its packet says, or else as long as an average one.
  const std::int64_t last = time_of(frames() - 1);
  const std::int64_t duration = packet(order_.back()).duration;
  end_ = last + (duration > 0 ? duration : frames() > 1 ? last / (frames() - 1) : 1);
}

std::int64_t VideoIndex::start_of(std::int64_t frame) const {
  const std::int64_t own = packet_of(frame);
  auto key = std::upper_bound(keys_.begin(), keys_.end(), own);
  while (--key != keys_.begin() && timed_ && packet(*key).pts > packet(own).pts) {
  }
  return *key;
}

std::int64_t VideoIndex::time_of(std::int64_t frame) const {
  const auto when = [&](std::int64_t number) {
    const VideoPacket& packet = this->packet(number);
    if (timed_) return packet.pts;
    return packet.dts != VideoPacket::kUnknown ? packet.dts : number;
  };
  return when(packet_of(frame)) - when(order_.front());
}

}  // namespace aio
