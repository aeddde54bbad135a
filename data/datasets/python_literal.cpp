#include "data/datasets/python_literal.h"

#include "tensor/error.h"

namespace aio {

namespace {

constexpr int kMaxDepth = 16;

void append_utf8(std::string& text, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { text.push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6);
    byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3f));
    byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  PythonLiteral parse() {
    PythonLiteral value = literal(0);
    skip_space();
    require(at_ == text_.size(), "expected the end");
    return value;
  }

 private:
  void require(bool condition, std::string_view expected) const {
    check(condition, ErrorCode::format, where_, ": not a Python literal: character ", at_ + 1, ": ", expected);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }

  PythonLiteral literal(int depth) {
    require(depth < kMaxDepth, "nested too deeply");
    skip_space();
    switch (peek()) {
      case '[': return sequence(']', depth);
      case '(': return sequence(')', depth);
      case '\'':
      case '"': return {PythonLiteral::text, quoted(), {}};
      default: return word();
    }
  }

  PythonLiteral sequence(char closing, int depth) {
    PythonLiteral result{PythonLiteral::list, {}, {}};
    ++at_;
    for (skip_space(); peek() != closing; skip_space()) {
      result.items.push_back(literal(depth + 1));
      skip_space();
      require(peek() == ',' || peek() == closing, "expected a comma or the end of the list");
      if (peek() == ',') ++at_;
    }
    ++at_;
    return result;
  }

  /// A number or a name.
  PythonLiteral word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::string_view(",])( \t\r\n'\"[").find(text_[at_]) == std::string_view::npos) ++at_;
    const std::string word(text_.substr(begin, at_ - begin));
    if (word == "None") return {};
    const bool digits = !word.empty() && word.find_first_not_of("0123456789+-.eE") == std::string::npos;
    at_ = digits || word == "True" || word == "False" ? at_ : begin;
    require(at_ > begin, "expected a list, a string, a number, None, True or False");
    return {PythonLiteral::number, word, {}};
  }

  std::string quoted() {
    const char quote = text_[at_++];
    std::string result;
    while (peek() != quote) {
      require(at_ < text_.size(), "the string is never closed");
      const char c = text_[at_++];
      if (c == '\\') {
        escape(result);
      } else {
        result.push_back(c);
      }
    }
    ++at_;
    return result;
  }

  void escape(std::string& result) {
    require(at_ < text_.size(), "the string is never closed");
    const char c = text_[at_++];
    switch (c) {
      case 'n': result.push_back('\n'); break;
      case 't': result.push_back('\t'); break;
      case 'r': result.push_back('\r'); break;
      case 'x': append_utf8(result, hex(2)); break;
      case 'u': append_utf8(result, hex(4)); break;
      case 'U': append_utf8(result, hex(8)); break;
      case '\n': break;  // a continued line
      case '\\':
      case '\'':
      case '"': result.push_back(c); break;
      default: result += {'\\', c};  // as Python does
    }
  }

  std::uint32_t hex(int digits) {
    std::uint32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      const char c = peek();
      const bool decimal = c >= '0' && c <= '9', lower = c >= 'a' && c <= 'f', upper = c >= 'A' && c <= 'F';
      require(decimal || lower || upper, "expected a hexadecimal digit");
      value = value * 16 + static_cast<std::uint32_t>(decimal ? c - '0' : lower ? c - 'a' + 10 : c - 'A' + 10);
      ++at_;
    }
    require(value <= 0x10ffff, "no such character");
    return value;
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
};

}  // namespace

PythonLiteral parse_python_literal(std::string_view text, const std::string& where) {
  return Parser(text, where).parse();
}

}  // namespace aio
