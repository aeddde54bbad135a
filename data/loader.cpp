#include "data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "data/collate.h"
#include "data/shuffle.h"
#include "data/stopwatch.h"
#include "tensor/error.h"

namespace aio {

namespace {

/// Part of a step that is this rank's: places first .. first + count - 1 of the epoch.
struct Share {
  std::int64_t epoch = 0, step_in_epoch = 0, first = 0, count = 0;
};

/// A step that is worked on.
struct Slot {
  std::int64_t step = 0;
  Share share;
  std::vector<std::int64_t> vtm_labels;
  std::vector<LoadedSample> samples;
  std::int64_t taken = 0, finished = 0;  // of samples
  bool ready = false;
  std::exception_ptr error;
  Batch batch;
  WorkTimes times;
};

void check_options(const LoaderOptions& o) {
  const auto at_least = [](const char* name, std::int64_t value, std::int64_t least) {
    check(value >= least, ErrorCode::config, "loader: ", name, " is ", value, ", expected at least ", least);
  };
  at_least("batch size", o.batch_size, o.false_videos == FalseVideos::none ? 1 : 2);
  at_least("frames", o.frames, 1);
  at_least("threads", o.threads, 1);
  at_least("prefetch", o.prefetch, 1);
  at_least("false texts", o.false_texts, 0);
  check(o.ranks >= 1 && o.rank >= 0 && o.rank < o.ranks, ErrorCode::config, "loader: rank ", o.rank, " of ", o.ranks);
  check(o.max_text_len == 0 || o.max_text_len >= 2, ErrorCode::config, "loader: texts of ", o.max_text_len,
        " tokens, expected at least 2: [CLS] and [SEP]");
}

/// A data set whose files are all elsewhere is a mistake to be told at once, not sample by sample.
void check_some_media(const std::vector<Manifest>& manifests) {
  constexpr std::int64_t kProbes = 16;
  for (const Manifest& manifest : manifests) {
    std::string reason;
    const std::int64_t probes = std::min(kProbes, manifest.size());
    for (std::int64_t i = 0; i < probes; ++i) {
      try {
        manifest.media_path(manifest.sample(i * manifest.size() / probes).media);
        reason.clear();
        break;
      } catch (const Error& error) {
        reason = error.what();
      }
    }
    check(reason.empty(), ErrorCode::io, manifest.file(), ": of ", probes,
          " samples not one has its file; the last one: ", reason);
  }
}

}  // namespace

struct Loader::Impl {
  Impl(std::vector<Manifest> manifests, const WordPiece& words, DecodeFunction decode, const LoaderOptions& o)
      : options(o),
        tokenizer(words),
        source(std::move(manifests), std::move(decode), o),
        bad(source.rows(), o.max_bad) {
    const std::int64_t global_batch = options.batch_size * options.ranks;
    check(global_batch / options.ranks == options.batch_size, ErrorCode::config, "loader: a step of ", options.ranks,
          " times ", options.batch_size, " samples");
    steps_per_epoch =
        options.training ? source.rows() / global_batch : (source.rows() + global_batch - 1) / global_batch;
    check(!options.training || steps_per_epoch > 0, ErrorCode::config, "loader: the data set has ", source.rows(),
          " samples, one step takes ", global_batch);
    collation.text_len = options.max_text_len > 0 ? options.max_text_len : source.info().max_text_len;
    collation.frames = options.images ? 1 : options.frames;
    collation.height = collation.width = options.images ? options.image.size : options.video.size;
    collation.answers = static_cast<std::int64_t>(source.info().answers.size());
    collation.counts = source.task() == Task::qa && source.info().answers.empty();
    collation.false_videos = options.false_videos;
    collation.mlm = options.mlm;
    for (int i = 0; i < options.threads; ++i) threads.emplace_back([this] { work(); });
    fill();
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
    }
    work_to_do.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  Share share_of(std::int64_t step) const {
    Share share;
    share.epoch = steps_per_epoch == 0 ? 0 : step / steps_per_epoch;
    share.step_in_epoch = steps_per_epoch == 0 ? 0 : step % steps_per_epoch;
    share.first = (share.step_in_epoch * options.ranks + options.rank) * options.batch_size;
    share.count = std::clamp<std::int64_t>(source.rows() - share.first, 0, options.batch_size);
    return share;
  }

  /// Random numbers of evaluation do not change from epoch to epoch.
  std::int64_t draw_epoch(const Share& share) const {
    return options.training ? share.epoch : static_cast<std::int64_t>(options.view);
  }

  std::shared_ptr<Slot> new_slot(std::int64_t step) const {
    auto slot = std::make_shared<Slot>();
    slot->step = step;
    slot->share = share_of(step);
    slot->samples.resize(static_cast<std::size_t>(slot->share.count));
    if (options.false_videos != FalseVideos::none)
      slot->vtm_labels = draw_vtm_labels(slot->share.count, vtm_key(*slot));
    slot->ready = slot->share.count == 0;
    slot->batch.step = step;
    slot->batch.epoch = slot->share.epoch;
    return slot;
  }

  RngKey vtm_key(const Slot& slot) const {
    return draw_key(options.seed, Draw::vtm, draw_epoch(slot.share), slot.share.first);
  }

  /// Opens slots up to the prefetch limit.
  void fill() {
    {
      const std::lock_guard lock(mutex);
      while (static_cast<int>(window.size()) < options.prefetch && (options.training || next_step < steps_per_epoch)) {
        window.push_back(new_slot(next_step++));
      }
    }
    work_to_do.notify_all();
  }

