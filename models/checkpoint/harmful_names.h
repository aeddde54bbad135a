#pragma once

#include <string_view>

namespace aio::weights {

/// Functions that nobody saves by accident: they run programs, open files or reach the interpreter. Nothing here would
/// execute them; the list is for telling a user that the file is an attack.
bool is_harmful(std::string_view module, std::string_view name);

}  // namespace aio::weights
