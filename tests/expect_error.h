#pragma once
// EXPECT_ERROR(expression, code, "part of the text"): an aio::Error with that code whose text contains the part.

#include <doctest/doctest.h>

#include <string>

#include "tensor/error.h"

namespace aio::test {

template <class Call>
void expect_error(Call&& call, ErrorCode code, const std::string& part) {
  try {
    call();
  } catch (const Error& error) {
    INFO("message: ", error.what());
    CHECK(to_string(error.code()) == to_string(code));
    CHECK(std::string(error.what()).find(part) != std::string::npos);
    return;
  }
  FAIL_CHECK("no error was thrown; expected one that says: ", part);
}

}  // namespace aio::test

#define EXPECT_ERROR(expression, code, part) \
  ::aio::test::expect_error([&] { static_cast<void>(expression); }, ::aio::ErrorCode::code, part)
