#pragma once
// Annotation files in columns: CSV, TSV and plain lists, row by row with the file and line in every error.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "data/datasets/conversion.h"

namespace aio {

/// A record, by column number or by the header's names.
class TableRow {
 public:
  TableRow(const std::vector<std::string>& header, const std::vector<std::string>& fields, std::string where)
      : header_(header), fields_(fields), where_(std::move(where)) {}

  const std::string& where() const { return where_; }
  std::size_t size() const { return fields_.size(); }
  bool has(std::string_view column) const;
  // Throw Error{format} "where: ..." for a column that is not there, or no number.
  const std::string& text(std::size_t column) const;
  const std::string& text(std::string_view column) const;
  std::int64_t integer(std::size_t column) const;
  std::int64_t integer(std::string_view column) const;
  double number(std::size_t column) const;
  double number(std::string_view column) const;

 private:
  std::int64_t to_integer(const std::string& text) const;
  double to_number(const std::string& text) const;

  const std::vector<std::string>& header_;
  const std::vector<std::string>& fields_;
  std::string where_;
};

using TableVisit = std::function<void(const TableRow&)>;

/// Records below a header.
void for_each_row(const std::string& path, char delimiter, const TableVisit& visit);
/// Records of a file without a header. The paper's code takes the first one for a header and loses it; so does this
/// with Compat::reference.
void for_each_headerless_row(const std::string& path, char delimiter, Compat compat, const TableVisit& visit);
/// Records of `columns` fields of a file without a header; others are skipped, and counted by the conversion.
void for_each_row_of(const std::string& path, char delimiter, std::size_t columns, Conversion& conversion,
                     const TableVisit& visit);
/// Names of the first record's columns.
std::vector<std::string> read_header(const std::string& path, char delimiter);

/// The lines of a list that are not blank, without spaces around them.
std::vector<std::string> read_list(const std::string& path);

/// Without white space around it.
std::string trimmed(std::string_view text);
/// Runs of white space become one blank; none at the ends.
std::string collapsed(std::string_view text);
/// Pieces between the delimiters, as they are.
std::vector<std::string> split_text(std::string_view text, char delimiter);

std::string base_name(const std::string& path);          ///< "a/b/c.mp4" -> "c.mp4"
std::string before_first_dot(const std::string& name);   ///< "c.tar.gz" -> "c"
std::string without_extension(const std::string& name);  ///< "c.tar.gz" -> "c.tar"

}  // namespace aio
