#pragma once
// Regular files, opened for reading without trusting what lies behind a name: a pipe that nobody writes to would be
// waited for, a device read for ever.

#include <cstddef>
#include <cstdint>
#include <string>

namespace aio {

/// An open descriptor, which the caller closes. Throws Error{io} "NAME: cannot open: No such file or directory",
/// "NAME: not a regular file".
int open_regular_file(const std::string& path, const std::string& name);

/// Bytes of the file behind a descriptor. Throws Error{io} if that is not a regular one; the descriptor stays open.
std::int64_t regular_file_bytes(int descriptor, const std::string& name);

/// Up to `bytes` bytes from `offset`; fewer only at the end of the file. Read, not mapped: a file that shrinks
/// meanwhile ends early, where a mapped one would end the program. From any thread. Throws Error{io}.
std::size_t read_at(int descriptor, void* to, std::size_t bytes, std::int64_t offset, const std::string& name);

}  // namespace aio
