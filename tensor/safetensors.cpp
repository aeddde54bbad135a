#include "tensor/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "tensor/atomic_file.h"
#include "tensor/error.h"
#include "tensor/safetensors_header.h"
#include "tensor/storage.h"

namespace aio {

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

FileTensor SafetensorsFile::file_tensor(std::string_view name) const {
  const auto found = index_.find(name);
  check(found != index_.end(), ErrorCode::value, path_, ": has no tensor ", name);
  const Entry& entry = entries_[found->second];
  return {entry.name, entry.dtype, entry.shape, row_major_strides(entry.shape), file_, entry.begin};
}

Tensor SafetensorsFile::tensor(std::string_view name) const { return to_tensor(file_tensor(name), path_); }

std::map<std::string, Tensor> load_safetensors(const std::string& path) {
  const SafetensorsFile file(path);
  std::map<std::string, Tensor> tensors;
  for (const auto& entry : file.entries()) tensors.emplace(entry.name, file.tensor(entry.name));
  return tensors;
}

void save_safetensors(const std::string& path, const std::map<std::string, Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<FileTensor> list;
  for (const auto& [name, tensor] : tensors) {
    check(tensor.defined(), ErrorCode::value, path, ": tensor ", name, " is undefined");
    list.push_back(to_file_tensor(name, tensor));
  }
  save_file_tensors(path, std::move(list), metadata);
}

void save_file_tensors(const std::string& path, std::vector<FileTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const FileTensor& a, const FileTensor& b) {
    return std::pair(-file_dtype_rank(a.dtype), a.name) < std::pair(-file_dtype_rank(b.dtype), b.name);
  });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[std::string(kSafetensorsMetadataKey)] = metadata;
  std::set<std::string_view> names;
  std::uint64_t offset = 0;
  for (const FileTensor& tensor : tensors) {
    check(tensor.name != kSafetensorsMetadataKey, ErrorCode::value, path, ": a tensor cannot be named ",
          kSafetensorsMetadataKey);
    check(names.insert(tensor.name).second, ErrorCode::value, path, ": two tensors are named ", tensor.name);
    const std::uint64_t end = offset + tensor.bytes();
    header[tensor.name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
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
  std::vector<char> scratch;
  for (const FileTensor& tensor : tensors) {
    const std::string_view bytes = packed_bytes(tensor, scratch);
    file.write(bytes.data(), bytes.size());
  }
  file.commit();
}

}  // namespace aio
