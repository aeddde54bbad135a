#include "data/sample_loader.h"

#include <algorithm>
#include <charconv>

#include "data/dice.h"
#include "data/paint_boxes.h"
#include "data/stopwatch.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr int kAttempts = 16;  // at a readable sample; with 1 % bad ones all fail once in 10^32

/// The number that a text is, kIgnored unless it is one from 0 on.
std::int64_t parse_count(const std::string& text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, count);
  return parsed.ec == std::errc() && parsed.ptr == end && count >= 0 ? count : kIgnored;
}

}  // namespace

RngKey draw_key(std::uint64_t seed, Draw draw, std::int64_t epoch, std::int64_t place) {
  constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio: purposes differ in many bits
  return {seed ^ (kGolden * (static_cast<std::uint64_t>(draw) + 1)), static_cast<std::uint32_t>(epoch),
          static_cast<std::uint32_t>(place)};
}

WorkTimes& WorkTimes::operator+=(const WorkTimes& other) {
  disk += other.disk;
  decode += other.decode;
  transform += other.transform;
  text += other.text;
  return *this;
}

bool same_scene(const Sample& a, const Sample& b) {
  return (a.media == b.media && a.start == b.start) || (!a.group.empty() && a.group == b.group);
}

SampleLoader::SampleLoader(std::vector<Manifest> manifests, DecodeFunction decode, const LoaderOptions& options)
    : manifests_(std::move(manifests)), first_rows_{0}, decode_(std::move(decode)), options_(options) {
  check(!manifests_.empty(), ErrorCode::config, "loader: got no manifest");
  for (const Manifest& manifest : manifests_) {
    check(manifest.info().task == task(), ErrorCode::config, "loader: ", manifest.info().name, " has the task ",
          to_string(manifest.info().task), ", ", info().name, " has ", to_string(task()));
    first_rows_.push_back(rows() + manifest.size());
  }
  prompt_ = options_.prompt.empty() ? info().prompt : std::optional(options_.prompt);
}

std::int64_t SampleLoader::local_row(std::int64_t row) const {
  const auto after = std::upper_bound(first_rows_.begin(), first_rows_.end(), row);
  return row - *(after - 1);
}

const Manifest& SampleLoader::manifest_of(std::int64_t row) const {
  check(row >= 0 && row < rows(), ErrorCode::index, "loader: row ", row, " was asked for, there are ", rows());
  const auto after = std::upper_bound(first_rows_.begin(), first_rows_.end(), row);
  return manifests_[static_cast<std::size_t>(after - first_rows_.begin()) - 1];
}

Sample SampleLoader::sample(std::int64_t row) const { return manifest_of(row).sample(local_row(row)); }
std::string SampleLoader::where(std::int64_t row) const { return manifest_of(row).where(local_row(row)); }

LoadedSample SampleLoader::load(std::int64_t epoch, std::int64_t place, std::int64_t row, bool with_false_video) const {
  LoadedSample loaded;
  loaded.row = row;
  Dice dice(draw_key(options_.seed, Draw::replacement, epoch, place));
  for (int attempt = 0; !try_row(epoch, place, loaded) && options_.training; ++attempt) {
    check(attempt < kAttempts, ErrorCode::io, "loader: ", kAttempts,
          " samples in a row cannot be read; the last one: ", where(loaded.row), ": ", loaded.bad.back().reason);
    loaded.row = dice.below(rows());
  }
  if (with_false_video) add_false_video(epoch, place, loaded);
  if (options_.false_texts > 0) add_false_texts(epoch, place, loaded);
  return loaded;
}

bool SampleLoader::try_row(std::int64_t epoch, std::int64_t place, LoadedSample& loaded) const {
  try {
    load_row(epoch, place, loaded);
  } catch (const Error& error) {
    // Running out of memory is no property of the sample.
    if (error.code() == ErrorCode::oom || error.code() == ErrorCode::config) throw;
    loaded.bad.push_back({loaded.row, error.what(), options_.skip.count(loaded.sample.id) > 0});
    loaded.readable = false;
  }
  return loaded.readable;
}

void SampleLoader::load_row(std::int64_t epoch, std::int64_t place, LoadedSample& loaded) const {
  Stopwatch watch;
  loaded.readable = false;
  loaded.sample = {};
  loaded.sample.id = where(loaded.row);  // until it is known
  loaded.frames = loaded.frames2 = {};
  const Manifest& manifest = manifest_of(loaded.row);
  loaded.sample = manifest.sample(local_row(loaded.row));
  const Sample& sample = loaded.sample;
  loaded.times.disk += watch.lap();
  loaded.texts =
      sample_texts(sample, task(), prompt_, options_.training, draw_key(options_.seed, Draw::texts, epoch, place));
  loaded.label = label_of(manifest, sample);
  loaded.count = sample.answer && manifest.info().answers.empty() ? parse_count(*sample.answer) : kIgnored;
  loaded.answer_scores.clear();
  for (const ScoredAnswer& answer : sample.answers) {
    const std::int64_t answer_class = manifest.answer_class(answer.text);
    if (answer_class >= 0) loaded.answer_scores.emplace_back(answer_class, answer.score);
  }
  loaded.times.text += watch.lap();
  check(options_.skip.count(sample.id) == 0, ErrorCode::io, sample.media, ": is on the skip list");
  loaded.frames = frames_of(manifest, sample, loaded.texts, epoch, place, loaded.times);
  if (!sample.media2.empty()) {
    loaded.frames2 = frames_of(manifest, second_of_pair(sample), loaded.texts, epoch, place, loaded.times);
  }
  loaded.readable = true;
}