  /// A slot with samples that nobody has taken, the earliest first. Call it with the mutex held.
  std::shared_ptr<Slot> open_slot() const {
    for (const auto& slot : window) {
      if (slot->taken < slot->share.count) return slot;
    }
    return nullptr;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      std::shared_ptr<Slot> slot;
      work_to_do.wait(lock, [&] { return stop || (slot = open_slot()) != nullptr; });
      if (stop) return;
      const std::int64_t i = slot->taken++;
      lock.unlock();
      LoadedSample loaded;
      std::exception_ptr error;
      try {
        loaded = load(*slot, i);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      slot->samples[static_cast<std::size_t>(i)] = std::move(loaded);
      if (error && !slot->error) slot->error = error;
      if (++slot->finished < slot->share.count) continue;
      lock.unlock();
      finish(*slot);
      lock.lock();
      slot->ready = true;
      batch_done.notify_all();
    }
  }

  LoadedSample load(const Slot& slot, std::int64_t i) const {
    const std::int64_t place = slot.share.first + i;
    std::int64_t row = place;
    if (options.training) {
      row = Shuffle(source.rows(), draw_key(options.seed, Draw::order, slot.share.epoch, 0))[place];
    }
    const bool with_false_video =
        options.false_videos == FalseVideos::split && slot.vtm_labels[static_cast<std::size_t>(i)] == 0;
    return source.load(draw_epoch(slot.share), place, row, with_false_video);
  }

  /// Puts the batch together: by the thread that loaded its last sample.
  void finish(Slot& slot) const {
    if (slot.error) return;
    try {
      Stopwatch watch;
      std::vector<RngKey> mask_keys;
      for (std::int64_t i = 0; i < slot.share.count; ++i) {
        mask_keys.push_back(draw_key(options.seed, Draw::masks, draw_epoch(slot.share), slot.share.first + i));
        slot.times += slot.samples[static_cast<std::size_t>(i)].times;
      }
      RngKey key = vtm_key(slot);
      key.seed += 1;  // the labels have the first one
      slot.batch = collate(slot.samples, tokenizer, collation, slot.vtm_labels, mask_keys, key);
      slot.batch.step = slot.step;
      slot.batch.epoch = slot.share.epoch;
      slot.times.text += watch.lap();
    } catch (...) {
      slot.error = std::current_exception();
    }
    for (LoadedSample& sample : slot.samples) sample.frames = sample.frames2 = sample.false_frames = {};
  }

  std::optional<Batch> next() {
    std::shared_ptr<Slot> slot;
    Stopwatch watch;
    {
      std::unique_lock lock(mutex);
      if (window.empty()) return std::nullopt;
      slot = window.front();
      batch_done.wait(lock, [&] { return slot->ready; });
      window.pop_front();
    }
    const double waited = watch.lap();
    fill();
    account(*slot, waited);
    if (slot->error) std::rethrow_exception(slot->error);
    for (const LoadedSample& sample : slot->samples) {
      for (const BadRow& row : sample.bad) {
        if (!row.known) bad.add(row.row, source.where(row.row), row.reason);
      }
    }
    return std::move(slot->batch);
  }

  void account(const Slot& slot, double waited) {
    ++times.batches;
    times.wait += waited;
    times.busy += slot.times;
    const double total = slot.times.total();
    if (total <= 0) return;
    const double share = waited / total;
    times.wait_for +=
        {slot.times.disk * share, slot.times.decode * share, slot.times.transform * share, slot.times.text * share};
  }

  void seek(std::int64_t step) {
    check(step >= 0, ErrorCode::value, "loader: seek to step ", step);
    {
      const std::lock_guard lock(mutex);
      window.clear();  // threads that work on a slot keep it alive and finish in vain
      next_step = step;
    }
    fill();
  }

  LoaderOptions options;
  const WordPiece& tokenizer;
  SampleLoader source;
  CollateOptions collation;
  std::int64_t steps_per_epoch = 0;

  std::mutex mutex;  // guards what follows, and the slots but for their samples being loaded
  std::condition_variable work_to_do, batch_done;
  std::deque<std::shared_ptr<Slot>> window;  // consecutive steps, the next to be handed out first
  std::int64_t next_step = 0;
  bool stop = false;

  BadSamples bad;  // these two only by the thread that calls next()
  LoaderTimes times;
  std::vector<std::thread> threads;
};

Loader::Loader(std::vector<Manifest> manifests, const WordPiece& tokenizer, DecodeFunction decode,
               const LoaderOptions& options) {
  check_options(options);
  check_some_media(manifests);
  impl_ = std::make_unique<Impl>(std::move(manifests), tokenizer, std::move(decode), options);
}

Loader::~Loader() = default;

std::int64_t Loader::samples() const { return impl_->source.rows(); }
std::int64_t Loader::steps_per_epoch() const { return impl_->steps_per_epoch; }
std::optional<Batch> Loader::next() { return impl_->next(); }
void Loader::seek(std::int64_t step) { impl_->seek(step); }
const BadSamples& Loader::bad_samples() const { return impl_->bad; }
const LoaderTimes& Loader::times() const { return impl_->times; }
Sample Loader::sample(std::int64_t row) const { return impl_->source.sample(row); }

std::int64_t CoLoader::steps_per_epoch() const { return std::min(video_.steps_per_epoch(), image_.steps_per_epoch()); }

CoLoader::Step CoLoader::next() {
  auto video = video_.next(), image = image_.next();
  check(video && image, ErrorCode::state, "co-training: a loader came to its end; both must be training loaders");
  return {std::move(*video), std::move(*image)};
}

void CoLoader::seek(std::int64_t step) {
  video_.seek(step);
  image_.seek(step);
}

}  // namespace aio
