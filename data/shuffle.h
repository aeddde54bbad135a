#pragma once
// Shuffle: a permutation of 0 .. n-1 of which any place can be asked for at once. Seeking to a step of an epoch of 10^7
// samples costs what the step's samples cost; Fisher-Yates would first shuffle 80 MB.
//
// A Feistel network with Philox as its round function is a permutation of the 2^(2h) >= n numbers; places that land
// outside 0 .. n-1 are sent through it again until they fall inside (cycle walking; Black and Rogaway, "Ciphers with
// arbitrary finite domains", 2002), which takes less than 4 rounds of it on average.

#include <cstdint>

#include "tensor/random.h"

namespace aio {

class Shuffle {
 public:
  /// Of 0 .. n-1, drawn by `key` (its seed and step: an epoch's number, say). 0 <= n <= 2^32, else Error{value}.
  Shuffle(std::int64_t n, RngKey key);

  std::int64_t size() const { return n_; }
  /// What stands at `place`, 0 <= place < size(), else Error{index}.
  std::int64_t operator[](std::int64_t place) const;

 private:
  std::uint64_t permute(std::uint64_t place) const;

  std::int64_t n_;
  RngKey key_;
  int half_bits_ = 1;
};

}  // namespace aio
