#pragma once
// VideoIndex: which packet of a video file holds which frame, and where decoding has to start for it.
//
// Packets lie in the file in the order of decoding; frames are shown in the order of their timestamps. The two differ
// where frames refer to later ones (B-frames).

#include <cstdint>
#include <vector>

namespace aio {

struct VideoPacket {
  static constexpr std::int64_t kUnknown = INT64_MIN;

  std::int64_t pts = kUnknown;  ///< when it is shown, in the stream's time base
  std::int64_t dts = kUnknown;  ///< when it is decoded
  std::int64_t position = -1;   ///< in the file
  std::int64_t duration = 0;
  bool key = false;   ///< decoding can start here
  bool shown = true;  ///< false: decoded for others only (outside the edit list, alternate references, empty)
};

class VideoIndex {
 public:
  VideoIndex() = default;
  /// All packets of the stream, in the file's order. Those before the first key frame are not shown, for nothing that
  /// they refer to is there.
  explicit VideoIndex(std::vector<VideoPacket> packets);

  std::int64_t packets() const { return static_cast<std::int64_t>(packets_.size()); }
  const VideoPacket& packet(std::int64_t number) const { return packets_[static_cast<std::size_t>(number)]; }
  /// Shown ones.
  std::int64_t frames() const { return static_cast<std::int64_t>(order_.size()); }
  /// The number of the packet that holds a frame.
  std::int64_t packet_of(std::int64_t frame) const { return order_[static_cast<std::size_t>(frame)]; }
  /// The key frame's packet from which a frame can be decoded: the last one that neither comes after it in the file nor
  /// is shown after it. (A B-frame behind a key frame but shown before it also needs what came before.)
  std::int64_t start_of(std::int64_t frame) const;
  /// When a frame is shown, and when the last one ends, counted from the first frame, in the stream's time base.
  std::int64_t time_of(std::int64_t frame) const;
  std::int64_t end() const { return end_; }
  /// False if the file does not say when its frames are shown; then frames are numbered as packets, which is true only
  /// for codecs that do not reorder.
  bool timed() const { return timed_; }

 private:
  std::vector<VideoPacket> packets_;
  std::vector<std::int64_t> order_;  // packet numbers of the shown frames
  std::vector<std::int64_t> keys_;   // packet numbers
  std::int64_t end_ = 0;
  bool timed_ = true;
};

}  // namespace aio
