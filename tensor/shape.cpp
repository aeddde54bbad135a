#include "tensor/shape.h"

#include <algorithm>

#include "tensor/error.h"

namespace aio {

namespace {
void check_rank(std::size_t rank) {
  check(rank <= static_cast<std::size_t>(kMaxRank), ErrorCode::shape, "shape: got ", rank, " dimensions, at most ",
        kMaxRank, " are supported");
}
}  // namespace

Shape::Shape(std::initializer_list<std::int64_t> dims)
    : Shape(std::span<const std::int64_t>(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const std::int64_t> dims) : rank_(static_cast<int>(dims.size())) {
  check_rank(dims.size());
  std::copy(dims.begin(), dims.end(), dims_.begin());
}

Shape Shape::filled(int rank, std::int64_t value) {
  check_rank(static_cast<std::size_t>(rank));
  Shape shape;
  shape.rank_ = rank;
  std::fill(shape.begin(), shape.end(), value);
  return shape;
}

std::int64_t Shape::numel() const {
  std::int64_t n = 1;
  for (const std::int64_t d : *this) n *= d;
  return n;
}

void Shape::push_back(std::int64_t dim) { insert(rank_, dim); }

void Shape::insert(int position, std::int64_t dim) {
  check_rank(static_cast<std::size_t>(rank_) + 1);
  ++rank_;
  std::copy_backward(begin() + position, end() - 1, end());
  (*this)[position] = dim;
}

void Shape::erase(int position) {
  std::copy(begin() + position + 1, end(), begin() + position);
  --rank_;
}

bool operator==(const Shape& a, const Shape& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int i = 0; i < shape.rank(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

std::int64_t checked_numel(const char* op, const Shape& shape, std::int64_t element_size) {
  std::int64_t n = 1;
  bool empty = false;
  for (const std::int64_t d : shape) {
    check(d >= 0, ErrorCode::shape, op, ": shape ", shape, " has a negative dimension");
    empty = empty || d == 0;
  }
  if (empty) return 0;
  bool overflow = false;
  for (const std::int64_t d : shape) overflow = overflow || __builtin_mul_overflow(n, d, &n);
  std::int64_t bytes = 0;
  overflow = overflow || __builtin_mul_overflow(n, element_size, &bytes);
  check(!overflow, ErrorCode::oom, op, ": shape ", shape, " of ", element_size,
        "-byte elements has more bytes than 64 bits can count");
  return n;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = shape;
  std::int64_t step = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= std::max<std::int64_t>(shape[i], 1);
  }
  return strides;
}

bool is_contiguous(const Shape& shape, const Strides& strides) {
  std::int64_t step = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (shape[i] == 0) return true;
    if (shape[i] == 1) continue;
    if (strides[i] != step) {
      // An empty dimension further out still makes the whole tensor empty.
      return std::any_of(shape.begin(), shape.end(), [](std::int64_t d) { return d == 0; });
    }
    step *= shape[i];
  }
  return true;
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape result = Shape::filled(rank, 1);
  for (int i = 0; i < rank; ++i) {  // i counts from the last dimension
    const std::int64_t da = i < a.rank() ? a.back(i) : 1;
    const std::int64_t db = i < b.rank() ? b.back(i) : 1;
    check(da == db || da == 1 || db == 1, ErrorCode::shape, op, ": shapes ", a, " and ", b,
          " do not broadcast: dimension ", i + 1, " from the right is ", da, " and ", db,
          " (they must be equal or one of them 1)");
    result[rank - 1 - i] = da == 1 ? db : da;
  }
  return result;
}

Strides broadcast_strides(const Shape& shape, const Strides& strides, const Shape& target) {
  Strides result = Shape::filled(target.rank(), 0);
  for (int i = 0; i < shape.rank(); ++i) {
    if (shape.back(i) != 1) result[target.rank() - 1 - i] = strides.back(i);
  }
  return result;
}

int normalize_dim(const char* op, int dim, const Shape& shape) {
  check(dim >= -shape.rank() && dim < shape.rank(), ErrorCode::index, op, ": dimension ", dim,
        " is out of range for shape ", shape, " (", -shape.rank(), " to ", shape.rank() - 1, ")");
  return dim < 0 ? dim + shape.rank() : dim;
}

}  // namespace aio
