#pragma once
// A matrix cut into a grid of rectangles, one a thread: in strips of rows and panels of columns.

#include <cstdint>

#include "tensor/parallel.h"

namespace aio::cpu {

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

struct Grid {
  std::int64_t rows = 1, cols = 1;
};

/// body(first strip, last, first panel, last) for each rectangle, "last" being one past it; the rectangles are of
/// nearly equal size. From several threads.
template <class Body>
void for_each_rectangle(const Grid& grid, std::int64_t strips, std::int64_t panels, const Body& body) {
  parallel_for(grid.rows * grid.cols, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) {
      const std::int64_t i = part / grid.cols, j = part % grid.cols;
      body(strips * i / grid.rows, strips * (i + 1) / grid.rows, panels * j / grid.cols, panels * (j + 1) / grid.cols);
    }
  });
}

}  // namespace aio::cpu
