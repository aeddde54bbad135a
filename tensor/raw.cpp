#include "tensor/raw.h"

#include <array>

#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/storage.h"

namespace aio::raw {

namespace {

/// A handle on x's storage with its own shape and strides, and no autograd metadata.
Tensor make_view(const Tensor& x, const Shape& shape, const Strides& strides, std::int64_t offset) {
  auto impl = std::make_shared<TensorImpl>();
  impl->storage = x.storage_ptr();
  impl->shape = shape;
  impl->strides = strides;
  impl->offset = offset;
  impl->dtype = x.dtype();
  return Tensor(std::move(impl));
}

/// Replaces a -1 by what is left of numel; throws if the counts differ.
Shape resolve_shape(const Tensor& x, const Shape& wanted) {
  Shape shape = wanted;
  int free = -1;
  for (int i = 0; i < shape.rank(); ++i) {
    check(shape[i] >= -1, ErrorCode::shape, "reshape: shape ", wanted, " has a negative dimension");
    if (shape[i] >= 0) continue;
    check(free < 0, ErrorCode::shape, "reshape: shape ", wanted, " has more than one -1");
    free = i;
    shape[i] = 1;
  }
  const std::int64_t known = checked_numel("reshape", shape, size_of(x.dtype()));
  const std::int64_t n = x.numel();
  if (free >= 0) {
    check(known != 0 && n % known == 0, ErrorCode::shape, "reshape: ", x.shape(), " with ", n,
          " elements does not fit shape ", wanted);
    shape[free] = n / known;
  } else {
    check(known == n, ErrorCode::shape, "reshape: ", x.shape(), " has ", n, " elements, shape ", wanted, " has ",
          known);
  }
  return shape;
}

/// Strides of `shape` over x's memory, if it can be read that way without a copy.
bool view_strides(const Tensor& x, const Shape& shape, Strides& result) {
  if (x.is_contiguous()) {
    result = contiguous_strides(shape);
    return true;
  }
  // Walk both shapes from the right, matching groups of dimensions with equal products: inside a group x must be
  // contiguous up to its innermost stride.
  result = Shape::filled(shape.rank(), 0);
  int from = x.rank() - 1;
  int to = shape.rank() - 1;
  while (from >= 0) {
    const std::int64_t step = x.strides()[from];
    std::int64_t have = x.shape()[from];
    while (from > 0 && (x.shape()[from - 1] == 1 || x.strides()[from - 1] == step * have)) {
      --from;
      have *= x.shape()[from];
    }
    std::int64_t used = 1;
    while (to >= 0 && used * shape[to] <= have && used < have) {
      result[to] = step * used;
      used *= shape[to];
      --to;
    }
    if (used != have) return false;
    --from;
  }
  for (; to >= 0; --to) result[to] = 1;  // only dimensions of size 1 are left
  return true;
}

}  // namespace

Tensor alias(const Tensor& x) { return make_view(x, x.shape(), x.strides(), x.offset()); }

Tensor reshape(const Tensor& x, const Shape& wanted) {
  const Shape shape = resolve_shape(x, wanted);
  Strides strides;
  if (view_strides(x, shape, strides)) return make_view(x, shape, strides, x.offset());
  const Tensor packed = contiguous(x);
  return make_view(packed, shape, contiguous_strides(shape), packed.offset());
}

Tensor permute(const Tensor& x, std::span<const int> order) {
  check(static_cast<int>(order.size()) == x.rank(), ErrorCode::shape, "permute: got ", order.size(),
        " dimensions for shape ", x.shape());
  Shape shape = x.shape();
  Strides strides = x.strides();
  std::array<bool, kMaxRank> seen{};
  for (int i = 0; i < x.rank(); ++i) {
    const int from = normalize_dim("permute", order[static_cast<std::size_t>(i)], x.shape());
    check(!seen[static_cast<std::size_t>(from)], ErrorCode::index, "permute: dimension ", from, " of shape ", x.shape(),
          " is named twice");
    seen[static_cast<std::size_t>(from)] = true;
    shape[i] = x.shape()[from];
    strides[i] = x.strides()[from];
  }
  return make_view(x, shape, strides, x.offset());
}

Tensor permute(const Tensor& x, std::initializer_list<int> order) {
  return permute(x, std::span<const int>(order.begin(), order.size()));
}

Tensor transpose(const Tensor& x, int dim0, int dim1) {
  dim0 = normalize_dim("transpose", dim0, x.shape());
  dim1 = normalize_dim("transpose", dim1, x.shape());
  Shape shape = x.shape();
  Strides strides = x.strides();
  std::swap(shape[dim0], shape[dim1]);
  std::swap(strides[dim0], strides[dim1]);
  return make_view(x, shape, strides, x.offset());
}

Tensor slice(const Tensor& x, int dim, std::int64_t begin, std::int64_t end, std::int64_t step) {
  dim = normalize_dim("slice", dim, x.shape());
  const std::int64_t n = x.shape()[dim];
  const std::int64_t first = begin < 0 ? begin + n : begin;
  const std::int64_t last = end < 0 ? end + n : end;
  check(first >= 0 && first <= last && last <= n, ErrorCode::index, "slice: range ", begin, " to ", end,
        " does not lie in dimension ", dim, " of shape ", x.shape());
  check(step >= 1, ErrorCode::value, "slice: step is ", step, ", expected at least 1");
  Shape shape = x.shape();
  Strides strides = x.strides();
  shape[dim] = last == first ? 0 : (last - first - 1) / step + 1;
  if (shape[dim] > 1) strides[dim] *= step;  // step < n then: no overflow
  return make_view(x, shape, strides, x.offset() + first * x.strides()[dim]);
}

Tensor select(const Tensor& x, int dim, std::int64_t index) {
  dim = normalize_dim("select", dim, x.shape());
  const std::int64_t n = x.shape()[dim];
  check(index >= -n && index < n, ErrorCode::index, "select: index ", index, " is out of range for dimension ", dim,
        " of shape ", x.shape());
  Shape shape = x.shape();
  Strides strides = x.strides();
  const std::int64_t offset = x.offset() + (index < 0 ? index + n : index) * strides[dim];
  shape.erase(dim);
  strides.erase(dim);
  return make_view(x, shape, strides, offset);
}

Tensor expand(const Tensor& x, const Shape& shape) {
  checked_numel("expand", shape, size_of(x.dtype()));
  const Shape broadcast = broadcast_shapes("expand", x.shape(), shape);
  check(broadcast == shape, ErrorCode::shape, "expand: ", x.shape(), " does not expand to ", shape,
        " (only dimensions of size 1 can grow)");
  return make_view(x, shape, broadcast_strides(x.shape(), x.strides(), shape), x.offset());
}

Tensor unsqueeze(const Tensor& x, int dim) {
  check(dim >= -x.rank() - 1 && dim <= x.rank(), ErrorCode::index, "unsqueeze: dimension ", dim,
        " is out of range for shape ", x.shape());
  if (dim < 0) dim += x.rank() + 1;
  Shape shape = x.shape();
  Strides strides = x.strides();
  strides.insert(dim, dim < shape.rank() ? shape[dim] * strides[dim] : 1);
  shape.insert(dim, 1);
  return make_view(x, shape, strides, x.offset());
}

Tensor contiguous(const Tensor& x) { return x.is_contiguous() ? x : clone(x); }

Tensor clone(const Tensor& x) {
  Tensor result = empty_like(x);
  backend_for(x).copy_strided(result.view(), x.view());
  return result;
}

Tensor cast(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  Tensor result = Tensor::empty(x.shape(), {dtype, x.device()});
  if (!x.is_contiguous() && backend_for(x).cast_strided(result.view(), x.view())) return result;
  const Tensor packed = contiguous(x);
  backend_for(x).cast(result.view(), packed.view());
  return result;
}

Tensor empty_like(const Tensor& x) { return Tensor::empty(x.shape(), x.options()); }
Tensor zeros_like(const Tensor& x) { return Tensor::zeros(x.shape(), x.options()); }

namespace {
void check_matching(const char* op, const Tensor& y, const Tensor& x) {
  check(y.shape() == x.shape() && y.dtype() == x.dtype() && y.device() == x.device(), ErrorCode::shape, op, ": got ",
        describe(x), " for a destination of ", describe(y));
}
}  // namespace

void copy_(const Tensor& destination, const Tensor& source) {
  check_matching("copy_", destination, source);
  for (int i = 0; i < destination.rank(); ++i) {
    check(destination.shape()[i] <= 1 || destination.strides()[i] != 0, ErrorCode::value, "copy_: the destination ",
          describe(destination), " repeats its elements along dimension ", i, " (write to what it was expanded from)");
  }
  backend_for(destination).copy_strided(destination.view(), source.view());
  destination.storage().bump_version();
}

void fill_(const Tensor& x, double value) {
  if (x.is_contiguous()) {
    backend_for(x).fill(x.view(), value);
  } else {
    backend_for(x).copy_strided(x.view(), expand(Tensor::full({}, value, x.options()), x.shape()).view());
  }
  x.storage().bump_version();
}

void axpby_(const Tensor& y, double alpha, const Tensor& x, double beta) {
  check_matching("axpby_", y, x);
  check(y.is_contiguous() && x.is_contiguous(), ErrorCode::shape, "axpby_: ", describe(y),
        " and its addend must be contiguous");
  backend_for(y).axpby(y.view(), alpha, x.view(), beta);
  y.storage().bump_version();
}

}  // namespace aio::raw
