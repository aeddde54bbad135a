// Rolls each token of a clip along time by its own number of frames, one warp a token; in place one warp for a token in
// all frames, which leaves at once where it stays.
//
// Forward:  y[b, t, n] = x[b, (t - sign * shift[n]) mod T, n]
// Backward: the same with the other sign: a permutation's transpose is its inverse.
// Shapes:   x, y [B, T, N, C]; shift i64 [N], any sign and size.
// Dtypes:   any; words are moved, not numbers.
// Saved:    shift.
// Deterministic: each element by itself.
// Source:   All-in-one (Wang et al. 2023), section 3.2, temporal token rolling; torch.roll(x[:, :, n], shift, dims=1).

#include "cuda/cuda_backend.h"
#include "cuda/rows.h"
#include "cuda/words.h"

namespace aio {

namespace {

using namespace cuda;

/// y, x [B T N, C], C counted in words.
template <class Word>
__global__ void __launch_bounds__(kRowThreads)
    temporal_roll_kernel(Word* y, const Word* x, const std::int64_t* shift, int sign, std::int64_t rows, std::int64_t T,
                         std::int64_t N, std::int64_t C) {
  const std::int64_t r = global_warp_id();
  if (r >= rows) return;
  const std::int64_t n = r % N, t = r / N % T, clip = r / N / T;
  const std::int64_t from = ((t - sign * (shift[n] % T)) % T + T) % T;
  const Word* const row = x + ((clip * T + from) * N + n) * C;
  for_columns<1>(C, [&](std::int64_t c) { move(y + r * C + c, row + c); });
}

/// y = x: along each cycle of the roll, frames move up one by one, the first of them last.
template <class Word>
__global__ void __launch_bounds__(kRowThreads)
    roll_in_place_kernel(Word* x, const std::int64_t* shift, int sign, std::int64_t tokens, std::int64_t T,
                         std::int64_t N, std::int64_t C) {
  const std::int64_t token = global_warp_id();
  if (token >= tokens) return;
  const std::int64_t n = token % N, by = (sign * (shift[n] % T) + T) % T;
  if (by == 0) return;
  std::int64_t cycles = T;  // gcd(T, by): frames that are in different ones
  for (std::int64_t rest = by; rest != 0;) {
    const std::int64_t next = cycles % rest;
    cycles = rest;
    rest = next;
  }
  Word* const first = x + (token / N * T * N + n) * C;
  for_columns<1>(C, [&](std::int64_t c) {
    for (std::int64_t start = 0; start < cycles; ++start) {
      const Word kept = load_word(first + start * N * C + c);
      std::int64_t to = start;
      for (std::int64_t i = 1; i < T / cycles; ++i) {
        const std::int64_t from = to < by ? to - by + T : to - by;
        move(first + to * N * C + c, first + from * N * C + c);
        to = from;
      }
      store_word(first + to * N * C + c, kept);
    }
  });
}

}  // namespace

void CudaBackend::temporal_roll(const View& y, const View& x, const View& shift, int sign) {
  if (y.numel() == 0) return;
  const std::int64_t rows = y.rows(), row_bytes = y.cols() * size_of(y.dtype);
  const std::int64_t bytes = word_bytes(row_bytes, y.as<char>(), x.as<char>());
  const std::int64_t frames = y.dim[1], columns = row_bytes / bytes;
  dispatch_words(bytes, [&]<class Word>() {
    if (y.data == x.data) {
      launch("temporal_roll", stream(), row_grid(rows / frames), roll_in_place_kernel<Word>, y.as<Word>(),
             shift.as<std::int64_t>(), sign, rows / frames, frames, y.dim[2], columns);
      return;
    }
    launch("temporal_roll", stream(), row_grid(rows), temporal_roll_kernel<Word>, y.as<Word>(), x.as<Word>(),
           shift.as<std::int64_t>(), sign, rows, frames, y.dim[2], columns);
  });
}

}  // namespace aio
