#pragma once
// Little-endian numbers at any place of a byte string. All foreign formats here are little-endian, and so are we.

#include <bit>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace aio::weights {

static_assert(std::endian::native == std::endian::little);

/// The caller has checked that offset + sizeof(T) <= bytes.size().
template <class T>
T load_le(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <class T>
void append_le(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

}  // namespace aio::weights
