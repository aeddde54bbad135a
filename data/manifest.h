#pragma once
// Manifest: one split of a data set on disk, read row by row. A data set is a folder with `dataset.json` and one JSON
// Lines file a split:
//   {"format": "aio-manifest", "version": 1, "name": "my-set", "task": "retrieval", "media_root": ".",
//    "splits": {"train": "train.jsonl", "test": "test.jsonl"}, "answers": "answers.txt", "labels": "labels.txt",
//    "prompt": null, "max_text_len": 40}
// A single file of samples is accepted too: JSON Lines, a JSON array of objects ({"image": path, "caption": text}), or
// CSV/TSV with a header that has a column path, video or media.
//
// Opening scans the file for where its rows begin (12 bytes of memory a row) and parses none: a manifest of 10^7 rows
// opens in seconds. Rows are read when asked for, with pread: a file that is rewritten meanwhile is an error, not a
// crash. Nothing outside `media_root` is named unless allowed.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/media_source.h"
#include "data/sample.h"
#include "data/transforms.h"

namespace aio {

class MediaRoot;

/// What dataset.json says.
struct DatasetInfo {
  std::string name;
  Task task = Task::pretrain;
  std::string media_root = ".";               ///< absolute, or relative to the folder of dataset.json
  std::map<std::string, std::string> splits;  ///< name -> file beside dataset.json
  std::vector<std::string> answers;           ///< open-ended QA: the class of an answer is its place here
  std::vector<std::string> labels;            ///< classification: likewise
  /// How the splits were cut, where a data set has several customs (MSRVTT: jsfusion, miech, full); empty: there is
  /// one.
  std::string protocol;
  std::optional<std::string> prompt;  ///< text of samples without one, or a template of {question}, {option}...
  std::int64_t max_text_len = 40;     ///< tokens, [CLS] and [SEP] included
  /// What suits the set's pixels; default: what the transform says. {"normalization": {"mean": [3], "std": [3]}}
  std::optional<Normalization> normalization;
};

struct ManifestOptions {
  bool allow_outside = false;  ///< media may be absolute, contain "..", or lead out through links
  std::string media_root;      ///< replaces that of dataset.json unless empty
  std::optional<Task> task;    ///< of a single file, which does not say; default: guessed from the first row
  /// Only rows whose extra key `kind` is one of these; empty: all. Opening then parses every row. Error{config}, naming
  /// the kinds there are, when none is left.
  std::vector<std::string> kinds;
};

class Manifest {
 public:
  /// `path`: the data set's folder, its dataset.json, or a file of samples (then `split` is ignored). Throws Error{io}
  /// when a file or the media root is missing (at once, before any sample), Error{format} for a bad dataset.json,
  /// Error{config} for an unknown split, naming those that exist.
  static Manifest open(const std::string& path, const std::string& split, const ManifestOptions& options = {});

  const DatasetInfo& info() const { return info_; }
  const std::string& split() const { return split_; }
  /// The file of samples.
  const std::string& file() const;
  std::int64_t size() const;

  /// Row 0 <= i < size(). From any thread. Throws Error{format} "train.jsonl:17: reason"; the file's name and line are
  /// those of the row.
  Sample sample(std::int64_t i) const;
  /// "train.jsonl:17": where row i begins.
  std::string where(std::int64_t i) const;

  /// Canonical path of the sample's file or folder, without the part after '#' of a container's member. Throws
  /// Error{value} for a path that leaves the media root or holds a NUL, Error{io} when nothing is there.
  std::string media_path(const std::string& media) const;
  /// What a decoder opens: media_path() with the part of the file, or the numbering of the folder's pictures.
  MediaSource media_source(const Sample& sample) const;
  /// Canonical.
  const std::string& media_root() const;

  /// Class of an open-ended answer, -1 when it is not in the list.
  std::int64_t answer_class(const std::string& answer) const;
  /// Class of a sample: its label, or the place of its label_name. Throws Error{value} for an unknown one.
  std::int64_t label_class(const Sample& sample) const;

 private:
  class Rows;
  void keep_kinds(const std::vector<std::string>& kinds);
  std::int64_t row_of(std::int64_t i) const;
  DatasetInfo info_;
  std::string split_;
  std::shared_ptr<const MediaRoot> media_root_;
  std::shared_ptr<const Rows> rows_;
  std::shared_ptr<const std::vector<std::int64_t>> kept_;  ///< rows of the file, where some were left out
  std::map<std::string, std::int64_t, std::less<>> answer_classes_, label_classes_;
};

/// Reads dataset.json, answers.txt and labels.txt of a folder. Throws as Manifest::open().
DatasetInfo read_dataset_info(const std::string& folder);

/// A data set's own vocabulary: vocab.txt in its folder or, where several tasks share it, in the one above. `path` as
/// for Manifest::open(). Empty if there is none.
std::string find_vocabulary(const std::string& path);

}  // namespace aio
