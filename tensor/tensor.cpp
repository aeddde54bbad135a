#include "tensor/tensor.h"

#include <iterator>

#include "tensor/allocator.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/recording.h"
#include "tensor/storage.h"

namespace aio {

namespace {

std::shared_ptr<TensorImpl> make_impl(std::shared_ptr<Storage> storage, const Shape& shape, DType dtype) {
  auto impl = std::make_shared<TensorImpl>();
  impl->storage = std::move(storage);
  impl->shape = shape;
  impl->strides = contiguous_strides(shape);
  impl->dtype = dtype;
  return impl;
}

void check_dtype(const Shape& shape, TensorOptions options) {
  check(options.device.is_cpu() || options.dtype != DType::f64, ErrorCode::dtype, "tensor: f64 of shape ", shape,
        " was asked for on ", options.device, ", but f64 is for gradient checks on the CPU (use f32)");
}

}  // namespace

Tensor Tensor::empty(const Shape& shape, TensorOptions options) {
  check_dtype(shape, options);
  const std::int64_t n = checked_numel("tensor", shape, size_of(options.dtype));
  const auto bytes = static_cast<std::size_t>(n * size_of(options.dtype));
  Backend& backend = backend_for(options.device);
  try {
    return Tensor(
        make_impl(std::make_shared<Storage>(backend.allocator(), bytes, options.device), shape, options.dtype));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::oom) throw;
    fail(ErrorCode::oom, "tensor: ", options.dtype, shape, " needs ", bytes, " bytes: ", error.what());
  }
}

Tensor Tensor::zeros(const Shape& shape, TensorOptions options) { return full(shape, 0, options); }

Tensor Tensor::full(const Shape& shape, double value, TensorOptions options) {
  Tensor result = empty(shape, options);
  backend_for(options.device).fill(result.view(), value);
  return result;
}

template <class T>
Tensor Tensor::from(std::span<const T> values, const Shape& shape, Device device) {
  check(static_cast<std::int64_t>(values.size()) == checked_numel("tensor", shape, sizeof(T)), ErrorCode::shape,
        "tensor: got ", values.size(), " values for shape ", shape, ", which has ", shape.numel());
  Tensor result = empty(shape, {dtype_of<T>, device});
  backend_for(device).copy_from_host(result.raw_data(), values.data(), values.size_bytes());
  return result;
}

std::int64_t Tensor::dim(int i) const { return impl().shape[normalize_dim("dim", i, impl().shape)]; }

Device Tensor::device() const { return impl().storage->device(); }

void* Tensor::raw_data() const {
  auto* const bytes = static_cast<char*>(impl().storage->data());
  return bytes == nullptr ? nullptr : bytes + impl().offset * size_of(impl().dtype);
}

template <class T>
T* Tensor::data() const {
  check(dtype_of<T> == dtype(), ErrorCode::dtype, "data: tensor is ", dtype(), ", asked for as ", dtype_of<T>);
  check(device().is_cpu(), ErrorCode::device, "data: tensor is on ", device(),
        ", the host cannot read it (copy it with to(cpu) first)");
  Recording::check_read(*this);
  return static_cast<T*>(raw_data());
}

View Tensor::view() const {
  View view;
  static_assert(std::size(view.dim) == kMaxRank && std::size(view.stride) == kMaxRank);
  view.data = raw_data();
  view.dtype = dtype();
  view.rank = rank();
  for (int i = 0; i < view.rank; ++i) {
    view.dim[i] = impl().shape[i];
    view.stride[i] = impl().strides[i];
  }
  return view;
}

double Tensor::item() const {
  check(numel() == 1, ErrorCode::shape, "item: got ", describe(*this), ", expected a tensor of one element");
  Recording::check_read(*this);
  return dispatch_all(dtype(), [&]<class T>() {
    T value{};
    backend_for(device()).copy_to_host(&value, raw_data(), sizeof(T));
    if constexpr (std::is_same_v<T, bf16>) {
      return static_cast<double>(static_cast<float>(value));
    } else {
      return static_cast<double>(value);
    }
  });
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  check(dtype_of<T> == dtype(), ErrorCode::dtype, "to_vector: tensor is ", dtype(), ", asked for as ", dtype_of<T>);
  Recording::check_read(*this);
  const Tensor packed = raw::contiguous(*this);
  std::vector<T> values(static_cast<std::size_t>(numel()));
  backend_for(device()).copy_to_host(values.data(), packed.raw_data(), values.size() * sizeof(T));
  return values;
}

Tensor Tensor::to(Device target) const {
  const Device source = device();
  if (source == target) return *this;
  if (!source.is_cpu() && !target.is_cpu()) {
    return to(Device{}).to(target);  // between two GPUs through the host: not a path that training takes
  }
  if (source.is_cpu()) {
    check_dtype(shape(), {dtype(), target});
    return Tensor(make_impl(backend_for(target).upload(*this), shape(), dtype()));
  }
  const Tensor packed = raw::contiguous(*this);
  Tensor result = empty(shape(), {dtype(), target});
  backend_for(source).copy_to_host(result.raw_data(), packed.raw_data(),
                                   static_cast<std::size_t>(numel() * size_of(dtype())));
  return result;
}

std::uint64_t Tensor::version() const { return impl().storage->version(); }

MemoryStats memory_stats(Device device) { return backend_for(device).allocator().stats(); }

template Tensor Tensor::from<float>(std::span<const float>, const Shape&, Device);
template Tensor Tensor::from<double>(std::span<const double>, const Shape&, Device);
template Tensor Tensor::from<bf16>(std::span<const bf16>, const Shape&, Device);
template Tensor Tensor::from<std::int64_t>(std::span<const std::int64_t>, const Shape&, Device);
template Tensor Tensor::from<std::uint8_t>(std::span<const std::uint8_t>, const Shape&, Device);
template float* Tensor::data<float>() const;
template double* Tensor::data<double>() const;
template bf16* Tensor::data<bf16>() const;
template std::int64_t* Tensor::data<std::int64_t>() const;
template std::uint8_t* Tensor::data<std::uint8_t>() const;
template std::vector<float> Tensor::to_vector<float>() const;
template std::vector<double> Tensor::to_vector<double>() const;
template std::vector<bf16> Tensor::to_vector<bf16>() const;
template std::vector<std::int64_t> Tensor::to_vector<std::int64_t>() const;
template std::vector<std::uint8_t> Tensor::to_vector<std::uint8_t>() const;

}  // namespace aio
