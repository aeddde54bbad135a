#include "tensor/cpu/scratch.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>

#include "tensor/poison.h"
#include "tests/expect_error.h"

namespace aio::cpu {
namespace {

TEST_CASE("scratch: nested scopes have blocks of their own, the next scope gets the last one back") {
  const void* kept = nullptr;
  {
    const Scratch outer(1000), inner(3 << 20);
    CHECK(outer.as<char>() != inner.as<char>());
    for (const Scratch* scratch : {&outer, &inner}) {
      CHECK(reinterpret_cast<std::uintptr_t>(scratch->as<char>()) % 64 == 0);
      std::memset(scratch->as<char>(), 7, scratch->bytes());
    }
    kept = outer.as<char>();  // given back last
  }
  const Scratch again(500);
  CHECK(again.as<char>() == kept);
  CHECK(again.bytes() == 500);
}

TEST_CASE("scratch: what cannot be had is an error") {
  EXPECT_ERROR(Scratch(std::size_t{1} << 60), oom, "scratch: no memory for 1152921504");
  CHECK(Scratch(64).as<char>() != nullptr);
}

#if defined(AIO_ASAN)
TEST_CASE("scratch: AddressSanitizer sees an overrun and a use after the scope") {
  char* data = nullptr;
  {
    const Scratch scratch(1024);
    data = scratch.as<char>();
    CHECK_FALSE(__asan_address_is_poisoned(data + 1023));
    CHECK(__asan_address_is_poisoned(data + 1024));
  }
  CHECK(__asan_address_is_poisoned(data));
}
#endif

}  // namespace
}  // namespace aio::cpu
