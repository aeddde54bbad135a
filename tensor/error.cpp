#include "tensor/error.h"

#include <array>
#include <charconv>

namespace aio {

std::string_view to_string(ErrorCode code) {
  static constexpr std::array<std::string_view, 12> kNames = {"shape",  "dtype",  "device", "value", "index", "io",
                                                              "format", "config", "cuda",   "blas",  "oom",   "state"};
  return kNames[static_cast<std::size_t>(code)];
}

namespace detail {
namespace {
template <class Number>
void append_number(std::string& text, Number number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}
}  // namespace

void append(std::string& text, std::string_view part) { text.append(part); }
void append(std::string& text, long long part) { append_number(text, part); }
void append(std::string& text, unsigned long long part) { append_number(text, part); }
void append(std::string& text, double part) { append_number(text, part); }
}  // namespace detail

}  // namespace aio
