#pragma once
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a counter-based generator.
// Sixteen random bytes are a pure function of (counter, key), so results depend neither on threads nor on order.

#include <cstdint>

#if defined(__CUDACC__)
#define AIO_HOST_DEVICE __host__ __device__
#else
#define AIO_HOST_DEVICE
#endif

namespace aio {

struct Philox4 {
  std::uint32_t v[4];
};

AIO_HOST_DEVICE inline Philox4 philox4x32_10(Philox4 counter, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * counter.v[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * counter.v[2];
    counter = {{static_cast<std::uint32_t>(p1 >> 32) ^ counter.v[1] ^ key0, static_cast<std::uint32_t>(p1),
                static_cast<std::uint32_t>(p0 >> 32) ^ counter.v[3] ^ key1, static_cast<std::uint32_t>(p0)}};
    key0 += 0x9E3779B9U;  // golden ratio
    key1 += 0xBB67AE85U;  // sqrt(3) - 1
  }
  return counter;
}

}  // namespace aio