Tensor SampleLoader::frames_of(const Manifest& manifest, const Sample& sample, const SampleTexts& texts,
                               std::int64_t epoch, std::int64_t place, WorkTimes& times) const {
  constexpr int kSqueezed = 512;  // the paper's code has every video decoded to 512 x 512
  Stopwatch watch;
  DecodeRequest request;
  request.source = manifest.media_source(sample);
  request.count = options_.images ? 1 : options_.frames;
  request.mode = options_.mode.value_or(options_.training ? SampleMode::random : SampleMode::uniform);
  request.key = draw_key(options_.seed, Draw::frames, epoch, place);
  request.compat = options_.compat;
  request.start = texts.start.value_or(0);
  request.end = texts.end.value_or(0);
  const bool squeezed =
      options_.compat == Compat::reference && !options_.images && !sample.frames && !sample.media.ends_with(".gif");
  if (squeezed) request.size = {kSqueezed, kSqueezed};
  // A picture that is wanted whole is squeezed in the pass that makes RGB of YUV.
  if (!options_.images && options_.video.recipe == VideoRecipe::whole) {
    request.size = {options_.video.size, options_.video.size};
  }
  times.disk += watch.lap();
  const DecodeResult result = decode_(request);
  times.disk += result.read_seconds;
  times.decode += std::max(0.0, watch.lap() - result.read_seconds);
  check(result.ok(), ErrorCode::io, result.error);
  const Tensor pictures = sample.boxes.empty() ? result.frames : paint_boxes(result.frames, sample.boxes);
  const RngKey key = draw_key(options_.seed, Draw::transform, epoch, place);
  Tensor frames = options_.images     ? image_transform(pictures, options_.image, key)
                  : options_.training ? train_transform(pictures, options_.video, key)
                                      : eval_transform(pictures, options_.video);
  times.transform += watch.lap();
  return frames;
}

std::int64_t SampleLoader::label_of(const Manifest& manifest, const Sample& sample) const {
  switch (task()) {
    case Task::qa: {
      const std::int64_t answer = sample.answer ? manifest.answer_class(*sample.answer) : -1;
      return answer >= 0 ? answer : kIgnored;
    }
    case Task::classify: return sample.label || !sample.label_name.empty() ? manifest.label_class(sample) : kIgnored;
    case Task::choice:
    case Task::mc_qa: return sample.answer_index.value_or(kIgnored);
    default: return kIgnored;
  }
}

void SampleLoader::add_false_video(std::int64_t epoch, std::int64_t place, LoadedSample& loaded) const {
  Dice dice(draw_key(options_.seed, Draw::false_video, epoch, place));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    LoadedSample other;
    other.row = dice.below(rows());
    if (other.row == loaded.row) continue;
    const bool readable = try_row(epoch, place, other);
    loaded.times += other.times;
    loaded.bad.insert(loaded.bad.end(), other.bad.begin(), other.bad.end());
    if (!readable || same_scene(loaded.sample, other.sample)) continue;
    loaded.false_frames = other.frames;
    return;
  }
  fail(ErrorCode::io, "loader: found no other video to match the text of ", where(loaded.row), " with, in ", kAttempts,
       " draws");
}

void SampleLoader::add_false_texts(std::int64_t epoch, std::int64_t place, LoadedSample& loaded) const {
  Dice dice(draw_key(options_.seed, Draw::false_text, epoch, place));
  // A handful of samples may all be one scene: then it is the text of the same scene.
  for (int draws = 0; static_cast<std::int64_t>(loaded.false_texts.size()) < options_.false_texts; ++draws) {
    const std::int64_t row = dice.below(rows());
    const bool last_try = draws >= kAttempts * (1 + static_cast<int>(loaded.false_texts.size()));
    if (row == loaded.row && !last_try) continue;
    const Sample other = sample(row);
    if (same_scene(loaded.sample, other) && !last_try) continue;
    RngKey key = draw_key(options_.seed, Draw::false_text, epoch, place);
    key.seed += static_cast<std::uint64_t>(draws) + 1;
    loaded.false_texts.push_back(sample_texts(other, task(), prompt_, options_.training, key).text);
  }
}

}  // namespace aio
