#include "autograd/ops/op_utils.h"
#include "tensor/recording.h"

namespace aio::ops {

// ---- checks ---------------------------------------------------------------------------------------------------------
void check_defined(const char* op, Arg x) {
  check(x.tensor.defined(), ErrorCode::value, op, ": ", x.name, " is undefined, expected a tensor");
}

namespace {
void check_same_device(const char* op, Arg x, Arg reference) {
  check(x.tensor.device() == reference.tensor.device(), ErrorCode::device, op, ": ", reference.name, " ",
        reference.tensor.shape(), " is on ", reference.tensor.device(), ", ", x.name, " ", x.tensor.shape(), " is on ",
        x.tensor.device(), "; move one of them: ", x.name, ".to(", reference.name, ".device())");
}
}  // namespace

void check_floating(const char* op, std::initializer_list<Arg> args) {
  const Arg& first = *args.begin();
  for (const Arg& x : args) {
    check_defined(op, x);
    check(is_float(x.tensor.dtype()), ErrorCode::dtype, op, ": ", x.name, " is ", describe(x.tensor),
          ", expected a floating dtype (cast it: cast(", x.name, ", DType::f32))");
    check(x.tensor.dtype() == first.tensor.dtype(), ErrorCode::dtype, op, ": ", first.name, " is ",
          describe(first.tensor), ", ", x.name, " is ", describe(x.tensor), "; cast one of them: cast(", x.name,
          ", DType::", first.tensor.dtype(), ")");
    check_same_device(op, x, first);
  }
}

void check_typed(const char* op, Arg x, DType dtype, Arg reference) {
  check_defined(op, x);
  check(x.tensor.dtype() == dtype, ErrorCode::dtype, op, ": ", x.name, " is ", describe(x.tensor), ", expected dtype ",
        dtype, " (cast it: cast(", x.name, ", DType::", dtype, "))");
  check_same_device(op, x, reference);
}

void check_shape(const char* op, Arg x, const Shape& expected, const char* why, const Shape& other) {
  check(x.tensor.shape() == expected, ErrorCode::shape, op, ": ", x.name, " has shape ", x.tensor.shape(),
        ", expected ", expected, " ", why, " ", other);
}

void check_min_rank(const char* op, Arg x, int rank, const char* layout) {
  check(x.tensor.rank() >= rank, ErrorCode::shape, op, ": ", x.name, " has shape ", x.tensor.shape(), ", expected ",
        layout, " (at least ", rank, " dimensions)");
}

void check_rank(const char* op, Arg x, int rank, const char* layout) {
  check(x.tensor.rank() == rank, ErrorCode::shape, op, ": ", x.name, " has shape ", x.tensor.shape(), ", expected ",
        layout);
}

void check_index(const char* op, Arg index, Arg x) {
  const bool on_host = index.tensor.defined() && index.tensor.device().is_cpu();
  check_typed(op, index, DType::i64, on_host ? index : x);
}

Tensor placed_indices(const char* op, const char* element, const Tensor& index, std::int64_t size, Device device) {
  check_indices(op, element, index, size);
  return index.to(device);
}

void check_indices(const char* op, const char* element, const Tensor& index, std::int64_t size) {
  if (index.numel() == 0) return;
  const auto look = [=] {
    const Tensor ids = raw::contiguous(index);
    backend_for(ids).check_indices(op, element, ids.view(), size);
    return 0;
  };
  if (index.device().is_cpu()) {
    host_number(look);
  } else {
    look();
  }
}

void check_probability(const char* op, double p) {
  check(p >= 0 && p < 1, ErrorCode::value, op, ": p is ", p, ", expected 0 <= p < 1");
}

void check_eps(const char* op, double eps) {
  check(eps >= 0, ErrorCode::value, op, ": eps is ", eps, ", expected eps >= 0");
}

// ---- forms that kernels take ----------------------------------------------------------------------------------------
Tensor suffix_operand(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return raw::contiguous(x);
  int leading_ones = 0;
  while (leading_ones < x.rank() && x.shape()[leading_ones] == 1) ++leading_ones;
  const Shape core(std::span<const std::int64_t>(x.shape().begin() + leading_ones, x.shape().end()));
  for (int i = 0; i < core.rank(); ++i) {
    if (core.back(i) != shape.back(i)) return full_operand(x, shape);  // a repeat in the middle, [2, 1, 4] to [2, 3, 4]
  }
  return raw::reshape(raw::contiguous(x), core);
}

Tensor full_operand(const Tensor& x, const Shape& shape) {
  return raw::contiguous(x.shape() == shape ? x : raw::expand(x, shape));
}

std::int64_t product(const Shape& shape, int begin, int end) {
  std::int64_t n = 1;
  for (int i = begin; i < end; ++i) n *= shape[i];
  return n;
}

Tensor as_matrix(const Tensor& x) {
  const int last = x.rank() - 1;
  const std::int64_t cols = x.rank() == 0 ? 1 : x.shape()[last];
  return raw::reshape(raw::contiguous(x), {product(x.shape(), 0, last), cols});
}

Tensor as_outer_dim_inner(const Tensor& x, int dim) {
  const Shape& s = x.shape();
  return raw::reshape(raw::contiguous(x), {product(s, 0, dim), s[dim], product(s, dim + 1, s.rank())});
}

// ---- reductions -----------------------------------------------------------------------------------------------------
Tensor sum_over(const Tensor& x, const std::vector<int>& dims) {
  std::vector<bool> reduced(static_cast<std::size_t>(x.rank()), false);
  for (int dim : dims) reduced[static_cast<std::size_t>(dim)] = true;
  Shape kept;
  std::vector<int> kept_dims, reduced_dims;
  for (int i = 0; i < x.rank(); ++i) {
    (reduced[static_cast<std::size_t>(i)] ? reduced_dims : kept_dims).push_back(i);
    if (!reduced[static_cast<std::size_t>(i)]) kept.push_back(x.shape()[i]);
  }
  Tensor y = Tensor::empty(kept, x.options());
  if (y.numel() == 0) return y;

  const bool adjacent =
      reduced_dims.empty() || reduced_dims.back() - reduced_dims.front() + 1 == static_cast<int>(reduced_dims.size());
  if (adjacent) {
    const int begin = reduced_dims.empty() ? x.rank() : reduced_dims.front();
    const int end = reduced_dims.empty() ? x.rank() : reduced_dims.back() + 1;
    const Shape& s = x.shape();
    const Shape folded{product(s, 0, begin), product(s, begin, end), product(s, end, s.rank())};
    const Tensor source = raw::reshape(raw::contiguous(x), folded);
    backend_for(y).sum_dim(raw::reshape(y, {folded[0], folded[2]}).view(), source.view());
    return y;
  }
  // Separate dimensions move to the end: a copy, but the partial sums stay in the kernel's accumulator.
  std::vector<int> order = kept_dims;
  order.insert(order.end(), reduced_dims.begin(), reduced_dims.end());
  const Tensor source = raw::reshape(raw::contiguous(raw::permute(x, order)), {y.numel(), x.numel() / y.numel(), 1});
  backend_for(y).sum_dim(raw::reshape(y, {y.numel(), 1}).view(), source.view());
  return y;
}

Tensor sum_to_shape(const Tensor& dy, const Shape& shape) {
  if (dy.shape() == shape) return dy;
  const int extra = dy.rank() - shape.rank();
  std::vector<int> dims;
  for (int i = 0; i < dy.rank(); ++i) {
    if (i < extra || (shape[i - extra] == 1 && dy.shape()[i] != 1)) dims.push_back(i);
  }
  return raw::reshape(sum_over(dy, dims), shape);
}

}  // namespace aio::ops
