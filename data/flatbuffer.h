#pragma once
// Reads FlatBuffers, the encoding of Arrow's metadata, without generated code: tables, vectors and strings, each access
// checked against the buffer. (flatbuffers.dev, "FlatBuffer internals".)
//
// A table begins with a signed 32-bit distance back to its vtable; that holds, as 16-bit numbers, its own size, the
// table's, and for each field the distance from the table's begin, 0 for a field left out.

#include <cstdint>
#include <string>
#include <string_view>

namespace aio {

/// A table inside `bytes`; messages begin with `name`.
class FlatTable {
 public:
  /// The buffer's root. Throws Error{format} here and below when an offset leads outside.
  static FlatTable root(std::string_view bytes, const std::string& name);

  bool has(int field) const;
  /// A number of type T, or `missing`.
  template <class T>
  T number(int field, T missing) const;
  std::string text(int field) const;  ///< empty if left out
  FlatTable table(int field) const;   ///< throws if left out

  /// A vector of tables.
  std::int64_t count(int field) const;  ///< 0 if left out
  FlatTable element(int field, std::int64_t i) const;
  /// Number at byte `offset` of element i of a vector of structs of `size` bytes.
  template <class T>
  T struct_number(int field, std::int64_t i, std::size_t size, std::size_t offset) const;

 private:
  FlatTable(std::string_view bytes, const std::string* name, std::size_t position);
  template <class T>
  T read(std::size_t position) const;
  std::size_t place(int field) const;                     ///< 0 if left out
  std::size_t follow(std::size_t position) const;         ///< an unsigned 32-bit distance forward
  std::size_t vector(int field, std::size_t size) const;  ///< place of its first element; all are inside

  std::string_view bytes_;
  const std::string* name_;
  std::size_t position_;
};

}  // namespace aio
