#include "data/row_index.h"

#include <cstring>
#include <string>

#include "data/csv.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Calls visit(block, offset of the block) on the whole file, without its byte order mark.
template <class Visit>
void for_each_block(const DataFile& file, Visit&& visit) {
  std::string buffer(kBlock, '\0');
  std::uint64_t offset = 0;
  while (const std::size_t got = file.read_some(offset, buffer.data(), buffer.size())) {
    std::string_view block(buffer.data(), got);
    const bool marked = offset == 0 && block.starts_with(kByteOrderMark);
    if (marked) block.remove_prefix(kByteOrderMark.size());
    visit(block, offset + (marked ? kByteOrderMark.size() : 0));
    offset += got;
  }
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

RowIndex index_lines(const DataFile& file) {
  RowIndex index;
  std::uint32_t line = 1;
  bool begun = false;  // this line has a row
  for_each_block(file, [&](std::string_view block, std::uint64_t offset) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (!begun && !is_space(block[i])) {
        index.begin.push_back(offset + i);
        index.line.push_back(line);
        begun = true;
      }
      // The rest of the line does not matter.
      const void* const feed = std::memchr(block.data() + i, '\n', begun ? block.size() - i : 1);
      if (feed == nullptr && begun) break;
      if (feed == nullptr) continue;
      i = static_cast<std::size_t>(static_cast<const char*>(feed) - block.data());
      begun = false;
      ++line;
    }
    index.end = offset + block.size();
  });
  return index;
}

RowIndex index_json_array(const DataFile& file) {
  RowIndex index;
  std::uint32_t line = 1;
  int depth = 0;  // of open brackets; the array's own is the first
  bool in_string = false, escaped = false, expect_element = false, closed = false;
  for_each_block(file, [&](std::string_view block, std::uint64_t offset) {
    for (std::size_t i = 0; i < block.size() && !closed; ++i) {
      const char c = block[i];
      if (c == '\n') ++line;
      if (in_string) {
        in_string = escaped || c != '"';
        escaped = !escaped && c == '\\';
        continue;
      }
      if (is_space(c)) continue;
      if (depth == 0) {
        check(c == '[', ErrorCode::format, file.path(), ": expected a JSON array of objects, got '", c,
              "' as the first character");
        depth = 1;
        expect_element = true;
        continue;
      }
      if (depth == 1 && c == ']') {
        closed = true;
        index.end = offset + i;
        continue;
      }
      if (depth == 1 && expect_element) {
        index.begin.push_back(offset + i);
        index.line.push_back(line);
        expect_element = false;
      }
      if (depth == 1 && c == ',') expect_element = true;
      if (c == '"') in_string = true;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
    }
  });
  check(closed, ErrorCode::format, file.path(), ": line ", line, ": the file ends inside its JSON array");
  return index;
}

RowIndex index_csv(const DataFile& file, char delimiter) {
  RowIndex index;
  CsvReader reader(file.path(), delimiter);
  std::vector<std::string> fields;
  reader.next(fields);
  while (reader.next(fields)) {
    index.begin.push_back(reader.begin());
    index.line.push_back(static_cast<std::uint32_t>(reader.line()));
    index.end = reader.end();
  }
  return index;
}

}  // namespace aio
