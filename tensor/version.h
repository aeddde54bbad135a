#pragma once
// What this build is: for --version and for the first record of every log.

#include <string_view>

namespace aio {

/// "0.1.0"
std::string_view version();
/// The git commit, with "-dirty" when the tree had changes; "unknown" outside a repository.
std::string_view revision();
/// Compiler and instruction set, e.g. "g++ 12.2.0, AVX-512".
std::string_view build_description();

}  // namespace aio
