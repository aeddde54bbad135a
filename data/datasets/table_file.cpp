#include "data/datasets/table_file.h"

#include <charconv>
#include <cmath>

#include "data/csv.h"
#include "data/data_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::uint64_t kMaxListBytes = std::uint64_t{1} << 28;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

bool TableRow::has(std::string_view column) const { return csv_column(header_, column) >= 0; }

const std::string& TableRow::text(std::size_t column) const {
  check(column < fields_.size(), ErrorCode::format, where_, ": has ", fields_.size(), " fields, expected at least ",
        column + 1);
  return fields_[column];
}

const std::string& TableRow::text(std::string_view column) const {
  const int place = csv_column(header_, column);
  check(place >= 0, ErrorCode::format, where_, ": the header has no column ", column);
  return text(static_cast<std::size_t>(place));
}

std::int64_t TableRow::to_integer(const std::string& text) const {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  check(parsed.ec == std::errc() && parsed.ptr == end, ErrorCode::format, where_, ": \"", text, "\" is not an integer");
  return value;
}

double TableRow::to_number(const std::string& text) const {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  check(parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(value), ErrorCode::format, where_, ": \"", text,
        "\" is not a number");
  return value;
}

std::int64_t TableRow::integer(std::size_t column) const { return to_integer(trimmed(text(column))); }
std::int64_t TableRow::integer(std::string_view column) const { return to_integer(trimmed(text(column))); }
double TableRow::number(std::size_t column) const { return to_number(trimmed(text(column))); }
double TableRow::number(std::string_view column) const { return to_number(trimmed(text(column))); }

void for_each_row(const std::string& path, char delimiter, const TableVisit& visit) {
  CsvReader reader(path, delimiter);
  std::vector<std::string> header, fields;
  reader.next(header);
  while (reader.next(fields)) visit(TableRow(header, fields, reader.where()));
}

void for_each_headerless_row(const std::string& path, char delimiter, Compat compat, const TableVisit& visit) {
  CsvReader reader(path, delimiter);
  const std::vector<std::string> no_header;
  std::vector<std::string> fields;
  if (compat == Compat::reference) reader.next(fields);
  while (reader.next(fields)) visit(TableRow(no_header, fields, reader.where()));
}

void for_each_row_of(const std::string& path, char delimiter, std::size_t columns, Conversion& conversion,
                     const TableVisit& visit) {
  for_each_headerless_row(path, delimiter, Compat::fixed, [&](const TableRow& row) {
    if (row.size() == columns) {
      visit(row);
    } else {
      conversion.skip(row.where(), message("has ", row.size(), " fields, expected ", columns));
    }
  });
}

std::vector<std::string> read_header(const std::string& path, char delimiter) {
  CsvReader reader(path, delimiter);
  std::vector<std::string> header;
  reader.next(header);
  return header;
}

std::vector<std::string> read_list(const std::string& path) {
  std::vector<std::string> lines;
  for (const std::string& line : split_text(read_file(path, kMaxListBytes), '\n')) {
    std::string text = trimmed(line);
    if (!text.empty()) lines.push_back(std::move(text));
  }
  return lines;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::string collapsed(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (!is_space(c)) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  return trimmed(result);
}

std::vector<std::string> split_text(std::string_view text, char delimiter) {
  std::vector<std::string> pieces;
  while (true) {
    const std::size_t end = text.find(delimiter);
    pieces.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string before_first_dot(const std::string& name) { return name.substr(0, name.find('.')); }
std::string without_extension(const std::string& name) { return name.substr(0, name.rfind('.')); }

}  // namespace aio
