#include "apps/data/dataset_options.h"

#include <CLI/CLI.hpp>
#include <filesystem>

namespace aio::apps {

void DatasetOptions::add_to(CLI::App& command) {
  command.add_option("dataset", path, "folder with dataset.json, or a file of samples (jsonl, json, csv, tsv)")
      ->required()
      ->check(CLI::ExistingPath);
  command.add_option("--split", split, "only this split (default: all)");
  command.add_option("--media-root", manifest.media_root, "in place of dataset.json's");
  command.add_flag("--allow-outside", manifest.allow_outside, "media may lie outside the media root");
}

std::vector<Manifest> DatasetOptions::open() const {
  std::vector<Manifest> manifests;
  if (!split.empty() || !std::filesystem::is_directory(path)) {
    manifests.push_back(Manifest::open(path, split, manifest));
    return manifests;
  }
  for (const auto& entry : read_dataset_info(path).splits) {
    manifests.push_back(Manifest::open(path, entry.first, manifest));
  }
  return manifests;
}

}  // namespace aio::apps
