#pragma once
// ManifestWriter: writes a data set's manifest, streaming. Nothing is visible before finish(), and dataset.json comes
// last: a folder with a dataset.json is complete.

#include <map>
#include <memory>
#include <string>

#include "data/manifest.h"

namespace aio {

class ManifestWriter {
 public:
  /// Makes `folder` if need be. Throws Error{io}.
  explicit ManifestWriter(std::string folder);
  ~ManifestWriter();
  ManifestWriter(const ManifestWriter&) = delete;
  ManifestWriter& operator=(const ManifestWriter&) = delete;

  /// Appends to FOLDER/SPLIT.jsonl. Throws Error{value} for a sample without id or media, or with an id that the split
  /// has already; Error{io}.
  void add(const std::string& split, const Sample& sample);
  bool contains(const std::string& split, const std::string& id) const;
  /// Rows written so far.
  std::int64_t size(const std::string& split) const;
  /// Writes answers.txt, labels.txt (if there are any) and dataset.json; `info.splits` is filled in here.
  void finish(DatasetInfo info);

 private:
  struct Split;
  std::string folder_;
  std::map<std::string, std::unique_ptr<Split>> splits_;
};

}  // namespace aio
