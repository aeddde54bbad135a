// Moving elements: fill, and copies between any two layouts.
//
// fill          y[i] = value
// copy_strided  y[i, j, ...] = x[i, j, ...], rank <= 6, any strides; x may repeat (stride 0), y may not. It carries
//               every permute, slice, expand and concat.
// cast_strided  the same from f32 to bf16, where both are contiguous inside by eights.
// Dtypes:       all, moved as words of their size. Deterministic: each element by itself.
//
// Dimensions are merged where both layouts allow. If the innermost one is contiguous in both, it is moved in the
// largest words of up to 16 bytes that all strides and addresses are multiples of.

#include <algorithm>
#include <bit>

#include "cuda/cuda_backend.h"
#include "cuda/map.h"
#include "cuda/words.h"
#include "tensor/cpu/convert.h"

namespace aio {

namespace {

using namespace cuda;

constexpr int kMaxDims = 6;

/// The loops of a copy, the last one innermost; sizes and strides in words.
struct Loops {
  int rank = 0;
  std::int64_t size[kMaxDims] = {}, y[kMaxDims] = {}, x[kMaxDims] = {};
};

/// Drops dimensions of size 1 and merges neighbours that one stride describes, in both layouts.
Loops merged(const View& y, const View& x) {
  Loops loops;
  for (int i = 0; i < y.rank; ++i) {
    if (y.dim[i] == 1) continue;
    const int last = loops.rank - 1;
    if (last >= 0 && loops.y[last] == y.stride[i] * y.dim[i] && loops.x[last] == x.stride[i] * y.dim[i]) {
      loops.size[last] *= y.dim[i];
      loops.y[last] = y.stride[i];
      loops.x[last] = x.stride[i];
    } else {
      loops.size[loops.rank] = y.dim[i];
      loops.y[loops.rank] = y.stride[i];
      loops.x[loops.rank++] = x.stride[i];
    }
  }
  if (loops.rank == 0) loops = {1, {1}, {1}, {1}};
  return loops;
}

/// How many elements make the largest word that the copy can move at once (a power of two, 16 bytes at most).
std::int64_t elements_per_word(const Loops& loops, const View& y, const View& x) {
  const int inner = loops.rank - 1;
  if (loops.y[inner] != 1 || loops.x[inner] != 1) return 1;
  std::int64_t sizes = loops.size[inner];
  for (int i = 0; i < inner; ++i) sizes |= loops.y[i] | loops.x[i];
  return word_bytes(sizes * size_of(y.dtype), y.as<char>(), x.as<char>()) / size_of(y.dtype);
}

/// The loops over words of `pack` elements, of which sizes and strides are multiples.
Loops packed(Loops loops, std::int64_t pack) {
  loops.size[loops.rank - 1] /= pack;
  for (int i = 0; i + 1 < loops.rank; ++i) {
    loops.y[i] /= pack;
    loops.x[i] /= pack;
  }
  return loops;
}

/// Where word i of a copy is.
struct Place {
  std::int64_t to = 0, from = 0;
  __device__ Place(std::int64_t i, const Loops& loops) {
#pragma unroll
    for (int d = kMaxDims - 1; d > 0; --d) {
      if (d >= loops.rank) continue;
      const std::int64_t rest = i / loops.size[d], at = i - rest * loops.size[d];
      to += at * loops.y[d];
      from += at * loops.x[d];
      i = rest;
    }
    to += i * loops.y[0];
    from += i * loops.x[0];
  }
};

template <class Word>
__global__ void __launch_bounds__(kMapThreads) copy_kernel(Word* y, const Word* x, std::int64_t n, Loops loops) {
  const std::int64_t i = global_thread_id();
  if (i >= n) return;
  const Place place(i, loops);
  move(y + place.to, x + place.from);
}

constexpr int kEight = 8;

/// Of n times eight elements.
__global__ void __launch_bounds__(kMapThreads)
    cast_strided_kernel(bf16* y, const float* x, std::int64_t n, Loops loops) {
  const std::int64_t i = global_thread_id();
  if (i >= n) return;
  const Place place(i, loops);
  float v[kEight];
  load_vector(v, x + place.from * kEight);
  store_vector(y + place.to * kEight, v);
}

template <class Word>
__global__ void __launch_bounds__(kMapThreads) fill_kernel(Word* y, Word value, std::int64_t n) {
  const std::int64_t i = global_thread_id();
  if (i < n) y[i] = value;
}

}  // namespace

void CudaBackend::fill(const View& y, double value) {
  const std::int64_t n = y.numel();
  if (n == 0) return;
  dispatch_gpu_all(y.dtype, [&]<class T>() {
    const T element = cpu::convert<T>(value);
    dispatch_gpu_word(y.dtype, [&]<class Word>() {
      if constexpr (sizeof(Word) == sizeof(T)) {
        const Word word = std::bit_cast<Word>(element);
        if (word == Word{0}) return fill_bytes(y.data, 0, static_cast<std::size_t>(n) * sizeof(T), stream());
        launch("fill", stream(), map_grid(n, 1), fill_kernel<Word>, y.as<Word>(), word, n);
      }
    });
  });
}

void CudaBackend::copy_strided(const View& y, const View& x) {
  if (y.numel() == 0) return;
  const Loops loops = merged(y, x);
  const std::int64_t pack = elements_per_word(loops, y, x), n = y.numel() / pack;
  dispatch_words(pack * size_of(y.dtype), [&]<class Word>() {
    launch("copy_strided", stream(), map_grid(n, 1), copy_kernel<Word>, y.as<Word>(), x.as<Word>(), n,
           packed(loops, pack));
  });
}

bool CudaBackend::cast_strided(const View& y, const View& x) {
  if (y.dtype != DType::bf16 || x.dtype != DType::f32 || y.numel() == 0) return false;
  const Loops loops = merged(y, x);
  if (elements_per_word(loops, y, x) < kEight || !aligned16(y.data, x.data)) return false;  // y's elements: of 2 bytes
  const std::int64_t n = y.numel() / kEight;
  launch("cast", stream(), map_grid(n, 1), cast_strided_kernel, y.as<bf16>(), x.as<float>(), n, packed(loops, kEight));
  return true;
}

}  // namespace aio
