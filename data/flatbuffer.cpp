#include "data/flatbuffer.h"

#include <cstring>

#include "tensor/error.h"

namespace aio {

FlatTable::FlatTable(std::string_view bytes, const std::string* name, std::size_t position)
    : bytes_(bytes), name_(name), position_(position) {}

FlatTable FlatTable::root(std::string_view bytes, const std::string& name) {
  FlatTable table(bytes, &name, 0);
  table.position_ = table.follow(0);
  return table;
}

template <class T>
T FlatTable::read(std::size_t position) const {
  check(position <= bytes_.size() && sizeof(T) <= bytes_.size() - position, ErrorCode::format, *name_,
        ": the metadata points outside itself");
  T value;
  std::memcpy(&value, bytes_.data() + position, sizeof(T));
  return value;
}

std::size_t FlatTable::follow(std::size_t position) const { return position + read<std::uint32_t>(position); }

std::size_t FlatTable::place(int field) const {
  const auto vtable = static_cast<std::size_t>(static_cast<std::int64_t>(position_) - read<std::int32_t>(position_));
  const std::size_t entry = 4 + 2 * static_cast<std::size_t>(field);
  if (entry + 2 > read<std::uint16_t>(vtable)) return 0;
  const auto offset = read<std::uint16_t>(vtable + entry);
  return offset == 0 ? 0 : position_ + offset;
}

bool FlatTable::has(int field) const { return place(field) != 0; }

template <class T>
T FlatTable::number(int field, T missing) const {
  const std::size_t at = place(field);
  return at == 0 ? missing : read<T>(at);
}

std::size_t FlatTable::vector(int field, std::size_t size) const {
  const std::size_t at = follow(place(field));
  const auto length = read<std::uint32_t>(at);
  check(length <= (bytes_.size() - at - 4) / size, ErrorCode::format, *name_, ": the metadata has a list of ", length,
        " that is longer than itself");
  return at + 4;
}

std::string FlatTable::text(int field) const {
  if (!has(field)) return {};
  const std::size_t begin = vector(field, 1);
  return std::string(bytes_.substr(begin, read<std::uint32_t>(begin - 4)));
}

FlatTable FlatTable::table(int field) const {
  check(has(field), ErrorCode::format, *name_, ": the metadata lacks a part (field ", field, ")");
  return {bytes_, name_, follow(place(field))};
}

std::int64_t FlatTable::count(int field) const { return has(field) ? read<std::uint32_t>(follow(place(field))) : 0; }

FlatTable FlatTable::element(int field, std::int64_t i) const {
  check(i >= 0 && i < count(field), ErrorCode::format, *name_, ": the metadata has no element ", i);
  return {bytes_, name_, follow(vector(field, 4) + 4 * static_cast<std::size_t>(i))};
}

template <class T>
T FlatTable::struct_number(int field, std::int64_t i, std::size_t size, std::size_t offset) const {
  check(i >= 0 && i < count(field), ErrorCode::format, *name_, ": the metadata has no element ", i);
  return read<T>(vector(field, size) + size * static_cast<std::size_t>(i) + offset);
}

template std::uint8_t FlatTable::number(int, std::uint8_t) const;
template std::int16_t FlatTable::number(int, std::int16_t) const;
template std::int32_t FlatTable::number(int, std::int32_t) const;
template std::int64_t FlatTable::number(int, std::int64_t) const;
template std::int32_t FlatTable::struct_number(int, std::int64_t, std::size_t, std::size_t) const;
template std::int64_t FlatTable::struct_number(int, std::int64_t, std::size_t, std::size_t) const;

}  // namespace aio
