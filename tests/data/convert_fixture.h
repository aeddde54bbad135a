#pragma once
// Converts a data set of tests/golden/datasets, which holds a few rows of each in the layout and the exact format that
// people have on disk (lists and annotations under meta_data/, media beside it), and reads back what was written.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio::test {

struct Converted {
  ConvertReport report;
  DatasetInfo info;
  std::map<std::string, std::vector<std::string>> splits;  ///< the lines of each

  /// Line i of a split; empty if there is none.
  std::string line(const std::string& split, std::size_t i) const {
    const auto found = splits.find(split);
    return found == splits.end() || i >= found->second.size() ? "" : found->second[i];
  }
  /// The media root below the fixtures' folder.
  std::string root() const { return info.media_root.substr(info.media_root.find("golden/datasets/") + 16); }
};

inline std::string fixture_root() { return std::string(AIO_TEST_DATA) + "/golden/datasets"; }

inline Converted convert_fixture(const std::string& name, ConvertOptions options = {}) {
  const TempDir folder;
  if (options.data_root.empty()) options.data_root = fixture_root();
  options.out = folder / "out";
  Converted result;
  result.report = convert_dataset(name, options);
  result.info = read_dataset_info(options.out);
  for (const auto& [split, file] : result.info.splits) result.splits[split] = read_list(options.out + "/" + file);
  return result;
}

}  // namespace aio::test
