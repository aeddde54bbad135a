#pragma once
// XXH64 (xxHash, Yann Collet): a fast 64-bit checksum against damage, not against forgery.

#include <cstdint>
#include <string>
#include <string_view>

namespace aio::apps {

std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed = 0);
/// Of a whole file; throws Error{io}.
std::uint64_t xxh64_file(const std::string& path);

}  // namespace aio::apps
