#pragma once
// Texts that are hard on a tokenizer, generated: the i-th is the same everywhere and always.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/dice.h"
#include "data/unicode.h"
#include "data/wordpiece.h"

namespace aio::test {

class TextGenerator {
 public:
  explicit TextGenerator(const WordPiece& vocabulary) : vocabulary_(vocabulary) {}

  /// Vocabulary words, runs of random characters, special tokens, blanks of all kinds; every eighth is broken UTF-8.
  std::string text(std::uint32_t index) {
    static constexpr int kParts[] = {0, 1, 2, 5, 10, 20, 40};
    dice_ = Dice({.seed = 20, .step = index});
    std::string text;
    for (int n = one_of(kParts); n > 0; --n) text += part();
    if (dice_.below(8) == 0) break_bytes(text);
    return text;
  }

 private:
  template <class T, std::size_t N>
  const T& one_of(const T (&items)[N]) {
    return items[dice_.below(N)];
  }

  std::string part() {
    static constexpr std::string_view kSpecial[] = {"[MASK]", "[CLS]", "[SEP]",    "[PAD]", "[UNK]",
                                                    "[mask]", "[MASK", "[[MASK]]", "##ing", "[unused1]"};
    static constexpr std::string_view kBlanks[] = {" ", "  ", "\t", "\r\n", "\n"};
    std::string part;
    switch (dice_.below(10)) {
      case 0:
      case 1:
      case 2:
      case 3: part = vocabulary_.token(dice_.below(vocabulary_.size())); break;
      case 4: part = one_of(kSpecial); break;
      case 5:
        part = std::string(static_cast<std::size_t>(90 + dice_.below(20)), 'a');
        break;  // around the limit of 100 characters
      default:
        for (std::int64_t n = 1 + dice_.below(5); n > 0; --n) part += character();
    }
    if (part.starts_with("##") && dice_.below(4) != 0) part.erase(0, 2);
    if (dice_.below(5) < 3) part += one_of(kBlanks);
    return part;
  }

  std::string character() {
    struct Range {
      char32_t first, last;
    };
    static constexpr Range kRanges[] = {{' ', '~'},          {' ', '~'},         {0, 0x24F},       {0x250, 0x2FFF},
                                        {0x3000, 0xABFF},    {0xAC00, 0xD7A3},   {0xE000, 0xFFFF}, {0x10000, 0x1FFFF},
                                        {0x20000, 0x10FFFF}, {0x1F300, 0x1FAFF}, {' ', ' '}};
    // Combining marks of several classes, old and new, nonspacing or not; controls, blanks, odd cases.
    static constexpr char32_t kOdd[] = {
        0x300,   0x301,  0x316,  0x334,  0x345,   0x5B0,   0x8D4,   0x8E1,   0x93C,   0x94D,   0xCC6,   0x1734,
        0x1DF6,  0x1DFB, 0x302E, 0x302F, 0x10D24, 0x11442, 0x11446, 0x16FF0, 0x1D165, 0x1D16D, 0x1E000, 0x1E944,
        0x1E94A, 0x200D, 0xFE0F, 0x0,    0x9,     0xB,     0xC,     0xD,     0x1C,    0x7F,    0x85,    0xA0,
        0xAD,    0x130,  0x131,  0xDF,   0x3A3,   0x3C2,   0x1E9E,  0x200B,  0x2028,  0x3000,  0xFEFF,  0xFFFD};
    char32_t c = one_of(kOdd);
    if (dice_.below(4) != 0) {
      const Range range = one_of(kRanges);
      c = range.first + static_cast<char32_t>(dice_.below(range.last - range.first + 1));
    }
    char bytes[4];
    return {bytes, unicode::encode(c, bytes)};
  }

  /// Cut sequences, overlong forms, surrogates, stray continuations.
  void break_bytes(std::string& text) {
    static constexpr std::string_view kBad[] = {"\xED\xA0\x80", "\xC0\x80",        "\xF4\x90\x80\x80", "\xE0\x80",
                                                "\xE2\x82",     "\xF0\x9F\x98",    "\xFF\xFE",         "\x80",
                                                "\xC3",         "\xF8\x88\x80\x80"};
    for (std::int64_t n = 1 + dice_.below(4); n > 0; --n) {
      const auto at = static_cast<std::size_t>(dice_.below(static_cast<std::int64_t>(text.size()) + 1));
      switch (dice_.below(3)) {
        case 0: text.erase(at, 1); break;
        case 1: text.insert(at, 1, static_cast<char>(dice_.below(256))); break;
        default: text.insert(at, one_of(kBad));
      }
    }
  }

  const WordPiece& vocabulary_;
  Dice dice_{{}};
};

}  // namespace aio::test
