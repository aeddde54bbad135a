#pragma once
// WordSplitter: the words of a text as BERT sees them, before they are cut into word pieces.
//
// As Hugging Face's BertNormalizer and BertPreTokenizer, in one pass without a normalised copy of the text:
//   clean      control characters and invalid bytes disappear, white space of any kind separates words
//   Chinese    an ideograph is a word of its own
//   uncased    canonical decomposition (NFD), nonspacing marks removed, lower case
//   split      a punctuation character is a word of its own
// Hugging Face is given str: bytes that are not UTF-8 arrive there as U+FFFD (errors="replace"), which `clean` removes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace aio {

enum class LetterCase { uncased, cased };

/// What becomes of each code point. Built once for each case, on first use (milliseconds, 0.5 MB).
class CodePointTable {
 public:
  enum class Kind : std::uint8_t {
    drop,      ///< nothing, as if it were not there
    barrier,   ///< nothing, but marks do not move across it
    space,     ///< ends a word
    split,     ///< a word of its own: punctuation, ideographs
    letter,    ///< part of a word
    mark,      ///< part of a word, at the place that its combining class gives it
    sequence,  ///< several letters and marks
  };
  /// Kind, combining class and the code point that comes out (of a sequence: where it begins), in 32 bits.
  class Entry {
   public:
    constexpr Entry(Kind kind, char32_t value, int combining_class)
        : bits_(static_cast<std::uint32_t>(kind) | static_cast<std::uint32_t>(combining_class) << 3 | value << 11) {}
    Kind kind() const { return static_cast<Kind>(bits_ & 7); }
    int combining_class() const { return static_cast<int>(bits_ >> 3 & 0xFF); }
    char32_t value() const { return bits_ >> 11; }

   private:
    std::uint32_t bits_;
  };

  static const CodePointTable& of(LetterCase letter_case);

  Entry operator[](char32_t code_point) const {
    return code_point < entries_.size() ? entries_[code_point] : beyond(code_point);
  }
  /// The letters and marks of a sequence, ended by an entry of kind drop.
  const Entry* sequence(Entry entry) const { return &sequences_[entry.value()]; }
  /// For ASCII letters and digits the character that comes out, 0 for all other bytes.
  const std::array<char, 256>& ascii() const { return ascii_; }

 private:
  explicit CodePointTable(LetterCase letter_case);
  Entry beyond(char32_t code_point) const;

  LetterCase letter_case_;
  std::vector<Entry> entries_;  // of planes 0 and 1: all that people write but rare ideographs
  std::vector<Entry> sequences_;
  std::array<char, 256> ascii_{};
};

class WordSplitter {
 public:
  /// A longer word is unknown, whatever it is; the limit of Hugging Face and of the original BERT.
  static constexpr int kMaxCharacters = 100;

  /// `text` must outlive the splitter.
  WordSplitter(std::string_view text, LetterCase letter_case) : table_(CodePointTable::of(letter_case)), text_(text) {}

  /// Goes to the next word; false at the end of the text. Linear time; constant memory, but for runs of marks.
  bool next();
  /// The word in UTF-8; its first 100 characters if it is too long. Valid until next().
  std::string_view word() const { return {word_.data(), length_}; }
  bool too_long() const { return characters_ > kMaxCharacters; }

 private:
  void append(char32_t code_point);
  void flush_marks();

  const CodePointTable& table_;
  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t length_ = 0;                    // bytes in word_
  std::size_t characters_ = 0;                // of the whole word
  std::vector<CodePointTable::Entry> marks_;  // since the last starter, as they came
  std::array<char, 4 * kMaxCharacters> word_;
};

}  // namespace aio
