// Rows of a table by index: embedding look-up, row selection, and their gradient.
//
// gather:      y[b, n] = x[b, index[n]]
// scatter_add: dx[b, v] += sum over n with index[n] == v, ascending, of dy[b, n]     (the gradient of gather)
// Shapes:      x, dx [B, V, C]; y, dy [B, N, C]; index i64 [N], shared by the batch, or [B, N].
// Dtypes:      gather any; scatter_add f32, f64, bf16, each row of dx rounded once.
// Saved:       index.
// Order:       every element of dx is one thread's and adds in the order of n: no atomics, no dependence on threads.

#include <algorithm>
#include <cstring>
#include <vector>

#include "tensor/cpu/cpu_backend.h"
#include "tensor/cpu/row_math.h"
#include "tensor/parallel.h"

namespace aio {
namespace {

using cpu::Vec;

/// Entries of index from one batch to the next: 0 if it is shared.
std::int64_t batch_stride(const View& index) { return index.rank == 2 ? index.dim[1] : 0; }

/// For each table row the places n that name it, as a list in ascending order. One pass from the back: O(V + N).
struct Chains {
  static constexpr std::int64_t kEnd = -1;
  std::vector<std::int64_t> first;  // [V]: the first n with index[n] == v
  std::vector<std::int64_t> next;   // [N]: the next place with the same index

  Chains(const std::int64_t* index, std::int64_t N, std::int64_t V)
      : first(static_cast<std::size_t>(V), kEnd), next(static_cast<std::size_t>(N)) {
    for (std::int64_t n = N - 1; n >= 0; --n) {
      std::int64_t& head = first[static_cast<std::size_t>(index[n])];
      next[static_cast<std::size_t>(n)] = head;
      head = n;
    }
  }
  bool begins_at(std::int64_t n, std::int64_t row) const { return first[static_cast<std::size_t>(row)] == n; }
  std::int64_t after(std::int64_t n) const { return next[static_cast<std::size_t>(n)]; }
};

constexpr std::int64_t kColumns = 64;  // 4 cache lines of f32 are one thread's at least

/// dx[index[n], begin .. end) += dy[n, begin .. end) for all n; dx and dy are [V, C] and [N, C]. The sums of up to 64
/// columns stay in registers while a chain is walked.
template <class T>
void add_columns(T* dx, const T* dy, const std::int64_t* index, const Chains& chains, std::int64_t N, std::int64_t C,
                 std::int64_t begin, std::int64_t end) {
  using V = Vec<accumulator_t<T>>;
  constexpr int W = V::kWidth, kVectors = 4;
  for (std::int64_t n = 0; n < N; ++n) {
    if (!chains.begins_at(n, index[n])) continue;
    T* row = dx + index[n] * C;
    std::int64_t c = begin;
    for (; c + kVectors * W <= end; c += kVectors * W) {
      V sum[kVectors];
      for (int k = 0; k < kVectors; ++k) sum[k] = V::load(row + c + k * W);
      for (std::int64_t i = n; i != Chains::kEnd; i = chains.after(i))
        for (int k = 0; k < kVectors; ++k) sum[k] = sum[k] + V::load(dy + i * C + c + k * W);
      for (int k = 0; k < kVectors; ++k) sum[k].store(row + c + k * W);
    }
    cpu::for_lanes<W>(end - c, [&](std::int64_t j, int lanes) {
      V sum = V::load_n(row + c + j, lanes);
      for (std::int64_t i = n; i != Chains::kEnd; i = chains.after(i)) sum = sum + V::load_n(dy + i * C + c + j, lanes);
      sum.store_n(row + c + j, lanes);
    });
  }
}

}  // namespace

void CpuBackend::gather_rows(const View& y, const View& x, const View& index) {
  const std::int64_t N = y.dim[1], table_rows = x.dim[1];
  const std::int64_t row_bytes = y.dim[2] * size_of(y.dtype), stride = batch_stride(index);
  parallel_for(y.dim[0] * N, cpu::row_grain(row_bytes), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t b = i / N, v = index.as<const std::int64_t>()[b * stride + i % N];
      std::memcpy(y.as<char>() + i * row_bytes, x.as<const char>() + (b * table_rows + v) * row_bytes,
                  static_cast<std::size_t>(row_bytes));
    }
  });
}

void CpuBackend::scatter_add_rows(const View& dx, const View& dy, const View& index) {
  dispatch_float(dx.dtype, [&]<class T>() {
    const std::int64_t B = dy.dim[0], N = dy.dim[1], C = dy.dim[2], table_rows = dx.dim[1];
    const std::int64_t stride = batch_stride(index), lists = stride == 0 ? std::min<std::int64_t>(B, 1) : B;
    const auto* places = index.as<const std::int64_t>();
    std::vector<Chains> chains;
    for (std::int64_t b = 0; b < lists; ++b) chains.emplace_back(places + b * stride, N, table_rows);

    // Threads share out (batch, block of columns) pairs; neighbouring blocks of one batch are added as one strip.
    const std::int64_t blocks = (C + kColumns - 1) / kColumns;
    parallel_for(B * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
      while (begin < end) {
        const std::int64_t b = begin / blocks, last = std::min(end, (b + 1) * blocks);
        add_columns(dx.as<T>() + b * table_rows * C, dy.as<const T>() + b * N * C, places + b * stride,
                    chains[static_cast<std::size_t>(stride == 0 ? 0 : b)], N, C, (begin - b * blocks) * kColumns,
                    std::min(C, (last - b * blocks) * kColumns));
        begin = last;
      }
    });
  });
}

void CpuBackend::check_indices(const char* op, const char* name, const View& index, std::int64_t size) {
  const auto* p = index.as<const std::int64_t>();
  const std::int64_t n = index.numel();
  std::int64_t low = 0, high = -1;  // a loop without branches, then the place
  for (std::int64_t i = 0; i < n; ++i) {
    low = std::min(low, p[i]);
    high = std::max(high, p[i]);
  }
  if (low >= 0 && high < size) return;
  const auto* const bad = std::find_if(p, p + n, [size](std::int64_t id) { return id < 0 || id >= size; });
  fail_index({op, name, *bad, bad - p, size});
}

}  // namespace aio
