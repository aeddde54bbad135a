#include "data/word_splitter.h"

#include <algorithm>

#include "data/unicode.h"

namespace aio {

using Kind = CodePointTable::Kind;
using Entry = CodePointTable::Entry;

// ---- the table ---------------------------------------------------------------------------------------------------

namespace {

/// What comes out for one code point: one entry, or several letters and marks.
std::vector<Entry> outcome(char32_t code_point, LetterCase letter_case) {
  const bool line_break = code_point == '\t' || code_point == '\n' || code_point == '\r';
  const bool control = unicode::is_control(code_point) && !line_break;
  if (code_point == 0 || code_point == 0xFFFD || control) return {{Kind::drop, 0, 0}};
  if (unicode::is_space(code_point)) return {{Kind::space, 0, 0}};
  const bool chinese = unicode::is_chinese(code_point);
  const auto starter = [&](char32_t c) -> Entry {
    return {chinese || unicode::is_punctuation(c) ? Kind::split : Kind::letter, c, 0};
  };
  if (letter_case == LetterCase::cased) return {starter(code_point)};

  std::vector<Entry> parts;
  bool any_starter = false;
  for (const char32_t part : unicode::decompose(code_point)) {
    const int combining_class = unicode::combining_class(part);
    any_starter |= combining_class == 0;
    if (unicode::is_nonspacing_mark(part)) continue;
    const char32_t lower = unicode::to_lower(part);
    parts.push_back(combining_class == 0 ? starter(lower) : Entry(Kind::mark, lower, combining_class));
  }
  if (parts.empty()) parts.emplace_back(any_starter ? Kind::barrier : Kind::drop, U'\0', 0);
  return parts;
}

}  // namespace

const CodePointTable& CodePointTable::of(LetterCase letter_case) {
  if (letter_case == LetterCase::cased) {
    static const CodePointTable cased(LetterCase::cased);
    return cased;
  }
  static const CodePointTable uncased(LetterCase::uncased);
  return uncased;
}

CodePointTable::CodePointTable(LetterCase letter_case) : letter_case_(letter_case) {
  constexpr char32_t kTwoPlanes = 0x20000;
  entries_.reserve(kTwoPlanes);
  for (char32_t c = 0; c < kTwoPlanes; ++c) {
    const std::vector<Entry> parts = outcome(c, letter_case);
    if (parts.size() == 1) {
      entries_.push_back(parts[0]);
    } else {
      entries_.emplace_back(Kind::sequence, static_cast<char32_t>(sequences_.size()), 0);
      sequences_.insert(sequences_.end(), parts.begin(), parts.end());
      sequences_.emplace_back(Kind::drop, U'\0', 0);
    }
  }
  for (std::size_t c = 0; c < 0x80; ++c) {
    if (entries_[c].kind() == Kind::letter) ascii_[c] = static_cast<char>(entries_[c].value());
  }
}

Entry CodePointTable::beyond(char32_t code_point) const {
  return outcome(code_point, letter_case_).front();  // nothing up there decomposes into several
}

// ---- the words ---------------------------------------------------------------------------------------------------

void WordSplitter::append(char32_t code_point) {
  if (characters_ < kMaxCharacters) length_ += unicode::encode(code_point, word_.data() + length_);
  ++characters_;
}

/// Canonical order: the marks that follow a starter by combining class, those of one class as they came.
void WordSplitter::flush_marks() {
  if (marks_.empty()) return;
  std::stable_sort(marks_.begin(), marks_.end(),
                   [](Entry a, Entry b) { return a.combining_class() < b.combining_class(); });
  for (const Entry mark : marks_) append(mark.value());
  marks_.clear();
}

bool WordSplitter::next() {
  const auto& ascii = table_.ascii();
  length_ = 0;
  characters_ = 0;
  while (position_ < text_.size()) {
    if (const char letter = ascii[static_cast<unsigned char>(text_[position_])]; letter != 0) {
      flush_marks();
      append(static_cast<char32_t>(letter));
      ++position_;
      continue;
    }
    const unicode::Decoded next = unicode::decode(text_.substr(position_));
    const Entry entry = next.code_point == unicode::kInvalid ? Entry(Kind::drop, 0, 0) : table_[next.code_point];
    if (entry.kind() == Kind::split && (characters_ > 0 || !marks_.empty())) break;  // the next word
    position_ += next.bytes;
    switch (entry.kind()) {
      case Kind::drop: break;
      case Kind::barrier: flush_marks(); break;
      case Kind::mark: marks_.push_back(entry); break;
      case Kind::letter:
        flush_marks();
        append(entry.value());
        break;
      case Kind::sequence:
        for (const Entry* part = table_.sequence(entry); part->kind() != Kind::drop; ++part) {
          if (part->kind() == Kind::mark) {
            marks_.push_back(*part);
          } else {
            flush_marks();
            append(part->value());
          }
        }
        break;
      case Kind::space:
        flush_marks();
        if (characters_ > 0) return true;
        break;
      case Kind::split: append(entry.value()); return true;
    }
  }
  flush_marks();
  return characters_ > 0;
}

}  // namespace aio
