#pragma once
// The JSON header of a safetensors file, parsed and checked before a byte of data is believed. Internal to
// safetensors.cpp; separate so that hostile headers can be tested without files.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/error.h"
#include "tensor/safetensors.h"

namespace aio {

struct SafetensorsHeader {
  std::vector<SafetensorsFile::Entry> entries;  ///< in the order of their bytes; begin and end count from the data
  std::map<std::string, std::string> metadata;
};

inline constexpr std::string_view kSafetensorsMetadataKey = "__metadata__";

/// Checks `text` against the format and against the `data_bytes` that follow it. Throws Error{format} "path: ...".
SafetensorsHeader parse_safetensors_header(const std::string& path, std::string_view text, std::size_t data_bytes,
                                           const SafetensorsLimits& limits);

/// "path: not a safetensors file: ..." as Error{format} unless `condition`.
template <class... Parts>
void require_safetensors(bool condition, const std::string& path, const Parts&... parts) {
  if (!condition) fail(ErrorCode::format, path, ": not a safetensors file: ", parts...);
}

}  // namespace aio
