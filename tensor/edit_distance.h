#pragma once
// How far two names are apart: for error messages that suggest what was meant.

#include <cstddef>
#include <string_view>

namespace aio {

/// Levenshtein distance: insertions, deletions and replacements of one character.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace aio
