#pragma once
// Where the reference's goldens lie.

#include <string>

namespace aio::test {

inline std::string golden(const std::string& name) { return AIO_TEST_DATA "/golden/model/" + name; }

}  // namespace aio::test
