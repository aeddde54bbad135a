#pragma once
// Conversion: what every reader of a public data set works with. It finds the files in the places people have them,
// collects what the reader adds, and remembers what had to be left out.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/frame_sampling.h"
#include "data/manifest.h"
#include "data/manifest_writer.h"

namespace aio {

struct ConvertOptions {
  std::string data_root;  ///< videos, images, Arrow files: one folder a data set inside
  std::string meta_root;  ///< lists and annotations, likewise; empty: meta_data or metadata, here or in data_root
  std::string out;        ///< the manifest's folder

  /// reference: what the paper's code reads, its mistakes included (files without a header lose their first record).
  Compat compat = Compat::fixed;
  /// MSRVTT: jsfusion (9,000 + 1,000), miech (6,656 + 1,000), full (6,513 + 497 + 2,990).
  std::string cut = "jsfusion";
  std::string train_list, test_list;  ///< MSRVTT: lists in place of the cut's
  bool one_caption_a_line = false;    ///< HowTo100M: a sample a caption instead of a video with `segments`
};

/// How a conversion went.
struct ConvertReport {
  std::vector<std::pair<std::string, std::int64_t>> splits;  ///< name and rows
  std::vector<std::string> skipped;                          ///< "list.csv:7: has 11 fields, ...": the first of them
  std::int64_t skipped_rows = 0;
};

class Conversion {
 public:
  /// `name`: of the data set. Throws Error{io} when a root is no folder.
  Conversion(const std::string& name, const ConvertOptions& options, ManifestWriter& writer);

  const ConvertOptions& options() const { return options_; }
  DatasetInfo info;  ///< to be filled in by the reader

  /// The first of `names` that is a file in META/folder, META, DATA/folder or DATA; nothing if there is none (each is
  /// remembered for the message of finish()).
  std::optional<std::string> find(const std::string& folder, const std::vector<std::string>& names);
  /// The same; throws Error{io} that lists where it was looked for.
  std::string need(const std::string& folder, const std::vector<std::string>& names);

  /// Sets info.media_root to the first folder that is there of DATA/folder/inside, then DATA/inside, for each `inside`,
  /// and returns it. "" stands for the folder itself. Throws Error{io} that lists them.
  const std::string& media_root(const std::string& folder, const std::vector<std::string>& inside);
  /// `stem` + the first extension that is there below the media root ("v_1" + ".mkv"); with the first if none is.
  std::string with_extension(const std::string& stem, const std::vector<std::string>& extensions) const;

  /// Appends; an id that the split has already gets "#2", "#3", ... behind it.
  void add(const std::string& split, Sample sample);
  /// A row that cannot become a sample.
  void skip(const std::string& where, const std::string& reason);

  /// Writes dataset.json. Throws Error{io} when there are no samples: it lists the files that were looked for.
  ConvertReport finish();

 private:
  const ConvertOptions& options_;
  ManifestWriter& writer_;
  std::string meta_root_;
  std::vector<std::string> tried_;
  ConvertReport report_;
};

/// A sample with these two.
Sample make_sample(std::string id, std::string media);

}  // namespace aio
