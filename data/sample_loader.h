#pragma once
// SampleLoader: one sample of an epoch, from its manifest line to normalised frames and texts. What comes out depends
// on the seed, the epoch and the place in the epoch only; it may be called from any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/loader_options.h"
#include "data/manifest.h"
#include "data/sample_texts.h"

namespace aio {

/// What random numbers are for; each purpose has its own.
enum class Draw : std::uint64_t { order, texts, frames, transform, replacement, false_video, false_text, masks, vtm };

/// For the sample at `place` of an epoch.
RngKey draw_key(std::uint64_t seed, Draw draw, std::int64_t epoch, std::int64_t place);

/// Seconds that a sample took.
struct WorkTimes {
  double disk = 0;    ///< its manifest line, finding and reading the file
  double decode = 0;  ///< and waiting for a free decoder
  double transform = 0;
  double text = 0;  ///< drawing texts, tokens, putting the batch together
  double total() const { return disk + decode + transform + text; }
  WorkTimes& operator+=(const WorkTimes& other);
};

struct BadRow {
  std::int64_t row = 0;
  std::string reason;
  bool known = false;  ///< on the skip list
};

struct LoadedSample {
  std::int64_t row = 0;
  bool readable = false;
  Sample sample;
  SampleTexts texts;
  Tensor frames;        ///< f32 [T, 3, h, w]; undefined if unreadable
  Tensor frames2;       ///< the same of media2; undefined without
  Tensor false_frames;  ///< undefined unless asked for
  std::vector<std::string> false_texts;
  std::int64_t label = kIgnored;
  std::int64_t count = kIgnored;  ///< the answer as a number, where the data set has no answer list
  std::vector<std::pair<std::int64_t, double>> answer_scores;  ///< class and score of the accepted answers
  std::vector<BadRow> bad;                                     ///< rows that could not be read on the way
  WorkTimes times;
};

class SampleLoader {
 public:
  SampleLoader(std::vector<Manifest> manifests, DecodeFunction decode, const LoaderOptions& options);

  std::int64_t rows() const { return first_rows_.back(); }
  Task task() const { return manifests_.front().info().task; }
  const DatasetInfo& info() const { return manifests_.front().info(); }
  /// Throws as Manifest::sample().
  Sample sample(std::int64_t row) const;
  std::string where(std::int64_t row) const;

  /// The sample `row`, at `place` of `epoch`; in training another one if it cannot be read. `with_false_video`: and
  /// the frames of another one. Throws Error{io} when replacements cannot be read either.
  LoadedSample load(std::int64_t epoch, std::int64_t place, std::int64_t row, bool with_false_video) const;

 private:
  const Manifest& manifest_of(std::int64_t row) const;
  std::int64_t local_row(std::int64_t row) const;
  /// Throws Error for whatever is wrong with the sample.
  void load_row(std::int64_t epoch, std::int64_t place, LoadedSample& loaded) const;
  bool try_row(std::int64_t epoch, std::int64_t place, LoadedSample& loaded) const;
  Tensor frames_of(const Manifest& manifest, const Sample& sample, const SampleTexts& texts, std::int64_t epoch,
                   std::int64_t place, WorkTimes& times) const;
  std::int64_t label_of(const Manifest& manifest, const Sample& sample) const;
  void add_false_video(std::int64_t epoch, std::int64_t place, LoadedSample& loaded) const;
  void add_false_texts(std::int64_t epoch, std::int64_t place, LoadedSample& loaded) const;

  std::vector<Manifest> manifests_;
  std::vector<std::int64_t> first_rows_;  ///< of each manifest, and the end
  DecodeFunction decode_;
  LoaderOptions options_;
  std::optional<std::string> prompt_;
};

/// Two samples that must not be taken for one another's negatives: the same video, or one group.
bool same_scene(const Sample& a, const Sample& b);

}  // namespace aio
