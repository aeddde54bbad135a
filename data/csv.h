#pragma once
// CSV and TSV (RFC 4180): fields in double quotes may hold delimiters, line feeds and doubled quotes.
//
// As lenient as the readers that people use: records end with LF, CRLF or the end of the file; a leading byte order
// mark is skipped; blank lines are skipped; a quote inside an unquoted field is a character like any other; what
// follows a closing quote up to the delimiter is kept. Nothing is "missing": NA, nan and null are texts.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace aio {

/// Streams the records of a file; memory does not depend on its size.
class CsvReader {
 public:
  /// Throws Error{io}.
  CsvReader(const std::string& path, char delimiter);
  ~CsvReader();
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;

  /// Reads the next record; false at the end. Throws Error{format} "path:line: ..." for a quote that is never closed
  /// and for records of more than 1 MB.
  bool next(std::vector<std::string>& fields);

  /// Of the record read last: the line it began on (from 1), and its bytes.
  std::uint64_t line() const;
  std::uint64_t begin() const;
  std::uint64_t end() const;
  /// "path:line" of the record read last.
  std::string where() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The first record of `text`. Throws Error{format} "where: ...".
std::vector<std::string> parse_csv_record(std::string_view text, char delimiter, const std::string& where);

/// A column's name without the spaces around it, in lower case.
std::string fold_csv_name(std::string_view name);
/// Place of the header's column, spaces around the names and letter case ignored; -1 if there is none.
int csv_column(const std::vector<std::string>& header, std::string_view name);

}  // namespace aio
