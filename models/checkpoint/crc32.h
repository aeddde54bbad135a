#pragma once

#include <cstdint>
#include <string_view>

namespace aio::weights {

/// CRC-32 of ISO 3309 (reflected polynomial 0xedb88320), as zip uses it; about 2 bytes a cycle.
std::uint32_t crc32(std::string_view bytes);

}  // namespace aio::weights
