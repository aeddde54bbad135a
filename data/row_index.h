#pragma once
// RowIndex: where the rows of a text file begin, found in one pass that keeps nothing else: 12 bytes a row.

#include <cstdint>
#include <vector>

#include "data/data_file.h"

namespace aio {

struct RowIndex {
  std::vector<std::uint64_t> begin;  ///< byte offsets
  std::vector<std::uint32_t> line;   ///< from 1
  std::uint64_t end = 0;             ///< where the last row's bytes end

  /// Bytes of row i, which may end with line feeds, commas or blank lines.
  std::uint64_t bytes(std::size_t i) const { return (i + 1 < begin.size() ? begin[i + 1] : end) - begin[i]; }
};

/// Lines that hold more than spaces; a leading byte order mark is skipped.
RowIndex index_lines(const DataFile& file);
/// Elements of the JSON array that the file is. Looks at brackets and quotes only: whether an element is JSON is found
/// out when it is parsed. Throws Error{format} when the file is no array, or ends inside it.
RowIndex index_json_array(const DataFile& file);
/// Records of a CSV file after the first, the header. Throws as CsvReader.
RowIndex index_csv(const DataFile& file, char delimiter);

}  // namespace aio
