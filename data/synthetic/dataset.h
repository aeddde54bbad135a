#pragma once
// The embedded data set: clips of the moving-shapes world as files, with manifests for every task.
//
//   DIR/clips/{train,val,test,retrieval}/000000.mp4 ...   96 x 96, 24 frames, 8 frames a second
//   DIR/vocab.txt                                         [PAD] [UNK] [CLS] [SEP] [MASK], then every word
//   DIR/{pretrain,retrieval,choice,qa,action,caption}/    dataset.json, train.jsonl, val.jsonl, test.jsonl,
//                                                         answers.txt (qa), labels.txt (action)
//
// All is a function of the options: scene i of a part is drawn from Philox(seed, part, i), so that it is the same
// whatever the parts' sizes. Motions take turns, all else is drawn. The retrieval task's test part holds 64 clips, no
// two of which have the same caption in any wording.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/synthetic/scene.h"

namespace aio::synthetic {

struct DatasetOptions {
  std::uint64_t seed = 0;
  int train = 4000;
  int val = 200;
  int test = 400;
  int size = 96;  ///< side of the clips in pixels; even, from 16 to 1024
  SceneOptions scenes;
};

/// The number is the Philox step: a part's scenes do not depend on those of the others.
enum class Part { train = 1, test = 2, retrieval = 3, val = 4 };

std::string_view to_string(Part part);

inline constexpr int kRetrievalClips = 64;

/// The clips of one part, in the order of their files.
struct Clips {
  Part part = Part::train;
  std::vector<Scene> scenes;
  std::vector<RngKey> keys;  ///< of each clip's scene
};

/// What else is drawn for a clip, from numbers of its own.
enum class Wording { captions, questions, choices };

/// The key of a clip's wording, given the key of its scene.
RngKey wording_key(RngKey scene, Wording wording);

/// Draws the part's scenes; nothing is written. Throws Error{config}.
Clips draw_clips(const DatasetOptions& options, Part part);

/// "000017", the clip's name in its part.
std::string clip_name(std::size_t index);

struct DatasetSummary {
  std::int64_t clips = 0;
  std::int64_t bytes = 0;  ///< of the clips
};

/// Writes the data set into `folder`, which must be empty or not there; clips on all threads. Each dataset.json is
/// written last: a task's folder that has one is complete. Throws Error{config} for options out of range or a folder
/// with something in it, Error{io}.
DatasetSummary write_dataset(const std::string& folder, const DatasetOptions& options);

}  // namespace aio::synthetic
