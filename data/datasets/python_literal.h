#pragma once
// Python literals as they stand in CSV cells: nested lists and tuples of strings, numbers, None, True and False.
// Parsed, never evaluated.

#include <string>
#include <string_view>
#include <vector>

namespace aio {

struct PythonLiteral {
  enum Kind { list, text, number, none } kind = none;
  std::string string;  ///< of a text; a number, True or False as it is written
  std::vector<PythonLiteral> items;
};

/// Throws Error{format} "where: ..." with the place in the text.
PythonLiteral parse_python_literal(std::string_view text, const std::string& where);

}  // namespace aio
