#pragma once
// ArrowFile: tables in Arrow's IPC file format, as far as image-text data sets use it: columns of binary, string,
// integer, floating point, and lists (of lists) of those, in any number of record batches, uncompressed
// (arrow.apache.org/docs/format/Columnar.html, "IPC File Format").
//
// Cells are read from the file when asked for; an image's bytes are named by their place in the file and decoded from
// there, so that a table of 100 GB takes no memory.

#include <cstdint>
#include <string>
#include <vector>

#include "data/data_file.h"

namespace aio {

class ArrowFile {
 public:
  /// Reads the metadata. Throws Error{io}; Error{format} "f.arrow: ..." for another or a broken format, compression,
  /// dictionary encoding of a column that is read.
  explicit ArrowFile(const std::string& path);

  std::int64_t rows() const { return rows_; }
  bool has(const std::string& column) const;

  struct Range {
    std::uint64_t offset = 0;  ///< in the file
    std::uint64_t bytes = 0;
  };
  // Cell `row` of a column. Throw Error{format} when the column is not there or of another type, or a cell leads
  // outside its buffer; Error{index}. A null is an empty text or list; a null number is an error.
  Range bytes(const std::string& column, std::int64_t row) const;  ///< binary or string
  std::string text(const std::string& column, std::int64_t row) const;
  std::int64_t integer(const std::string& column, std::int64_t row) const;
  std::vector<std::string> texts(const std::string& column, std::int64_t row) const;
  std::vector<std::int64_t> integers(const std::string& column, std::int64_t row) const;
  std::vector<double> numbers(const std::string& column, std::int64_t row) const;
  std::vector<std::vector<std::string>> nested_texts(const std::string& column, std::int64_t row) const;
  std::vector<std::vector<double>> nested_numbers(const std::string& column, std::int64_t row) const;

 private:
  enum class Type { binary, list, integer, floating, boolean, other };
  struct Field {
    std::string name;
    Type type = Type::other;
    bool wide = false;  ///< 64-bit offsets
    int bits = 0;       ///< of a number
    bool is_signed = true;
    bool dictionary = false;
    std::vector<Field> children;
    std::size_t node = 0, buffer = 0;  ///< its first of each in a record batch
  };
  struct Batch {
    std::int64_t first_row = 0, rows = 0;
    std::vector<std::int64_t> node_rows;
    std::vector<Range> buffers;  ///< checked to lie in the file
  };
  struct Cell {
    const Batch* batch;
    const Field* field;
    std::int64_t row;
  };

  void read_schema(const class FlatTable& footer);
  Field read_field(const class FlatTable& table, int depth);
  void read_batch(std::int64_t offset, std::int64_t metadata_bytes, std::int64_t body_bytes);

  Cell cell(const std::string& column, std::int64_t row) const;
  bool is_null(const Cell& cell) const;
  /// Begin and end, of a text in its bytes or of a list in its elements.
  Range extent(const Cell& cell) const;
  std::vector<Cell> elements(const Cell& cell) const;
  Range bytes_of(const Cell& cell) const;
  std::string text_of(const Cell& cell) const;
  std::int64_t integer_of(const Cell& cell) const;
  double number_of(const Cell& cell) const;
  template <class Element, class Get>
  std::vector<Element> list_of(const Cell& cell, Get get) const;
  std::uint64_t buffer_number(const Cell& cell, std::size_t buffer, std::int64_t place, std::size_t bytes) const;

  DataFile file_;
  std::vector<Field> fields_;
  std::vector<Batch> batches_;
  std::size_t nodes_ = 0, buffers_ = 0;  ///< of a record batch
  std::int64_t rows_ = 0;
};

}  // namespace aio
