#pragma once
// Feed: the batches that a run trains on, and how long it waited for them.

#include <cstdint>
#include <optional>

#include "data/loader.h"

namespace aio::apps {

class Feed {
 public:
  /// `images` may be null. `overfit`: the first batch, over and over.
  Feed(Loader& clips, Loader* images, int accumulate, bool overfit);

  bool has_images() const { return images_ != nullptr; }
  /// The batches of update `step` come next, counted from 0.
  void seek(std::int64_t step);
  Batch next(bool images);

  struct Wait {
    double seconds = 0;
    WorkTimes by;  ///< the same, by what the batches that were waited for spent their time on
  };
  /// Since the last call.
  Wait take_wait();

 private:
  Loader& clips_;
  Loader* images_;
  int accumulate_;
  bool overfit_;
  std::optional<Batch> first_[2];  // overfit: of clips, of images
  Wait wait_;
};

/// The largest of the times: "disk", "decode", "transform" or "text".
const char* slowest(const WorkTimes& times);

}  // namespace aio::apps
