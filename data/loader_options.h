#pragma once
// What a loader is asked for.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "data/decode_service.h"
#include "data/mlm_masking.h"
#include "data/transforms.h"

namespace aio {

/// Frames of a file: DecodeService::decode(), or decoding in this process. Called from several threads.
using DecodeFunction = std::function<DecodeResult(const DecodeRequest&)>;

/// Where the false videos of video-text matching come from.
enum class FalseVideos {
  none,
  batch,  ///< other samples of the batch: costs no decoding
  split,  ///< any sample of the split, decoded for it (the paper's code)
};

struct LoaderOptions {
  bool training = true;          ///< shuffled, random, endless, whole batches only; else in order, once, all samples
  std::int64_t batch_size = 32;  ///< of one rank
  std::uint64_t seed = 0;
  int rank = 0;
  int ranks = 1;

  // Frames.
  bool images = false;      ///< stills by `image`, one frame each, instead of clips by `video`
  std::int64_t frames = 3;  ///< a clip
  VideoTransform video;
  ImageTransform image;
  std::optional<SampleMode> mode;  ///< default: random in training, uniform in evaluation
  Compat compat = Compat::fixed;   ///< reference: frames as the paper's code samples and squeezes them
  std::uint32_t view = 0;          ///< evaluation: another number draws other random frames (averaging over views)

  // Texts.
  std::int64_t max_text_len = 0;  ///< tokens; 0: the manifest's
  std::string prompt;             ///< replaces the manifest's unless empty
  std::optional<MaskingOptions> mlm;
  FalseVideos false_videos = FalseVideos::none;
  std::int64_t false_texts = 0;

  // Work.
  int threads = 2;   ///< that decode and transform
  int prefetch = 4;  ///< batches worked on or finished before they are asked for
  double max_bad = 0.01;
  std::set<std::string> skip;  ///< ids known to be unreadable: treated as such, but not counted against max_bad
};

}  // namespace aio
