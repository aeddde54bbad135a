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

void CpuBackend::temporal_roll(const View& y, const View& x, const View& shift, int sign) {
  const std::int64_t B = y.dim[0], T = y.dim[1], N = y.dim[2], row_bytes = y.dim[3] * size_of(y.dtype);
  if (y.numel() == 0) return;
  // Neighbouring tokens with the same shift move as one block: a run is [run_begin[k], run_begin[k + 1]).
  const auto* shifts = shift.as<const std::int64_t>();
  std::vector<std::int64_t> run_begin;
  for (std::int64_t n = 0; n < N; ++n)
    if (n == 0 || shifts[n] != shifts[n - 1]) run_begin.push_back(n);
  run_begin.push_back(N);

  parallel_for(B * T, cpu::row_grain(N * row_bytes), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t b = i / T, t = i % T;
      for (std::size_t k = 0; k + 1 < run_begin.size(); ++k) {
        const std::int64_t n = run_begin[k], count = run_begin[k + 1] - n;
        const std::int64_t from = ((t - sign * (shifts[n] % T)) % T + T) % T;
        std::memcpy(y.as<char>() + (i * N + n) * row_bytes, x.as<const char>() + ((b * T + from) * N + n) * row_bytes,
                    static_cast<std::size_t>(count * row_bytes));
      }
    }
  });
}

}  // namespace aio
