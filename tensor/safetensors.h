#pragma once
// The safetensors format: an 8-byte header length, a JSON header, then the tensors' bytes without gaps.
//
// The reader gives the verdict of the reference implementation (PyPI safetensors 0.8) on well-formed and malformed
// files, with two differences on purpose: a key that stands twice in one JSON object is refused, and Limits apply.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/file_tensor.h"
#include "tensor/tensor.h"

namespace aio {

struct SafetensorsLimits {
  std::size_t header_bytes = 100'000'000;
  std::size_t tensors = 100'000;
  std::size_t name_bytes = 1024;
};

/// A memory-mapped file. Tensors taken from it keep the mapping alive.
class SafetensorsFile {
 public:
  struct Entry {
    std::string name;
    std::string dtype;                 ///< as in the file: "F32", "BF16", "I64", ... also types that Tensor lacks
    std::vector<std::uint64_t> shape;  ///< any rank
    std::size_t begin = 0;             ///< first byte, counted from the start of the file
    std::size_t end = 0;
  };

  /// Checks the whole header before anything is read. Throws Error{io} if the file cannot be mapped, Error{format}
  /// "weights.safetensors: ..." if it is not well formed.
  explicit SafetensorsFile(const std::string& path, const SafetensorsLimits& limits = {});

  const std::string& path() const { return path_; }
  /// In the order of their bytes.
  const std::vector<Entry>& entries() const { return entries_; }
  /// The free-form strings under "__metadata__".
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  bool contains(std::string_view name) const;

  /// As the file holds it, whatever its type and rank. Throws Error{value} for an unknown name.
  FileTensor file_tensor(std::string_view name) const;
  /// to_tensor() of it: F32, F64, BF16, I64 and U8 share the mapping (writes to them stay private to this process).
  Tensor tensor(std::string_view name) const;

 private:
  std::string path_;
  std::shared_ptr<Storage> file_;
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

/// Every tensor of the file.
std::map<std::string, Tensor> load_safetensors(const std::string& path);

/// Writes atomically (tensor/atomic_file.h), byte for byte what the reference's serializer writes: larger element types
/// first, then by name. Tensors may be strided and on any device. Throws Error{io}; then an old file is untouched.
void save_safetensors(const std::string& path, const std::map<std::string, Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata = {});
/// The same for tensors out of other files: types that Tensor lacks are kept. Throws Error{value} if a name stands
/// twice.
void save_file_tensors(const std::string& path, std::vector<FileTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace aio
