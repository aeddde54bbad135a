#include "models/checkpoint/text.h"

#include <algorithm>

#include "tensor/error.h"

namespace aio::weights {
namespace {

constexpr const char* kHexDigits = "0123456789abcdef";

/// Bytes of the well-formed character at the start of `text`; 0 if there is none.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xc2 && lead <= 0xdf   ? 2
                           : lead >= 0xe0 && lead <= 0xef ? 3
                           : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                          : 0;
  if (size == 0 || text.size() < size) return 0;
  // The second byte is narrowed after four leads: overlong forms, surrogates, beyond U+10FFFF.
  const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return size;
}

/// C0, DEL, and C1 (U+0080 to U+009F, which terminals obey as well).
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  return first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0);
}

void append_hex(std::string& text, char byte) {
  const auto value = static_cast<unsigned char>(byte);
  text += kHexDigits[value >> 4];
  text += kHexDigits[value & 15];
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool is_plain_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    if (size == 0 || is_control(text)) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string result;
  while (!text.empty()) {
    if (result.size() >= limit) return result + "...";
    const std::size_t size = character_bytes(text);
    if (size > 0 && !is_control(text)) {
      result += text.substr(0, size);
    } else {
      for (const char byte : text.substr(0, size == 0 ? 1 : size)) append_hex(result += "\\x", byte);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result;
}

std::string listed(const std::vector<std::string>& texts, std::string_view separator, std::size_t shown) {
  std::string text;
  for (std::size_t i = 0; i < std::min(texts.size(), shown); ++i) text += message(i > 0 ? separator : "", texts[i]);
  if (texts.size() > shown) text += message(separator == ", " ? " " : separator, "and ", texts.size() - shown, " more");
  return text;
}

std::string json_quoted(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    const char first = text[0];
    if (size == 0) {
      result += "\xef\xbf\xbd";
    } else if (first == '"' || first == '\\') {
      (result += '\\') += first;
    } else if (static_cast<unsigned char>(first) < 0x20) {
      append_hex(result += "\\u00", first);
    } else {
      result += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return result += '"';
}

}  // namespace aio::weights
