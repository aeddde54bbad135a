// Bilinear resizing of planes, without antialiasing.
//
// Forward:  y[i] = (1 - a) x[k] + a x[min(k + 1, in - 1)] along rows and along columns; k, a: tensor/resize_axis.h
// Backward: the transpose of that matrix
// Shapes:   x, dx [P, h, w] (P planes); y, dy [P, H, W].
// Dtypes:   f32, bf16; places, weights and sums f32.
// Saved:    nothing: the map is linear.
// Order:    an element is one thread's; its sum runs over rows, in each over columns, both ascending.
// Source:   torch.nn.functional.interpolate(mode="bilinear", antialias=False), with its f32 arithmetic of places.

#include "cuda/cuda_backend.h"
#include "cuda/map.h"
#include "tensor/resize_axis.h"

namespace aio {

namespace {

using namespace cuda;
using Axis = ResizeAxis<float>;

/// One thread an element of y.
template <class T>
__global__ void __launch_bounds__(kMapThreads)
    resize_forward_kernel(T* y, const T* x, std::int64_t n, Axis rows, Axis columns) {
  const std::int64_t i = global_thread_id();
  if (i >= n) return;
  const auto row = rows.tap(i / columns.out % rows.out), column = columns.tap(i % columns.out);
  const T* const plane = x + i / columns.out / rows.out * rows.in * columns.in;
  const auto along = [&](std::int64_t k) {
    const T* const from = plane + k * columns.in;
    return fmaf(column.weight_low, to_float(from[column.low]), column.weight_high * to_float(from[column.high]));
  };
  y[i] = from_float<T>(fmaf(row.weight_low, along(row.low), row.weight_high * along(row.high)));
}

/// The output places [first, last) that may read a source place.
struct Readers {
  std::int64_t first, last;
};

/// Those whose tap lies between k - 1 and k + 1, and one more at either end for the rounding: it weighs 0.
__device__ inline Readers readers(const Axis& axis, std::int64_t k) {
  const float scale = axis.scale(), centre = axis.align_corners ? 0.0F : 0.5F;
  if (scale == 0) return {0, axis.out};
  const float first = floorf((static_cast<float>(k - 1) + centre) / scale - centre) - 1;
  const float last = ceilf((static_cast<float>(k + 1) + centre) / scale - centre) + 2;
  const auto end = static_cast<std::int64_t>(last);
  return {first > 0 ? static_cast<std::int64_t>(first) : 0, end < axis.out ? end : axis.out};
}

/// One thread an element of dx.
template <class T>
__global__ void __launch_bounds__(kMapThreads)
    resize_backward_kernel(T* dx, const T* dy, std::int64_t n, Axis rows, Axis columns) {
  const std::int64_t i = global_thread_id();
  if (i >= n) return;
  const std::int64_t k = i / columns.in % rows.in, l = i % columns.in;
  const T* const plane = dy + i / columns.in / rows.in * rows.out * columns.out;
  const Readers of_row = readers(rows, k), of_column = readers(columns, l);
  float sum = 0;
  for (std::int64_t r = of_row.first; r < of_row.last; ++r) {
    float along = 0;
    for (std::int64_t c = of_column.first; c < of_column.last; ++c)
      along = fmaf(columns.tap(c).weight(l), to_float(plane[r * columns.out + c]), along);
    sum = fmaf(rows.tap(r).weight(k), along, sum);
  }
  dx[i] = from_float<T>(sum);
}

}  // namespace

void CudaBackend::resize_bilinear_forward(const View& y, const View& x, bool align_corners) {
  const Axis rows{x.dim[1], y.dim[1], align_corners}, columns{x.dim[2], y.dim[2], align_corners};
  dispatch_gpu_float(y.dtype, [&]<class T>() {
    launch("resize_bilinear_forward", stream(), map_grid(y.numel(), 1), resize_forward_kernel<T>, y.as<T>(), x.as<T>(),
           y.numel(), rows, columns);
  });
}

void CudaBackend::resize_bilinear_backward(const View& dx, const View& dy, bool align_corners) {
  const Axis rows{dx.dim[1], dy.dim[1], align_corners}, columns{dx.dim[2], dy.dim[2], align_corners};
  dispatch_gpu_float(dx.dtype, [&]<class T>() {
    launch("resize_bilinear_backward", stream(), map_grid(dx.numel(), 1), resize_backward_kernel<T>, dx.as<T>(),
           dy.as<T>(), dx.numel(), rows, columns);
  });
}

}  // namespace aio
