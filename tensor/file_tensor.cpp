#include "tensor/file_tensor.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>

#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/regular_file.h"
#include "tensor/storage.h"

namespace aio {
namespace {

struct DTypeBits {
  std::string_view name;
  std::uint64_t bits;
};
// In the order of safetensors' reference, which is also the order of its serializer (reversed).
constexpr std::array kDTypes = {
    DTypeBits{"BOOL", 8},    DTypeBits{"F4", 4},          DTypeBits{"F6_E2M3", 6},     DTypeBits{"F6_E3M2", 6},
    DTypeBits{"U8", 8},      DTypeBits{"I8", 8},          DTypeBits{"F8_E5M2", 8},     DTypeBits{"F8_E4M3", 8},
    DTypeBits{"F8_E8M0", 8}, DTypeBits{"F8_E4M3FNUZ", 8}, DTypeBits{"F8_E5M2FNUZ", 8}, DTypeBits{"I16", 16},
    DTypeBits{"U16", 16},    DTypeBits{"F16", 16},        DTypeBits{"BF16", 16},       DTypeBits{"I32", 32},
    DTypeBits{"U32", 32},    DTypeBits{"F32", 32},        DTypeBits{"C64", 64},        DTypeBits{"F64", 64},
    DTypeBits{"I64", 64},    DTypeBits{"U64", 64}};

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fU;
  const std::uint32_t mantissa = half & 0x3ffU;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24 is exact in f32
    const float value = static_cast<float>(mantissa) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  const std::uint32_t biased = exponent == 31 ? 255 : exponent + 112;  // 127 - 15
  return std::bit_cast<float>(sign | (biased << 23) | (mantissa << 13));
}

template <class To, class From, class Convert>
Tensor convert(std::string_view bytes, const Shape& shape, Convert&& one) {
  Tensor result = Tensor::empty(shape, {dtype_of<To>, Device{}});
  To* const out = result.data<To>();
  for (std::size_t i = 0; i < bytes.size() / sizeof(From); ++i) {
    From value;
    std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
    out[i] = one(value);
  }
  return result;
}

template <class From>
Tensor widen(std::string_view bytes, const Shape& shape) {
  return convert<std::int64_t, From>(bytes, shape, [](From value) { return static_cast<std::int64_t>(value); });
}

std::optional<DType> native_dtype(std::string_view name) {
  if (name == "F32") return DType::f32;
  if (name == "F64") return DType::f64;
  if (name == "BF16") return DType::bf16;
  if (name == "I64") return DType::i64;
  if (name == "U8") return DType::u8;
  return std::nullopt;
}

std::string_view file_dtype(DType dtype) {
  switch (dtype) {
    case DType::f32: return "F32";
    case DType::f64: return "F64";
    case DType::bf16: return "BF16";
    case DType::i64: return "I64";
    case DType::u8: return "U8";
  }
  return {};
}

constexpr auto kMaxInt = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// Dimensions or strides of `source`, which a Tensor keeps signed.
Shape to_shape(const FileTensor& source, const std::vector<std::uint64_t>& values, const std::string& path) {
  check(values.size() <= static_cast<std::size_t>(kMaxRank), ErrorCode::format, path, ": tensor ", source.name, " has ",
        values.size(), " dimensions, at most ", kMaxRank, " are supported");
  Shape shape;
  for (const std::uint64_t value : values) {
    check(value <= kMaxInt, ErrorCode::format, path, ": tensor ", source.name, " has a dimension of ", value);
    shape.push_back(static_cast<std::int64_t>(value));
  }
  return shape;
}

/// Appends the elements below dimension `dim`, starting at byte `begin`.
void append_packed(const FileTensor& tensor, std::size_t dim, std::size_t begin, std::size_t size,
                   std::vector<char>& out) {
  const char* const base = bytes_of(*tensor.storage).data();
  if (dim == tensor.shape.size()) {
    out.insert(out.end(), base + begin, base + begin + size);
    return;
  }
  for (std::uint64_t i = 0; i < tensor.shape[dim]; ++i) {
    append_packed(tensor, dim + 1, begin + i * tensor.strides[dim] * size, size, out);
  }
}

}  // namespace

std::uint64_t FileTensor::numel() const {
  std::uint64_t count = 1;
  for (const std::uint64_t dim : shape) {
    if (dim == 0) return 0;  // before a product of the others could overflow
  }
  for (const std::uint64_t dim : shape) count *= dim;
  return count;
}

std::size_t FileTensor::bytes() const { return numel() * file_dtype_bits(dtype) / 8; }

