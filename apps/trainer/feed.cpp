#include "apps/trainer/feed.h"

namespace aio::apps {

Feed::Feed(Loader& clips, Loader* images, int accumulate) : clips_(clips), images_(images), accumulate_(accumulate) {}

void Feed::seek(std::int64_t step) {
  ahead_.reset();
  clips_.seek(step * accumulate_);
  if (images_ != nullptr) images_->seek(step * accumulate_);
}

Batch Feed::next(bool images) {
  if (images) return draw(*images_);
  if (!ahead_) return draw(clips_);
  Batch batch = std::move(*ahead_);
  ahead_.reset();
  return batch;
}

void Feed::prepare(Device device) {
  if (!ahead_) ahead_ = draw(clips_);
  ahead_->frames = ahead_->frames.to(device);
}

Batch Feed::draw(Loader& loader) {
  const LoaderTimes before = loader.times();
  std::optional<Batch> batch = loader.next();
  const LoaderTimes& after = loader.times();
  wait_.seconds += after.wait - before.wait;
  wait_.by += {after.wait_for.disk - before.wait_for.disk, after.wait_for.decode - before.wait_for.decode,
               after.wait_for.transform - before.wait_for.transform, after.wait_for.text - before.wait_for.text};
  return std::move(*batch);  // training loaders have no end
}

Feed::Wait Feed::take_wait() { return std::exchange(wait_, {}); }

const char* slowest(const WorkTimes& times) {
  const char* name = "disk";
  double most = times.disk;
  if (times.decode > most) name = "decode", most = times.decode;
  if (times.transform > most) name = "transform", most = times.transform;
  return times.text > most ? "text" : name;
}

}  // namespace aio::apps
