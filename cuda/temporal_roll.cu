// Rolls each token of a clip along time by its own number of frames, one warp a token.
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

}  // namespace

void CudaBackend::temporal_roll(const View& y, const View& x, const View& shift, int sign) {
  if (y.numel() == 0) return;
  const std::int64_t rows = y.rows(), row_bytes = y.cols() * size_of(y.dtype);
  const std::int64_t bytes = word_bytes(row_bytes, y.as<char>(), x.as<char>());
  dispatch_words(bytes, [&]<class Word>() {
    launch("temporal_roll", stream(), row_grid(rows), temporal_roll_kernel<Word>, y.as<Word>(), x.as<Word>(),
           shift.as<std::int64_t>(), sign, rows, y.dim[1], y.dim[2], row_bytes / bytes);
  });
}

}  // namespace aio
