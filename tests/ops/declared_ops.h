#pragma once
// The names of all functions that autograd/ops.h declares, read from the header itself.

#include <set>
#include <string>

namespace aio::test {

std::set<std::string> declared_ops();

}  // namespace aio::test
