#include "data/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <span>

namespace aio::unicode {

// ---- UTF-8 -------------------------------------------------------------------------------------------------------

Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const char32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {kInvalid, 1};
  char32_t value = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {kInvalid, 1};
    value = value << 6 | (byte(i) & 0x3FU);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  if (value < kSmallest[length] || value > 0x10FFFF || surrogate) return {kInvalid, 1};
  return {value, length};
}

std::size_t encode(char32_t code_point, char* out) {
  if (code_point < 0x80) {
    out[0] = static_cast<char>(code_point);
    return 1;
  }
  const std::size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  for (std::size_t i = length - 1; i > 0; --i, code_point >>= 6) out[i] = static_cast<char>(0x80 | (code_point & 0x3F));
  out[0] = static_cast<char>((0xF00U >> length & 0xF0) | code_point);
  return length;
}

std::size_t count(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_valid(std::string_view text) {
  while (!text.empty()) {
    const Decoded next = decode(text);
    if (next.code_point == kInvalid) return false;
    text.remove_prefix(next.bytes);
  }
  return true;
}

// ---- properties --------------------------------------------------------------------------------------------------

namespace {

struct Range {
  char32_t first, last;
};

bool contains(std::span<const Range> ranges, char32_t code_point) {
  const auto range = std::partition_point(ranges.begin(), ranges.end(), [=](Range r) { return r.last < code_point; });
  return range != ranges.end() && range->first <= code_point;
}

// Marks, punctuation, format characters and decompositions of Unicode 10 to 18: to Unicode 9 they are unassigned. A
// range may run over others that are letters or symbols in any version.
constexpr Range kAfterUnicode9[] = {
    {0x5C8, 0x5C9},     {0x61D, 0x61D},     {0x7FD, 0x7FD},     {0x890, 0x8D3},     {0x8E2, 0x8E2},
    {0x9FD, 0x9FE},     {0xA76, 0xA76},     {0xAFA, 0xAFF},     {0xB53, 0xB55},     {0xC04, 0xC3C},
    {0xC77, 0xC77},     {0xC84, 0xC84},     {0xD00, 0xD00},     {0xD3B, 0xD3C},     {0xD81, 0xD81},
    {0xEBA, 0xEBA},     {0xECE, 0xECE},     {0x1715, 0x1715},   {0x180F, 0x1886},   {0x1ABF, 0x1AF0},
    {0x1B4E, 0x1B4F},   {0x1B7D, 0x1B7F},   {0x1DF6, 0x1DFA},   {0x2E43, 0x2E63},   {0xA82C, 0xA82C},
    {0xA8C5, 0xA8C5},   {0xA8FF, 0xA8FF},   {0xA9BD, 0xA9BD},   {0x105C9, 0x105E4}, {0x10D24, 0x10F89},
    {0x11070, 0x11074}, {0x110C2, 0x110CD}, {0x111CF, 0x111CF}, {0x1123E, 0x11241}, {0x1133B, 0x1133B},
    {0x11383, 0x1143F}, {0x11443, 0x11444}, {0x1144B, 0x1145E}, {0x11660, 0x1166C}, {0x116B9, 0x116B9},
    {0x1182F, 0x11C3D}, {0x11C41, 0x11FFF}, {0x12FF1, 0x1612F}, {0x16D68, 0x16F4F}, {0x16FE2, 0x16FF1},
    {0x1CF00, 0x1D128}, {0x1D250, 0x1D281}, {0x1E08F, 0x1E6F5}, {0x1E95E, 0x1E95F}};
// Those of Unicode 9: without a category in Unicode 8, but with their combining class.
constexpr Range kUnicode9[] = {{0x8D4, 0x8E1},     {0x1DFB, 0x1DFB},   {0x11442, 0x11442}, {0x11446, 0x11446},
                               {0x11C3F, 0x11C3F}, {0x1E000, 0x1E02A}, {0x1E944, 0x1E94A}};

utf8proc_category_t category(char32_t code_point) {
  switch (code_point) {  // what later versions changed
    case 0x1734: return UTF8PROC_CATEGORY_MN;
    case 0x166D:
    case 0x111C9: return UTF8PROC_CATEGORY_PO;
  }
  if (contains(kUnicode9, code_point) || contains(kAfterUnicode9, code_point)) return UTF8PROC_CATEGORY_CN;
  return utf8proc_category(static_cast<utf8proc_int32_t>(code_point));
}

}  // namespace

bool is_control(char32_t code_point) {
  switch (category(code_point)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO: return true;
    default: return false;
  }
}

bool is_space(char32_t code_point) {
  constexpr Range kSpaces[] = {{0x09, 0x0D},     {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},
                               {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F},
                               {0x205F, 0x205F}, {0x3000, 0x3000}};
  return contains(kSpaces, code_point);
}

bool is_punctuation(char32_t code_point) {
  if (code_point < 0x80) {
    constexpr Range kAscii[] = {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}};
    return contains(kAscii, code_point);
  }
  const utf8proc_category_t c = category(code_point);
  return c >= UTF8PROC_CATEGORY_PC && c <= UTF8PROC_CATEGORY_PO;
}

bool is_nonspacing_mark(char32_t code_point) { return category(code_point) == UTF8PROC_CATEGORY_MN; }

bool is_letter_or_mark(char32_t code_point) {
  const utf8proc_category_t c = category(code_point);
  return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_ME;
}

bool is_chinese(char32_t code_point) {
  // 2B820 to 2B91F belong to extension E too; the tokenizer's range starts late, and its users' models learned so.
  constexpr Range kChinese[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},  {0x20000, 0x2A6DF},
                                {0x2A700, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};
  return contains(kChinese, code_point);
}

int combining_class(char32_t code_point) {
  if (contains(kAfterUnicode9, code_point)) return 0;
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(code_point))->combining_class;
}

char32_t to_lower(char32_t code_point) {
  // Upper case of Unicode 16 and 17, which utf8proc 2.8 does not know: the Rust library is newer there.
  struct Late {
    char32_t first, last, lower;
  };
  constexpr Late kLate[] = {{0x1C89, 0x1C89, 0x1C8A},   {0xA7CB, 0xA7CB, 0x264},  {0xA7CC, 0xA7CC, 0xA7CD},
                            {0xA7CE, 0xA7CE, 0xA7CF},   {0xA7D2, 0xA7D2, 0xA7D3}, {0xA7D4, 0xA7D4, 0xA7D5},
                            {0xA7DA, 0xA7DA, 0xA7DB},   {0xA7DC, 0xA7DC, 0x19B},  {0x10D50, 0x10D65, 0x10D70},
                            {0x16EA0, 0x16EB8, 0x16EBB}};
  for (const Late& late : kLate) {
    if (code_point >= late.first && code_point <= late.last) return late.lower + (code_point - late.first);
  }
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point)));
}

std::u32string decompose(char32_t code_point) {
  if (contains(kAfterUnicode9, code_point)) return {code_point};
  utf8proc_int32_t parts[8];  // the longest has 4
  int boundary = 0;
  const utf8proc_ssize_t n =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code_point), parts, 8, UTF8PROC_DECOMPOSE, &boundary);
  return n > 0 ? std::u32string(parts, parts + n) : std::u32string{code_point};
}

}  // namespace aio::unicode