bool FileTensor::is_contiguous() const {
  if (numel() == 0) return true;
  std::uint64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

std::uint64_t file_dtype_bits(std::string_view dtype) {
  const int rank = file_dtype_rank(dtype);
  return rank < 0 ? 0 : kDTypes[static_cast<std::size_t>(rank)].bits;
}

int file_dtype_rank(std::string_view dtype) {
  const auto* const found =
      std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& known) { return known.name == dtype; });
  return found == kDTypes.end() ? -1 : static_cast<int>(found - kDTypes.begin());
}

std::vector<std::uint64_t> row_major_strides(const std::vector<std::uint64_t>& shape) {
  std::vector<std::uint64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<std::uint64_t>(shape[i], 1);
  return strides;
}

Tensor to_tensor(const FileTensor& source, const std::string& path) {
  const Shape shape = to_shape(source, source.shape, path);
  if (const auto dtype = native_dtype(source.dtype)) {
    const auto size = static_cast<std::size_t>(size_of(*dtype));
    if (source.begin % size == 0) {  // the mapping starts on a page
      auto impl = std::make_shared<TensorImpl>();
      impl->storage = source.storage;
      impl->shape = shape;
      impl->strides = source.is_contiguous() ? contiguous_strides(shape) : to_shape(source, source.strides, path);
      impl->offset = static_cast<std::int64_t>(source.begin / size);
      impl->dtype = *dtype;
      return Tensor(std::move(impl));
    }
  }
  std::vector<char> scratch;
  const std::string_view bytes = packed_bytes(source, scratch);
  if (const auto dtype = native_dtype(source.dtype)) {
    Tensor copy = Tensor::empty(shape, {*dtype, Device{}});
    if (!bytes.empty()) std::memcpy(copy.raw_data(), bytes.data(), bytes.size());
    return copy;
  }
  if (source.dtype == "F16") return convert<float, std::uint16_t>(bytes, shape, half_to_float);
  if (source.dtype == "BOOL") {
    return convert<std::uint8_t, std::uint8_t>(
        bytes, shape, [](std::uint8_t value) { return static_cast<std::uint8_t>(value != 0); });
  }
  if (source.dtype == "I8") return widen<std::int8_t>(bytes, shape);
  if (source.dtype == "I16") return widen<std::int16_t>(bytes, shape);
  if (source.dtype == "U16") return widen<std::uint16_t>(bytes, shape);
  if (source.dtype == "I32") return widen<std::int32_t>(bytes, shape);
  if (source.dtype == "U32") return widen<std::uint32_t>(bytes, shape);
  if (source.dtype == "U64") {
    return convert<std::int64_t, std::uint64_t>(bytes, shape, [&](std::uint64_t value) {
      check(value <= kMaxInt, ErrorCode::format, path, ": tensor ", source.name, " holds ", value, ", beyond i64");
      return static_cast<std::int64_t>(value);
    });
  }
  fail(ErrorCode::format, path, ": tensor ", source.name, " has dtype ", source.dtype,
       ", which has no counterpart here (supported: F32, F64, F16, BF16, BOOL and the integers)");
}

FileTensor to_file_tensor(const std::string& name, const Tensor& tensor) {
  check(tensor.defined(), ErrorCode::value, "tensor ", name, " is undefined");
  const Tensor packed = raw::contiguous(tensor.to(Device{}));
  FileTensor result;
  result.name = name;
  result.dtype = file_dtype(packed.dtype());
  result.shape.assign(packed.shape().begin(), packed.shape().end());
  result.strides = row_major_strides(result.shape);
  result.storage = packed.storage_ptr();
  result.begin = static_cast<std::size_t>(packed.offset() * size_of(packed.dtype()));
  return result;
}

std::string_view packed_bytes(const FileTensor& tensor, std::vector<char>& scratch) {
  const std::size_t size = tensor.bytes();
  if (size == 0) return {};
  if (tensor.is_contiguous()) return bytes_of(*tensor.storage).substr(tensor.begin, size);
  scratch.clear();
  scratch.reserve(size);
  append_packed(tensor, 0, tensor.begin, file_dtype_bits(tensor.dtype) / 8, scratch);
  return {scratch.data(), scratch.size()};
}

std::shared_ptr<Storage> map_file(const std::string& path) {
  const int descriptor = open_regular_file(path, path);
  const auto bytes = static_cast<std::size_t>(regular_file_bytes(descriptor, path));
  void* data = nullptr;
  if (bytes > 0) data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
  const int error = errno;
  close(descriptor);
  check(data != MAP_FAILED, ErrorCode::io, path, ": cannot map ", bytes, " bytes: ", std::strerror(error));
  return std::make_shared<Storage>(data, bytes, Device{}, [data, bytes] {
    if (data != nullptr) munmap(data, bytes);
  });
}

std::string_view bytes_of(const Storage& storage) {
  return {static_cast<const char*>(storage.data()), storage.bytes()};
}

}  // namespace aio
