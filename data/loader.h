#pragma once
// Loader: a data set's samples as batches, decoded in parallel ahead of the training loop.
//
// What a batch holds depends on (seed, step) and the options only: not on threads, timing, how often the run was
// interrupted, nor on the samples before it; so seeking to a step costs nothing. Every epoch visits each sample once,
// in an order drawn from (seed, epoch), and the ranks of one step share consecutive parts of that order: no sample
// twice. Clips, captions, masks and negatives are drawn by the sample's place in the epoch: a run on two ranks of batch
// 8 sees what one rank of batch 16 sees. (But for what is drawn within a batch: labels of video-text matching and
// FalseVideos::batch.)
//
// A sample that cannot be read is named and counted. In training another one, drawn by the same rule, takes its place;
// in evaluation its place stays, marked unreadable. Beyond the allowed share the run stops.
//
// The threads are the loader's own and not those of parallel_for(): they wait for disks and decoder processes, and must
// get on while the training step keeps all of those busy (measured: docs/data.md).

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "data/bad_samples.h"
#include "data/batch.h"
#include "data/loader_options.h"
#include "data/manifest.h"
#include "data/sample_loader.h"

namespace aio {

struct LoaderTimes {
  std::int64_t batches = 0;
  double wait = 0;     ///< seconds that next() waited
  WorkTimes wait_for;  ///< `wait`, by what the batches that were waited for spent their time on
  WorkTimes busy;      ///< summed over the threads
};

class Loader {
 public:
  /// Several manifests are read as one, one after the other; they must agree on their task. `tokenizer` must outlive
  /// the loader. Starts the threads. Throws Error{config} for options that cannot be, Error{io} when none of the files
  /// that are looked for in a manifest is there.
  Loader(std::vector<Manifest> manifests, const WordPiece& tokenizer, DecodeFunction decode,
         const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  std::int64_t samples() const;
  std::int64_t steps_per_epoch() const;

  /// The next step's batch; evaluation: nothing after the last one, and a rank's last batch may be smaller or empty.
  /// Throws what stopped a thread; TooManyBadSamples at the batch that goes beyond max_bad.
  std::optional<Batch> next();
  /// next() goes on with this step, counted over all epochs.
  void seek(std::int64_t step);

  /// Of the batches handed out so far, in training and evaluation.
  const BadSamples& bad_samples() const;
  const LoaderTimes& times() const;
  /// A sample by its row in Batch::rows.
  Sample sample(std::int64_t row) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Images and videos side by side for co-training: each step one batch of either. An epoch ends with the shorter one.
class CoLoader {
 public:
  struct Step {
    Batch video, image;
  };
  CoLoader(Loader& video, Loader& image) : video_(video), image_(image) {}

  std::int64_t steps_per_epoch() const;
  /// Throws Error{state} unless both are training loaders.
  Step next();
  void seek(std::int64_t step);

 private:
  Loader& video_;
  Loader& image_;
};

}  // namespace aio
