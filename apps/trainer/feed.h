#pragma once
// Where the batches of a step come from: BatchSource, and Feed, which reads them from the loaders and counts how long
// it waited.

#include <cstdint>
#include <optional>
#include <utility>

#include "data/loader.h"

namespace aio::apps {

class BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// Co-training: a step has a batch of stills beside each one of clips.
  virtual bool has_images() const = 0;
  virtual Batch next(bool images) = 0;
  /// The next batch of clips will be asked for: a good time to draw it and to send its frames to `device`.
  virtual void prepare(Device) {}
};

/// The same batches again and again: to overfit, to measure.
class FixedBatches : public BatchSource {
 public:
  FixedBatches(Batch clips, std::optional<Batch> images) : clips_(std::move(clips)), images_(std::move(images)) {}
  bool has_images() const override { return images_.has_value(); }
  Batch next(bool images) override { return images ? *images_ : clips_; }

 private:
  Batch clips_;
  std::optional<Batch> images_;
};

class Feed : public BatchSource {
 public:
  /// `images` may be null.
  Feed(Loader& clips, Loader* images, int accumulate);

  bool has_images() const override { return images_ != nullptr; }
  /// The batches of update `step` come next, counted from 0.
  void seek(std::int64_t step);
  Batch next(bool images) override;
  void prepare(Device device) override;

  struct Wait {
    double seconds = 0;
    WorkTimes by;  ///< the same, by what the batches that were waited for spent their time on
  };
  /// Since the last call.
  Wait take_wait();

 private:
  Batch draw(Loader& loader);

  Loader& clips_;
  Loader* images_;
  int accumulate_;
  std::optional<Batch> ahead_;  // what prepare() drew
  Wait wait_;
};

/// The largest of the times: "disk", "decode", "transform" or "text".
const char* slowest(const WorkTimes& times);

}  // namespace aio::apps
