#include "data/shuffle.h"

#include "tensor/error.h"

namespace aio {

namespace {
// Luby and Rackoff need 4 rounds to be indistinguishable from random for large halves; small halves want more, and
// 6 rounds still take 100 ns.
constexpr std::uint32_t kRounds = 6;
}  // namespace

Shuffle::Shuffle(std::int64_t n, RngKey key) : n_(n), key_(key) {
  check(n >= 0 && n <= (std::int64_t{1} << 32), ErrorCode::value, "shuffle: got a length of ", n,
        ", expected 0 to 2^32");
  while ((std::int64_t{1} << (2 * half_bits_)) < n) ++half_bits_;
}

std::uint64_t Shuffle::permute(std::uint64_t place) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = place >> half_bits_;
  std::uint64_t right = place & mask;
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    const std::uint64_t mixed = random_bits(key_, (std::uint64_t{round} << 32) | right).v[0];
    const std::uint64_t next = left ^ (mixed & mask);
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

std::int64_t Shuffle::operator[](std::int64_t place) const {
  check(place >= 0 && place < n_, ErrorCode::index, "shuffle: place ", place, " was asked for, there are ", n_);
  auto at = static_cast<std::uint64_t>(place);
  do {
    at = permute(at);
  } while (at >= static_cast<std::uint64_t>(n_));
  return static_cast<std::int64_t>(at);
}

}  // namespace aio
