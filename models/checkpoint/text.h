#pragma once
// What foreign text may do: names out of a file reach messages, terminals and JSON only through these.

#include <string>
#include <string_view>
#include <vector>

namespace aio::weights {

/// Well-formed UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF (Unicode 15, table 3-7).
bool is_utf8(std::string_view text);
/// is_utf8() without control characters.
bool is_plain_text(std::string_view text);
/// For people: control characters and bytes that are not UTF-8 become \x1b, texts beyond `limit` bytes are cut with
/// "...".
std::string printable(std::string_view text, std::size_t limit = 120);
/// "a, b and 3 more": the first `shown` of them.
std::string listed(const std::vector<std::string>& texts, std::string_view separator, std::size_t shown);
/// "text" with JSON's escapes; bytes that are not UTF-8 become U+FFFD.
std::string json_quoted(std::string_view text);

}  // namespace aio::weights
