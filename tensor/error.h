#pragma once
// One typed exception for everything a user can get wrong, and the builder of its text.

#include <stdexcept>
#include <string>
#include <string_view>

namespace aio {

enum class ErrorCode { shape, dtype, device, value, index, io, format, config, cuda, blas, oom, state };

std::string_view to_string(ErrorCode code);

/// Text is "op: what we got, what we expected (what to do)".
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

/// Concatenates strings, numbers and anything that has an `aio::to_string`.
template <class... Parts>
std::string message(const Parts&... parts);

/// Throws Error(code, parts...) unless `condition`; the text is built only on failure.
template <class... Parts>
void check(bool condition, ErrorCode code, const Parts&... parts);

template <class... Parts>
[[noreturn]] void fail(ErrorCode code, const Parts&... parts);

// ---------------------------------------------------------------------------------------------------------------

namespace detail {
void append(std::string& text, std::string_view part);
void append(std::string& text, long long part);
void append(std::string& text, unsigned long long part);
void append(std::string& text, double part);

template <class Part>
void append_part(std::string& text, const Part& part) {
  if constexpr (std::is_convertible_v<const Part&, std::string_view>) {
    append(text, std::string_view(part));
  } else if constexpr (std::is_same_v<Part, bool>) {
    append(text, part ? std::string_view("true") : std::string_view("false"));
  } else if constexpr (std::is_floating_point_v<Part>) {
    append(text, static_cast<double>(part));
  } else if constexpr (std::is_integral_v<Part> && std::is_signed_v<Part>) {
    append(text, static_cast<long long>(part));
  } else if constexpr (std::is_integral_v<Part>) {
    append(text, static_cast<unsigned long long>(part));
  } else {
    append(text, std::string_view(to_string(part)));
  }
}
}  // namespace detail

template <class... Parts>
std::string message(const Parts&... parts) {
  std::string text;
  (detail::append_part(text, parts), ...);
  return text;
}

template <class... Parts>
[[noreturn]] void fail(ErrorCode code, const Parts&... parts) {
  throw Error(code, message(parts...));
}

template <class... Parts>
inline void check(bool condition, ErrorCode code, const Parts&... parts) {
  if (!condition) [[unlikely]]
    fail(code, parts...);
}

}  // namespace aio
