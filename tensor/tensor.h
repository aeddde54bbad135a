#pragma once
// Tensor: a shared handle to {storage, shape, strides, offset, dtype}. Copying a Tensor copies the handle.
//
// It has no member that changes shape: views with history are the ops of autograd/ops.h, views without history are
// aio::raw (tensor/raw.h). So a tensor that should carry a gradient cannot lose it by accident.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/device.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"
#include "tensor/view.h"

namespace aio {

class Storage;

/// What autograd hangs on a tensor; tensor/ knows only that it can be destroyed.
struct AutogradMetaBase {
  virtual ~AutogradMetaBase() = default;
};

struct TensorImpl {
  std::shared_ptr<Storage> storage;
  Shape shape;
  Strides strides;
  std::int64_t offset = 0;  // in elements
  DType dtype = DType::f32;
  std::shared_ptr<AutogradMetaBase> autograd;
};

struct TensorOptions {
  DType dtype = DType::f32;
  Device device{};
};

class Tensor {
 public:
  /// An undefined tensor: "no bias", "no gradient".
  Tensor() = default;
  explicit Tensor(std::shared_ptr<TensorImpl> impl) : impl_(std::move(impl)) {}

  // Factories. All throw Error{shape|oom|device} with shape and byte count; contents of empty() are unspecified.
  static Tensor empty(const Shape& shape, TensorOptions options = {});
  static Tensor zeros(const Shape& shape, TensorOptions options = {});
  static Tensor full(const Shape& shape, double value, TensorOptions options = {});
  static Tensor scalar(double value, TensorOptions options = {}) { return full({}, value, options); }
  /// Copies `values` (row-major, shape.numel() of them) into a new tensor of the matching dtype.
  template <class T>
  static Tensor from(std::span<const T> values, const Shape& shape, Device device = {});
  template <class T>
  static Tensor from(const std::vector<T>& values, const Shape& shape, Device device = {}) {
    return from(std::span<const T>(values), shape, device);
  }

  bool defined() const { return impl_ != nullptr; }
  const Shape& shape() const { return impl().shape; }
  const Strides& strides() const { return impl().strides; }
  std::int64_t offset() const { return impl().offset; }
  int rank() const { return shape().rank(); }
  /// Size of dimension i; negative counts from the end. Throws Error{index}.
  std::int64_t dim(int i) const;
  std::int64_t numel() const { return shape().numel(); }
  DType dtype() const { return impl().dtype; }
  Device device() const;
  TensorOptions options() const { return {dtype(), device()}; }
  bool is_contiguous() const { return aio::is_contiguous(shape(), strides()); }

  /// First element; throws Error{dtype} if T is not the tensor's type, Error{device} if it is not in host memory.
  template <class T>
  T* data() const;
  /// First element, untyped and on any device.
  void* raw_data() const;
  View view() const;

  /// The value of a one-element tensor of any dtype; throws Error{shape}.
  double item() const;
  /// All elements, row-major, as T = the tensor's own type; copies (from any device, any strides).
  template <class T>
  std::vector<T> to_vector() const;
  /// A copy on `device`, or this tensor if it is there already. No history: ops on parameters do not use it.
  Tensor to(Device device) const;

  Storage& storage() const { return *impl().storage; }
  const std::shared_ptr<Storage>& storage_ptr() const { return impl().storage; }
  std::uint64_t version() const;
  const std::shared_ptr<AutogradMetaBase>& autograd() const { return impl().autograd; }
  /// Everything but defined() and is_same() goes through here: Error{value} on an undefined tensor.
  TensorImpl& impl() const {
    check(defined(), ErrorCode::value, "tensor: an undefined tensor has no shape, dtype or data");
    return *impl_;
  }
  bool is_same(const Tensor& other) const { return impl_ == other.impl_; }
  /// No other handle and no view shares the memory, so writing to it cannot be seen.
  bool is_sole_owner() const { return impl_.use_count() == 1 && impl().storage.use_count() == 1; }

 private:
  std::shared_ptr<TensorImpl> impl_;
};

/// Shape, dtype, device, min/mean/max and the first elements; for logs and debugging.
std::string to_string(const Tensor& tensor);
/// How error messages name a tensor: "f32[2, 3]" or "f32[2, 3] on cuda:0". The text is built only when it is read:
/// every op names its inputs in checks that do not fail, and building those texts took a fifth of a small op.
struct Description {
  const Tensor& tensor;
  operator std::string() const;  // NOLINT: implicit, so that it passes for the text
};
inline Description describe(const Tensor& tensor) { return {tensor}; }
std::string to_string(const Description& description);

/// Live, peak and cached bytes of the device's allocator.
struct MemoryStats;
MemoryStats memory_stats(Device device = {});

}  // namespace aio
