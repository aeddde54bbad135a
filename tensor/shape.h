#pragma once
// Sizes and strides of up to six dimensions, kept inline: building a shape never allocates.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace aio {

inline constexpr int kMaxRank = 6;

/// A short list of dimension sizes or strides (in elements). A Shape of rank 0 is a scalar with one element.
class Shape {
 public:
  Shape() = default;
  /// Throws Error{shape} for more than kMaxRank dimensions.
  Shape(std::initializer_list<std::int64_t> dims);
  explicit Shape(std::span<const std::int64_t> dims);
  static Shape filled(int rank, std::int64_t value);

  int rank() const { return rank_; }
  std::int64_t operator[](int i) const { return dims_[static_cast<std::size_t>(i)]; }
  std::int64_t& operator[](int i) { return dims_[static_cast<std::size_t>(i)]; }
  /// The i-th from the end: back(0) is the last dimension.
  std::int64_t back(int i = 0) const { return (*this)[rank_ - 1 - i]; }
  const std::int64_t* begin() const { return dims_.data(); }
  const std::int64_t* end() const { return dims_.data() + rank_; }
  std::int64_t* begin() { return dims_.data(); }
  std::int64_t* end() { return dims_.data() + rank_; }

  /// Product of the dimensions (1 for a scalar). Unchecked: Tensor factories call checked_numel first.
  std::int64_t numel() const;
  void push_back(std::int64_t dim);
  void insert(int position, std::int64_t dim);
  void erase(int position);

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::array<std::int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

using Strides = Shape;

/// "[2, 3, 4]"; a scalar is "[]".
std::string to_string(const Shape& shape);

/// Number of elements; throws Error{shape} on a negative dimension, Error{oom} when numel * element_size overflows
/// std::int64_t. `op` opens the message.
std::int64_t checked_numel(const char* op, const Shape& shape, std::int64_t element_size);

/// Row-major strides in elements.
Strides contiguous_strides(const Shape& shape);
/// True if elements lie row-major without gaps; dimensions of size 1 may have any stride, empty shapes always are.
bool is_contiguous(const Shape& shape, const Strides& strides);

/// NumPy broadcasting of two shapes; throws Error{shape} "op: shapes [..] and [..] do not broadcast (...)".
Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);
/// Strides (0 where repeated) that make a tensor of `shape`/`strides` look like `target`, aligned at the right.
Strides broadcast_strides(const Shape& shape, const Strides& strides, const Shape& target);

/// Maps -rank..rank-1 to 0..rank-1; throws Error{index} naming op and shape.
int normalize_dim(const char* op, int dim, const Shape& shape);

}  // namespace aio
