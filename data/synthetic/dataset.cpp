#include "data/synthetic/dataset.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>

#include "data/synthetic/encoder.h"
#include "data/synthetic/grammar.h"
#include "data/synthetic/manifests.h"
#include "data/synthetic/renderer.h"
#include "data/synthetic/vocabulary.h"
#include "tensor/error.h"
#include "tensor/parallel.h"

namespace aio::synthetic {
namespace {

namespace fs = std::filesystem;

int part_size(const DatasetOptions& options, Part part) {
  switch (part) {
    case Part::train: return options.train;
    case Part::val: return options.val;
    case Part::test: return options.test;
    case Part::retrieval: break;
  }
  return kRetrievalClips;
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  check(!file.fail(), ErrorCode::io, "synth: cannot write ", path.string());
}

std::int64_t write_clips(const fs::path& folder, const Clips& clips, int size) {
  std::error_code error;
  fs::create_directories(folder, error);
  check(!error, ErrorCode::io, "synth: cannot make the folder ", folder.string(), ": ", error.message());
  std::atomic<std::int64_t> bytes = 0;
  parallel_for(static_cast<std::int64_t>(clips.scenes.size()), 8, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const std::string file = encode_mp4(render_clip(clips.scenes[i], size), kFramesPerSecond, kFrames / kStates);
      write_text(folder / (clip_name(i) + ".mp4"), file);
      bytes += static_cast<std::int64_t>(file.size());
    }
  });
  return bytes;
}

void check_options(const fs::path& folder, const DatasetOptions& options) {
  for (const int count : {options.train, options.val, options.test}) {
    check(count >= 1 && count <= 1000000, ErrorCode::config, "synth: got a part of ", count,
          " clips, expected 1 to 1000000");
  }
  check(options.size >= 16 && options.size <= 1024 && options.size % 2 == 0, ErrorCode::config, "synth: got size ",
        options.size, ", expected an even one from 16 to 1024");
  std::error_code unreadable;  // making the folder will say why
  const bool free = !fs::exists(folder, unreadable) || fs::is_empty(folder, unreadable);
  check(free && !fs::is_regular_file(folder, unreadable), ErrorCode::config, "synth: ", folder.string(),
        " is there and not an empty folder (give another one, or remove it)");
}

}  // namespace

std::string_view to_string(Part part) {
  switch (part) {
    case Part::train: return "train";
    case Part::test: return "test";
    case Part::retrieval: return "retrieval";
    case Part::val: break;
  }
  return "val";
}

std::string clip_name(std::size_t index) {
  const std::string digits = std::to_string(index);
  return std::string(6 - std::min<std::size_t>(6, digits.size()), '0') + digits;
}

RngKey wording_key(RngKey scene, Wording wording) {
  scene.step += 0x100 * (static_cast<std::uint32_t>(wording) + 1);  // parts, the scenes' steps, are far below
  return scene;
}

Clips draw_clips(const DatasetOptions& options, Part part) {
  const bool distinct = part == Part::retrieval;
  const auto wanted = static_cast<std::size_t>(part_size(options, part));
  Clips clips{part, {}, {}};
  std::set<std::string> seen;
  for (std::uint32_t i = 0; clips.scenes.size() < wanted; ++i) {
    const RngKey key{options.seed, static_cast<std::uint32_t>(part), i};
    const Scene scene = draw_scene(static_cast<Motion>(i % kMotions), key, options.scenes);
    if (distinct && !seen.insert(contents(scene)).second) continue;
    clips.scenes.push_back(scene);
    clips.keys.push_back(key);
  }
  return clips;
}

DatasetSummary write_dataset(const std::string& folder, const DatasetOptions& options) {
  const fs::path root(folder);
  check_options(root, options);
  std::vector<Clips> parts;
  DatasetSummary summary;
  for (const Part part : {Part::train, Part::val, Part::test, Part::retrieval}) {
    parts.push_back(draw_clips(options, part));
    summary.clips += static_cast<std::int64_t>(parts.back().scenes.size());
    summary.bytes += write_clips(root / "clips" / to_string(part), parts.back(), options.size);
  }
  std::string lines;
  for (const std::string& word : vocabulary()) lines.append(word).append(1, '\n');
  write_text(root / "vocab.txt", lines);
  write_manifests(folder, parts, options);
  return summary;
}

}  // namespace aio::synthetic
