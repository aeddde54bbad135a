#pragma once
// How many tensors' worth of memory something asks for: shows that an op copies nothing.

#include <cstddef>

#include "tensor/allocator.h"
#include "tensor/tensor.h"

namespace aio::test {

template <class Body>
std::size_t allocations(Body&& body) {
  const std::size_t before = memory_stats().allocations;
  body();
  return memory_stats().allocations - before;
}

}  // namespace aio::test
