#pragma once
// EXPECT_ERROR(statements, code, "part of the text"): they throw an aio::Error with that code and that text in it.

#include <doctest/doctest.h>

#include <string>

#include "tensor/error.h"

namespace aio::test {

template <class Call>
void expect_error(Call&& call, ErrorCode code, const std::string& part) {
  try {
    call();
  } catch (const Error& error) {
    INFO("message: ", std::string(error.what()), "; expected in it: ", part);
    CHECK(to_string(error.code()) == to_string(code));
    CHECK(std::string(error.what()).find(part) != std::string::npos);
    return;
  }
  FAIL_CHECK("no error was thrown; expected one that says: ", part);
}

}  // namespace aio::test

#define EXPECT_ERROR(statements, code, part) \
  ::aio::test::expect_error([&] { statements; }, ::aio::ErrorCode::code, part)
