#pragma once
// Moving elements without looking at them: in the largest words that sizes and addresses allow.

#include <bit>
#include <cstdint>

#include "cuda/gpu.h"

namespace aio::cuda {

struct alignas(16) Word16 {
  std::uint32_t part[4];
};

template <class Word>
__device__ inline Word load_word(const Word* x) {
  if constexpr (sizeof(Word) == 16) {
    std::uint32_t words[4];
    load_words(words, x);
    return {{words[0], words[1], words[2], words[3]}};
  } else {
    return *x;
  }
}

template <class Word>
__device__ inline void store_word(Word* y, const Word& word) {
  if constexpr (sizeof(Word) == 16) {
    const std::uint32_t words[4] = {word.part[0], word.part[1], word.part[2], word.part[3]};
    store_words(y, words);
  } else {
    *y = word;
  }
}

template <class Word>
__device__ inline void move(Word* y, const Word* x) {
  store_word(y, load_word(x));
}

/// The largest power of two, 16 at most, of which all addresses and `bytes` are multiples. Several sizes go together
/// by "or": that is a multiple of a power of two exactly if all are.
template <class... Pointers>
std::int64_t word_bytes(std::int64_t bytes, const Pointers*... pointers) {
  const std::uint64_t all = (static_cast<std::uint64_t>(bytes | 16) | ... | reinterpret_cast<std::uintptr_t>(pointers));
  return std::int64_t{1} << std::countr_zero(all);
}

/// body.operator()<Word>() with a word of 1, 2, 4, 8 or 16 bytes.
template <class Body>
void dispatch_words(std::int64_t bytes, Body&& body) {
  switch (bytes) {
    case 1: return body.template operator()<std::uint8_t>();
    case 2: return body.template operator()<std::uint16_t>();
    case 4: return body.template operator()<std::uint32_t>();
    case 8: return body.template operator()<std::uint64_t>();
    default: return body.template operator()<Word16>();
  }
}

}  // namespace aio::cuda
