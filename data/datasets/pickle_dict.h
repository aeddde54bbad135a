#pragma once
// A Python pickle that holds one dict of strings and integers, as MSRVTT's jsfusion_val_caption_idx.pkl is. Nothing of
// it is executed: every other opcode of the format is refused.

#include <cstdint>
#include <map>
#include <string>

namespace aio {

/// Protocols 2 to 4. Throws Error{io}, Error{format} "path: at byte 12: ...".
std::map<std::string, std::int64_t> read_pickle_dict(const std::string& path);

}  // namespace aio
