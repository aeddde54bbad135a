// Rows of a table by index: embedding look-up, row selection, and their gradient.
//
// gather:      y[b, n] = x[b, index[n]]
// scatter_add: dx[b, v] += sum over n with index[n] == v, ascending, of dy[b, n]     (the gradient of gather)
// Shapes:      x, dx [B, V, C]; y, dy [B, N, C]; index i64 [N], shared by the batch, or [B, N].
// Dtypes:      gather any; scatter_add f32, bf16, each row of dx rounded once.
// Saved:       index.
// Order:       scatter_add adds up each row of dx that is named in ascending order of places: no atomics. With up to
//              kScanned places, the warp of the first place that names a row adds all that do; it looks for them 32 at
//              a time. With more, that search is the cost, and the index is sorted instead: chunks of kChunk places sum
//              up the runs of equal indices in them, and what a run has in several chunks is added first to last.
// Checking:    an index that is none reads zeros and adds to nothing; check_indices says so when the host next waits.

#include "cuda/cuda_backend.h"
#include "cuda/rows.h"
#include "cuda/scratch.h"
#include "cuda/words.h"

namespace aio {

namespace {

using namespace cuda;

/// Entries of index from one batch to the next: 0 if it is shared.
std::int64_t batch_stride(const View& index) { return index.rank == 2 ? index.dim[1] : 0; }

/// Rows as words; one warp a row.
template <class Word>
__global__ void __launch_bounds__(kRowThreads)
    gather_kernel(Word* y, const Word* x, const std::int64_t* index, std::int64_t rows, std::int64_t N, std::int64_t V,
                  std::int64_t words, std::int64_t stride) {
  const std::int64_t r = global_warp_id();
  if (r >= rows) return;
  const std::int64_t b = r / N, v = index[b * stride + r % N];
  if (v < 0 || v >= V) {
    for (std::int64_t c = lane_id(); c < words; c += kWarp) y[r * words + c] = Word{};
    return;
  }
  for (std::int64_t c = lane_id(); c < words; c += kWarp) move(y + r * words + c, x + (b * V + v) * words + c);
}

/// One warp for each place (b, n) and 32 N columns. The warp of the first place that names a row adds all that name it.
template <int N, class T>
__global__ void __launch_bounds__(kRowThreads)
    scatter_kernel(T* dx, const T* dy, const std::int64_t* index, std::int64_t rows, std::int64_t places,
                   std::int64_t V, std::int64_t C, std::int64_t stride) {
  const std::int64_t r = global_warp_id();
  if (r >= rows) return;
  const std::int64_t b = r / places, n = r % places;
  const std::int64_t* const ids = index + b * stride;
  const std::int64_t v = ids[n];
  if (v < 0 || v >= V) return;
  for (std::int64_t begin = 0; begin < n; begin += kWarp) {  // an earlier place does it
    const std::int64_t m = begin + lane_id();
    if (__ballot_sync(kAllLanes, m < n && ids[m] == v) != 0) return;
  }
  const std::int64_t c = (static_cast<std::int64_t>(blockIdx.y) * kWarp + lane_id()) * N;
  const bool mine = c < C;
  float sum[N] = {};
  T* const to = dx + (b * V + v) * C + c;
  if (mine) load_vector(sum, to);
  for (std::int64_t begin = n; begin < places; begin += kWarp) {
    const std::int64_t m = begin + lane_id();
    unsigned same = __ballot_sync(kAllLanes, m < places && ids[m] == v);
    while (same != 0) {  // ascending
      const std::int64_t place = begin + lowest_bit(same);
      same &= same - 1;
      if (!mine) continue;
      float g[N];
      load_vector(g, dy + (b * places + place) * C + c);
#pragma unroll
      for (int j = 0; j < N; ++j) sum[j] += g[j];
    }
  }
  if (mine) store_vector(to, sum);
}

constexpr std::int64_t kScanned = 2048;  // places up to which searching costs less than sorting's launches
constexpr std::int64_t kChunk = 32;

/// Lists of indices, ascending, with the places they came from; one for each batch or (stride 0) one for all.
struct SortedPlaces {
  const std::int64_t* ids;
  const std::int64_t* places;
  std::int64_t stride, count;
};

/// Sums of the parts of runs that do not begin and end in one chunk, [batches, chunks, C] each.
struct RunParts {
  float* begun;   // of the run that goes on behind the chunk
  float* joined;  // of the run that began before it
};

template <int N, class T>
__device__ inline void add_to_row(T* row, const float (&sum)[N]) {
  float x[N];
  load_vector(x, row);
#pragma unroll
  for (int j = 0; j < N; ++j) x[j] += sum[j];
  store_vector(row, x);
}

/// One warp for each chunk and 32 N columns: whole runs go to dx, parts of runs to `parts`. Eight blocks a
/// multiprocessor, or else ptxas stops at 40 registers and spills.
template <int N, class T>
__global__ void __launch_bounds__(kRowThreads, 8)
    scatter_chunks(T* dx, RunParts parts, const T* dy, SortedPlaces sorted, std::int64_t batches, std::int64_t chunks,
                   std::int64_t V, std::int64_t C) {
  const std::int64_t w = global_warp_id(), c = (static_cast<std::int64_t>(blockIdx.y) * kWarp + lane_id()) * N;
  if (w >= batches * chunks || c >= C) return;
  const std::int64_t b = w / chunks, first = w % chunks * kChunk;
  const std::int64_t last = first + kChunk < sorted.count ? first + kChunk : sorted.count;
  const std::int64_t* const ids = sorted.ids + b * sorted.stride;
  const std::int64_t* const places = sorted.places + b * sorted.stride;
  float sum[N] = {};
  bool began_here = first == 0 || ids[first - 1] != ids[first];
  for (std::int64_t k = first; k < last; ++k) {
    float g[N];
    load_vector(g, dy + (b * sorted.count + places[k]) * C + c);
#pragma unroll
    for (int j = 0; j < N; ++j) sum[j] += g[j];
    const std::int64_t v = ids[k];
    const bool ends = k + 1 == sorted.count || ids[k + 1] != v;
    if (!ends && k + 1 < last) continue;
    if (!began_here || !ends) {
      store_vector((began_here ? parts.begun : parts.joined) + w * C + c, sum);
    } else if (v >= 0 && v < V) {
      add_to_row(dx + (b * V + v) * C + c, sum);
    }
#pragma unroll
    for (int j = 0; j < N; ++j) sum[j] = 0;
    began_here = true;
  }
}

/// The same grid: the chunk in which a run of several chunks began adds its parts to dx.
template <int N, class T>
__global__ void __launch_bounds__(kRowThreads)
    join_chunks(T* dx, RunParts parts, SortedPlaces sorted, std::int64_t batches, std::int64_t chunks, std::int64_t V,
                std::int64_t C) {
  const std::int64_t w = global_warp_id(), c = (static_cast<std::int64_t>(blockIdx.y) * kWarp + lane_id()) * N;
  if (w >= batches * chunks || c >= C) return;
  const std::int64_t b = w / chunks, chunk = w % chunks;
  const std::int64_t* const ids = sorted.ids + b * sorted.stride;
  const auto goes_on_behind = [&](std::int64_t i) {
    const std::int64_t next = (i + 1) * kChunk;
    return next < sorted.count && ids[next] == ids[next - 1];
  };
  if (!goes_on_behind(chunk)) return;
  const std::int64_t v = ids[(chunk + 1) * kChunk - 1];
  if (v < 0 || v >= V || (chunk > 0 && ids[chunk * kChunk - 1] == v)) return;
  float sum[N];
  load_vector(sum, parts.begun + w * C + c);
  for (std::int64_t i = chunk + 1;; ++i) {
    float more[N];
    load_vector(more, parts.joined + (b * chunks + i) * C + c);
#pragma unroll
    for (int j = 0; j < N; ++j) sum[j] += more[j];
    if (!goes_on_behind(i) || ids[(i + 1) * kChunk] != v) break;
  }
  add_to_row(dx + (b * V + v) * C + c, sum);
}

/// One block: notes the first index outside of 0..what.size-1, unless another one is noted.
__global__ void __launch_bounds__(1024)
    check_kernel(BadIndex* note, const std::int64_t* index, std::int64_t n, BadIndex what) {
  AIO_SHARED(std::int64_t, firsts, 1024 / kWarp);
  std::int64_t first = n;
  for (std::int64_t i = thread_id(); i < n; i += 1024) {
    if (index[i] >= 0 && index[i] < what.size) continue;
    first = i;
    break;
  }
  for (int step = kWarp / 2; step > 0; step /= 2) {
    const std::int64_t other = __shfl_xor_sync(kAllLanes, first, step);
    first = other < first ? other : first;
  }
  if (lane_id() == 0) firsts[thread_id() / kWarp] = first;
  __syncthreads();
  if (thread_id() != 0) return;
  for (int w = 1; w < 1024 / kWarp; ++w) {
    const std::int64_t other = firsts[w];
    first = other < first ? other : first;
  }
  if (first == n || note->op != nullptr) return;
  what.value = index[first];
  what.position = first;
  *note = what;
}

}  // namespace

void CudaBackend::gather_rows(const View& y, const View& x, const View& index) {
  const std::int64_t N = y.dim[1], rows = y.dim[0] * N, row_bytes = y.dim[2] * size_of(y.dtype);
  dispatch_words(word_bytes(row_bytes, y.data, x.data), [&]<class Word>() {
    launch("gather_rows", stream(), row_grid(rows), gather_kernel<Word>, y.as<Word>(), x.as<Word>(),
           index.as<std::int64_t>(), rows, N, x.dim[1], row_bytes / static_cast<std::int64_t>(sizeof(Word)),
           batch_stride(index));
  });
}

void CudaBackend::scatter_add_rows(const View& dx, const View& dy, const View& index) {
  const std::int64_t B = dy.dim[0], N = dy.dim[1], C = dy.dim[2], V = dx.dim[1];
  if (N > kScanned) return scatter_add_sorted(dx, dy, index);
  dispatch_gpu_float(dx.dtype, [&]<class T>() {
    const auto run = [&]<int kColumns>() {
      Grid grid = row_grid(B * N);
      grid.blocks.y = blocks_for(C, kWarp * kColumns);
      launch("scatter_add_rows", stream(), grid, scatter_kernel<kColumns, T>, dx.as<T>(), dy.as<T>(),
             index.as<std::int64_t>(), B * N, N, V, C, batch_stride(index));
    };
    dispatch_columns<T>(C, run, dx.as<T>(), dy.as<T>());
  });
}

void CudaBackend::scatter_add_sorted(const View& dx, const View& dy, const View& index) {
  const std::int64_t B = dy.dim[0], N = dy.dim[1], C = dy.dim[2], V = dx.dim[1], chunks = (N + kChunk - 1) / kChunk;
  View lists = index;  // [lists, N]
  if (index.rank == 1) {
    lists.rank = 2;
    lists.dim[0] = 1;
    lists.dim[1] = N;
  }
  const auto bytes = [](std::int64_t n, std::size_t each) { return static_cast<std::size_t>(n) * each; };
  const Scratch ids(allocator(), bytes(lists.numel(), sizeof(std::int64_t))),
      places(allocator(), bytes(lists.numel(), sizeof(std::int64_t)));
  View sorted_ids = lists, sorted_places = lists;
  sorted_ids.data = ids.as<void>();
  sorted_places.data = places.as<void>();
  sort_rows(sorted_ids, sorted_places, lists, /*descending=*/false);  // stable: places ascend within a run

  const Scratch begun(allocator(), bytes(B * chunks * C, sizeof(float))),
      joined(allocator(), bytes(B * chunks * C, sizeof(float)));
  const RunParts parts{begun.as<float>(), joined.as<float>()};
  const SortedPlaces sorted{ids.as<std::int64_t>(), places.as<std::int64_t>(), batch_stride(index), N};
  dispatch_gpu_float(dx.dtype, [&]<class T>() {
    const auto run = [&]<int kColumns>() {
      Grid grid = row_grid(B * chunks);
      grid.blocks.y = blocks_for(C, kWarp * kColumns);
      launch("scatter_add_rows", stream(), grid, scatter_chunks<kColumns, T>, dx.as<T>(), parts, dy.as<T>(), sorted, B,
             chunks, V, C);
      launch("scatter_add_rows", stream(), grid, join_chunks<kColumns, T>, dx.as<T>(), parts, sorted, B, chunks, V, C);
    };
    dispatch_columns<T>(C, run, dx.as<T>(), dy.as<T>(), parts.begun, parts.joined);
  });
}

void CudaBackend::check_indices(const char* op, const char* name, const View& index, std::int64_t size) {
  BadIndex what;
  what.op = op;
  what.name = name;
  what.size = size;
  launch("check_indices", stream(), {1, 1024}, check_kernel, bad_index(), index.as<std::int64_t>(), index.numel(),
         what);
}

}  // namespace aio
