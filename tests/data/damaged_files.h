#pragma once
// Files as disks, downloads and strangers leave them.

#include <algorithm>
#include <cstdint>
#include <string>

#include "data/dice.h"

namespace aio::test {

/// A place in a file of `size` bytes, half of the time in the first kilobyte, where headers are.
inline std::size_t damaged_place(std::int64_t size, Dice& dice) {
  return static_cast<std::size_t>(dice.below(dice.coin() ? std::min<std::int64_t>(size, 1000) : size));
}

/// 1 to 3 bits turned (`gently`) or up to 100, and one file in five cut short.
inline std::string flip_bits(std::string bytes, bool gently, Dice& dice) {
  const std::int64_t flips = 1 + dice.below(gently ? 3 : 100);
  for (std::int64_t i = 0; i < flips; ++i) {
    bytes[damaged_place(std::ssize(bytes), dice)] ^= static_cast<char>(1 << dice.below(8));
  }
  if (dice.coin(0.2)) bytes.resize(static_cast<std::size_t>(dice.below(std::ssize(bytes))));
  return bytes;
}

/// A field of 1 to 8 bytes takes an extreme value: all zeros, all ones, or the largest number, in either byte order.
inline std::string set_field(std::string bytes, Dice& dice) {
  const std::size_t place = damaged_place(std::ssize(bytes), dice);
  const std::size_t width = std::min(bytes.size() - place, std::size_t{1} << dice.below(4));
  std::string value(width, dice.coin() ? '\0' : '\xff');
  if (dice.coin(0.3)) value[dice.coin() ? 0 : width - 1] = '\x7f';
  return bytes.replace(place, width, value);
}

/// A piece of up to 4 KiB is missing, there twice, or elsewhere.
inline std::string move_piece(std::string bytes, Dice& dice) {
  const std::size_t from = damaged_place(std::ssize(bytes), dice);
  const std::string piece = bytes.substr(from, static_cast<std::size_t>(1 + dice.below(4096)));
  if (dice.coin()) bytes.erase(from, piece.size());
  if (!bytes.empty() && dice.coin(0.6)) bytes.insert(damaged_place(std::ssize(bytes), dice), piece);
  return bytes;
}

/// One of the above, or several after each other.
inline std::string damage(std::string bytes, Dice& dice) {
  do {
    switch (dice.below(4)) {
      case 0: bytes = flip_bits(std::move(bytes), true, dice); break;
      case 1: bytes = flip_bits(std::move(bytes), false, dice); break;
      case 2: bytes = set_field(std::move(bytes), dice); break;
      default: bytes = move_piece(std::move(bytes), dice);
    }
  } while (!bytes.empty() && dice.coin(0.4));
  return bytes;
}

}  // namespace aio::test
