#include "tensor/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "tensor/atomic_file.h"
#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/safetensors_header.h"
#include "tensor/storage.h"

namespace aio {

namespace {

/// Maps the file privately: tensors on it may be written, the file is not. A copy on write costs one page each.
std::shared_ptr<Storage> map_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  check(descriptor >= 0, ErrorCode::io, path, ": cannot open: ", std::strerror(errno));
  struct stat status {};
  const bool regular = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  const auto bytes = static_cast<std::size_t>(status.st_size);
  void* data = nullptr;
  if (regular && bytes > 0) data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
  const int error = errno;
  close(descriptor);
  check(regular, ErrorCode::io, path, ": not a regular file");
  check(data != MAP_FAILED, ErrorCode::io, path, ": cannot map ", bytes, " bytes: ", std::strerror(error));
  return std::make_shared<Storage>(data, bytes, Device{}, [data, bytes] {
    if (data != nullptr) munmap(data, bytes);
  });
}

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
Tensor convert(const char* bytes, const Shape& shape, Convert&& one) {
  Tensor result = Tensor::empty(shape, {dtype_of<To>, Device{}});
  To* const out = result.data<To>();
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    From value;
    std::memcpy(&value, bytes + i * static_cast<std::int64_t>(sizeof(From)), sizeof(From));
    out[i] = one(value);
  }
  return result;
}

template <class From>
Tensor widen(const char* bytes, const Shape& shape) {
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

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& path, const SafetensorsLimits& limits)
    : path_(path), file_(map_file(path)) {
  const std::size_t file_bytes = file_->bytes();
  constexpr std::size_t kLengthBytes = 8;
  require_safetensors(file_bytes >= kLengthBytes, path_, "the file has ", file_bytes,
                      " bytes, the header's length alone takes 8");
  const auto* const bytes = static_cast<const char*>(file_->data());
  std::uint64_t length = 0;
  std::memcpy(&length, bytes, kLengthBytes);
  static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");
  require_safetensors(length <= limits.header_bytes, path_, "the header's length is ", length, " bytes, at most ",
                      limits.header_bytes, " are allowed");
  require_safetensors(length <= file_bytes - kLengthBytes, path_, "the header's length is ", length,
                      " bytes, the file has ", file_bytes - kLengthBytes, " left (truncated)");
  const std::size_t data_begin = kLengthBytes + length;
  SafetensorsHeader header =
      parse_safetensors_header(path_, {bytes + kLengthBytes, length}, file_bytes - data_begin, limits);
  entries_ = std::move(header.entries);
  metadata_ = std::move(header.metadata);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].begin += data_begin;
    entries_[i].end += data_begin;
    index_.emplace(entries_[i].name, i);
  }
}

bool SafetensorsFile::contains(std::string_view name) const { return index_.find(name) != index_.end(); }

Tensor SafetensorsFile::tensor(std::string_view name) const {
  const auto found = index_.find(name);
  check(found != index_.end(), ErrorCode::value, path_, ": has no tensor ", name);
  const Entry& e = entries_[found->second];
  check(e.shape.size() <= static_cast<std::size_t>(kMaxRank), ErrorCode::format, path_, ": tensor ", name, " has ",
        e.shape.size(), " dimensions, at most ", kMaxRank, " are supported");
  Shape shape;
  for (const std::uint64_t d : e.shape) {
    check(d <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()), ErrorCode::format, path_,
          ": tensor ", name, " has a dimension of ", d);
    shape.push_back(static_cast<std::int64_t>(d));
  }
  const char* const bytes = static_cast<const char*>(file_->data()) + e.begin;

  if (const auto dtype = native_dtype(e.dtype)) {
    const auto size = static_cast<std::size_t>(size_of(*dtype));
    if (e.begin % size == 0) {  // the mapping starts on a page
      auto impl = std::make_shared<TensorImpl>();
      impl->storage = file_;
      impl->shape = shape;
      impl->strides = contiguous_strides(shape);
      impl->offset = static_cast<std::int64_t>(e.begin / size);
      impl->dtype = *dtype;
      return Tensor(std::move(impl));
    }
    Tensor copy = Tensor::empty(shape, {*dtype, Device{}});
    if (e.end > e.begin) std::memcpy(copy.raw_data(), bytes, e.end - e.begin);
    return copy;
  }
  if (e.dtype == "F16") return convert<float, std::uint16_t>(bytes, shape, half_to_float);
  if (e.dtype == "BOOL") {
    return convert<std::uint8_t, std::uint8_t>(
        bytes, shape, [](std::uint8_t value) { return static_cast<std::uint8_t>(value != 0); });
  }
  if (e.dtype == "I8") return widen<std::int8_t>(bytes, shape);
  if (e.dtype == "I16") return widen<std::int16_t>(bytes, shape);
  if (e.dtype == "U16") return widen<std::uint16_t>(bytes, shape);
  if (e.dtype == "I32") return widen<std::int32_t>(bytes, shape);
  if (e.dtype == "U32") return widen<std::uint32_t>(bytes, shape);
  if (e.dtype == "U64") {
    return convert<std::int64_t, std::uint64_t>(bytes, shape, [&](std::uint64_t value) {
      check(value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()), ErrorCode::format, path_,
            ": tensor ", name, " holds ", value, ", beyond i64");
      return static_cast<std::int64_t>(value);
    });
  }
  fail(ErrorCode::format, path_, ": tensor ", name, " has dtype ", e.dtype,
       ", which has no counterpart here (supported: F32, F64, F16, BF16, BOOL and the integers)");
}

std::map<std::string, Tensor> load_safetensors(const std::string& path) {
  const SafetensorsFile file(path);
  std::map<std::string, Tensor> tensors;
  for (const auto& entry : file.entries()) tensors.emplace(entry.name, file.tensor(entry.name));
  return tensors;
}

void save_safetensors(const std::string& path, const std::map<std::string, Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<std::pair<std::string, Tensor>> order;
  for (const auto& [name, tensor] : tensors) {
    check(name != kSafetensorsMetadataKey, ErrorCode::value, path, ": a tensor cannot be named ",
          kSafetensorsMetadataKey);
    check(tensor.defined(), ErrorCode::value, path, ": tensor ", name, " is undefined");
    order.emplace_back(name, tensor);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return safetensors_dtype_rank(file_dtype(a.second.dtype())) > safetensors_dtype_rank(file_dtype(b.second.dtype()));
  });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[std::string(kSafetensorsMetadataKey)] = metadata;
  std::int64_t offset = 0;
  for (const auto& [name, tensor] : order) {
    const std::int64_t end = offset + tensor.numel() * size_of(tensor.dtype());
    header[name] = {{"dtype", file_dtype(tensor.dtype())},
                    {"shape", std::vector<std::int64_t>(tensor.shape().begin(), tensor.shape().end())},
                    {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    fail(ErrorCode::value, path, ": a tensor's name or a metadata string is not valid UTF-8");
  }
  text.append((8 - text.size() % 8) % 8, ' ');  // the data starts aligned

  AtomicFile file(path);
  const std::uint64_t length = text.size();
  file.write(&length, sizeof(length));
  file.write(text.data(), text.size());
  for (const auto& [name, tensor] : order) {
    const Tensor packed = raw::contiguous(tensor.to(Device{}));
    file.write(packed.raw_data(), static_cast<std::size_t>(packed.numel() * size_of(packed.dtype())));
  }
  file.commit();
}

}  // namespace aio
