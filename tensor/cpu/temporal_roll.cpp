// Rolls each token of a clip along time by its own number of frames.
//
// Forward:  y[b, t, n] = x[b, (t - sign * shift[n]) mod T, n]
// Backward: the same with the other sign: a permutation's transpose is its inverse.
// Shapes:   x, y [B, T, N, C]; shift i64 [N], any sign and size.
// Dtypes:   any; bytes are moved, not numbers.
// Saved:    shift.
// Order:    no sums.
// Source:   All-in-one (Wang et al. 2023), section 3.2, temporal token rolling; torch.roll(x[:, :, n], shift, dims=1).

#include <cstring>
#include <vector>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/row_math.h"
#include "tensor/parallel.h"

namespace aio {

namespace {

/// Neighbouring tokens with the same shift move as one block.
struct Run {
  std::int64_t first, count;
  std::int64_t shift;  ///< y[t] = x[(t - shift) mod T]; 0..T-1
};

std::vector<Run> runs_of(const View& shift, int sign, std::int64_t T, std::int64_t N) {
  const auto* shifts = shift.as<const std::int64_t>();
  std::vector<Run> runs;
  for (std::int64_t n = 0; n < N; ++n) {
    if (n > 0 && shifts[n] == shifts[n - 1]) {
      ++runs.back().count;
    } else {
      runs.push_back({n, 1, (sign * (shifts[n] % T) + T) % T});
    }
  }
  return runs;
}

}  // namespace

void CpuBackend::temporal_roll(const View& y, const View& x, const View& shift, int sign) {
  const std::int64_t B = y.dim[0], T = y.dim[1], N = y.dim[2], row_bytes = y.dim[3] * size_of(y.dtype);
  if (y.numel() == 0) return;
  std::vector<Run> runs = runs_of(shift, sign, T, N);
  char* const to = y.as<char>();
  const char* const from = x.as<const char>();
  if (to != from) {
    parallel_for(B * T, cpu::row_grain(N * row_bytes), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t b = i / T, t = i % T;
        for (const Run& run : runs) {
          const std::int64_t source = b * T + (t + T - run.shift) % T;
          std::memcpy(to + (i * N + run.first) * row_bytes, from + (source * N + run.first) * row_bytes,
                      static_cast<std::size_t>(run.count * row_bytes));
        }
      }
    });
    return;
  }
  // In place: what stays is not touched, the frames of a run that moves are turned in memory aside.
  std::erase_if(runs, [](const Run& run) { return run.shift == 0; });
  const auto moving = static_cast<std::int64_t>(runs.size());
  parallel_for(B * moving, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<char> frames;
    for (std::int64_t i = begin; i < end; ++i) {
      const Run& run = runs[static_cast<std::size_t>(i % moving)];
      char* const first = to + (i / moving * T * N + run.first) * row_bytes;
      const std::int64_t bytes = run.count * row_bytes;
      frames.resize(static_cast<std::size_t>(T * bytes));
      for (std::int64_t t = 0; t < T; ++t)
        std::memcpy(frames.data() + (t + run.shift) % T * bytes, first + t * N * row_bytes,
                    static_cast<std::size_t>(bytes));
      for (std::int64_t t = 0; t < T; ++t)
        std::memcpy(first + t * N * row_bytes, frames.data() + t * bytes, static_cast<std::size_t>(bytes));
    }
  });
}

}  // namespace aio
