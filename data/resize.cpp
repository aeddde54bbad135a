// Resizing as PIL does it (Pillow, src/libImaging/Resample.c):
//
//   out[x] = sum_i k_x[i] in[first_x + i],  k_x[i] = f((first_x + i + 0.5 - c_x) / s) / sum,  c_x = (x + 0.5) in / out
//
// with s = max(in / out, 1): when shrinking, the filter grows with the step, so that every pixel counts (antialiasing).
// One pass across, one down, the result of each rounded to 8 bits. Weights are integers, round(k * 2^22): sums are
// exact and in any order the same. Across comes first, unless the height shrinks by more than twice the pixels that the
// width does: Pillow 13 then goes down first, for speed; older versions never do.

#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/error.h"

namespace aio {
namespace {

constexpr int kWeightBits = 22;  // 8 bits of pixel, 2 of headroom for bicubic's overshoot, in 32
constexpr int kHalf = 1 << (kWeightBits - 1);

double triangle(double x) { return std::max(1 - std::abs(x), 0.0); }

// Keys' cubic convolution, a = -0.5.
double cubic(double x) {
  x = std::abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/// For each output position of a range: the first input it reads, and `taps` weights (zeros at the end).
struct Weights {
  int taps = 0;
  std::vector<int> first;
  std::vector<int> value;  // [positions, taps]

  const int* of(int position) const { return value.data() + std::ptrdiff_t{position} * taps; }
};

Weights weights_for(int in, int out, int begin, int count, ResizeFilter filter) {
  const bool bilinear = filter == ResizeFilter::bilinear;
  const double step = static_cast<double>(in) / out;
  const double stretch = std::max(step, 1.0);
  const double support = (bilinear ? 1 : 2) * stretch;
  Weights weights;
  weights.taps = std::min(static_cast<int>(std::ceil(support)) * 2 + 1, in);
  weights.value.assign(static_cast<std::size_t>(count) * static_cast<std::size_t>(weights.taps), 0);
  std::vector<double> exact(static_cast<std::size_t>(weights.taps));
  weights.first.reserve(static_cast<std::size_t>(count));
  for (int position = 0; position < count; ++position) {
    const double centre = (begin + position + 0.5) * step;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int size = std::min(static_cast<int>(centre + support + 0.5), in) - first;
    double sum = 0;
    for (int i = 0; i < size; ++i) {
      const double x = (i + first - centre + 0.5) * (1 / stretch);
      exact[static_cast<std::size_t>(i)] = bilinear ? triangle(x) : cubic(x);
      sum += exact[static_cast<std::size_t>(i)];
    }
    weights.first.push_back(std::min(first, in - weights.taps));  // so that all taps are inside
    int* value = weights.value.data() + std::ptrdiff_t{position} * weights.taps + (first - weights.first.back());
    for (int i = 0; i < size; ++i) {
      const double scaled = exact[static_cast<std::size_t>(i)] / sum * (1 << kWeightBits);
      value[i] = static_cast<int>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
  }
  return weights;
}

std::uint8_t to_pixel(int sum) { return static_cast<std::uint8_t>(std::clamp(sum >> kWeightBits, 0, 255)); }

/// One row of `positions` pixels from a row of the input.
void resize_row(const std::uint8_t* in, const Weights& weights, std::uint8_t* out) {
  const auto positions = static_cast<int>(weights.first.size());
  for (int x = 0; x < positions; ++x, out += 3) {
    const int* weight = weights.of(x);
    const std::uint8_t* pixel = in + std::ptrdiff_t{3} * weights.first[static_cast<std::size_t>(x)];
    int red = kHalf, green = kHalf, blue = kHalf;
    for (int i = 0; i < weights.taps; ++i, pixel += 3) {
      red += weight[i] * pixel[0];
      green += weight[i] * pixel[1];
      blue += weight[i] * pixel[2];
    }
    out[0] = to_pixel(red);
    out[1] = to_pixel(green);
    out[2] = to_pixel(blue);
  }
}

/// One row of `bytes` values from `taps` rows, each `stride` after the one before.
void combine_rows(const std::uint8_t* rows, std::ptrdiff_t stride, const int* weight, int taps, std::ptrdiff_t bytes,
                  int* sums, std::uint8_t* out) {
  std::fill(sums, sums + bytes, kHalf);
  for (int i = 0; i < taps; ++i, rows += stride) {
    const int w = weight[i];
    for (std::ptrdiff_t x = 0; x < bytes; ++x) sums[x] += w * rows[x];
  }
  for (std::ptrdiff_t x = 0; x < bytes; ++x) out[x] = to_pixel(sums[x]);
}

}  // namespace

Tensor resize_crop_frames(const Tensor& frames, int height, int width, int top, int left, int rows, int columns,
                          ResizeFilter filter) {
  check(frames.dtype() == DType::u8, ErrorCode::dtype, "resize_frames: ", describe(frames), ", expected u8");
  check(frames.rank() == 4 && frames.dim(3) == 3 && frames.is_contiguous() && frames.numel() > 0, ErrorCode::shape,
        "resize_frames: ", describe(frames), ", expected [n, H, W, 3], contiguous and not empty");
  constexpr int kLargest = 1 << 14;
  check(height >= 1 && width >= 1 && height <= kLargest && width <= kLargest && frames.dim(1) <= kLargest &&
            frames.dim(2) <= kLargest,
        ErrorCode::value, "resize_frames: ", describe(frames), " to ", height, " x ", width, ", sides are 1 to ",
        kLargest);
  check(rows >= 1 && columns >= 1 && top >= 0 && left >= 0 && top <= height - rows && left <= width - columns,
        ErrorCode::value, "resize_frames: ", rows, " x ", columns, " at (", top, ", ", left, ") are not inside ",
        height, " x ", width);
  const auto in_height = static_cast<int>(frames.dim(1)), in_width = static_cast<int>(frames.dim(2));
  const Weights across = weights_for(in_width, width, left, columns, filter);
  const Weights down = weights_for(in_height, height, top, rows, filter);
  const std::ptrdiff_t in_bytes = std::ptrdiff_t{in_width} * 3, bytes = std::ptrdiff_t{columns} * 3;
  const Tensor result = Tensor::empty({frames.dim(0), rows, columns, 3}, {DType::u8});
  const bool down_first = height < in_height && in_height - height > 2 * (in_width - width);
  // Between the passes: all rows that the second one reads, or a row at a time.
  const int first_row = down.first.front(), last_row = down.first.back() + down.taps;
  std::vector<std::uint8_t> between(static_cast<std::size_t>(down_first ? in_bytes : (last_row - first_row) * bytes));
  std::vector<int> sums(static_cast<std::size_t>(std::max(in_bytes, bytes)));
  std::uint8_t* out = result.data<std::uint8_t>();
  for (std::int64_t frame = 0; frame < frames.dim(0); ++frame) {
    const std::uint8_t* in = frames.data<std::uint8_t>() + frame * in_height * in_bytes;
    for (int y = first_row; y < last_row && !down_first; ++y) {
      resize_row(in + y * in_bytes, across, between.data() + (y - first_row) * bytes);
    }
    for (int y = 0; y < rows; ++y, out += bytes) {
      const int first = down.first[static_cast<std::size_t>(y)];
      if (down_first) {
        combine_rows(in + first * in_bytes, in_bytes, down.of(y), down.taps, in_bytes, sums.data(), between.data());
        resize_row(between.data(), across, out);
      } else {
        combine_rows(between.data() + (first - first_row) * bytes, bytes, down.of(y), down.taps, bytes, sums.data(),
                     out);
      }
    }
  }
  return result;
}

Tensor resize_frames(const Tensor& frames, int height, int width, ResizeFilter filter) {
  return resize_crop_frames(frames, height, width, 0, 0, height, width, filter);
}

}  // namespace aio
