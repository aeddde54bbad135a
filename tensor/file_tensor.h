#pragma once
// FileTensor: a tensor as a file holds it. Any element type, any rank, any strides; the bytes stay where they are.
//
// Readers of file formats hand these out, converters pass them on unchanged, to_tensor() makes a Tensor of one.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace aio {

class Storage;

/// Whoever makes one has checked that every element lies in the storage and that its size does not overflow.
struct FileTensor {
  std::string name;
  std::string dtype;                   ///< safetensors' names: "F32", "BF16", "I64", "BOOL", ...
  std::vector<std::uint64_t> shape;    ///< any rank
  std::vector<std::uint64_t> strides;  ///< in elements; one for each dimension
  std::shared_ptr<Storage> storage;    ///< usually the mapped file
  std::size_t begin = 0;               ///< first byte of the first element, counted from the start of the storage

  std::uint64_t numel() const;
  /// Of the elements in row-major order, without gaps.
  std::size_t bytes() const;
  bool is_contiguous() const;
};

/// Bits of one element; 0 for a name that safetensors does not know.
std::uint64_t file_dtype_bits(std::string_view dtype);
/// Position in safetensors' list of element types, which its serializer sorts by; -1 if unknown.
int file_dtype_rank(std::string_view dtype);

std::vector<std::uint64_t> row_major_strides(const std::vector<std::uint64_t>& shape);

/// F32, F64, BF16, I64 and U8 share the storage where they are aligned (a mapped file is private: writes to it are not
/// seen by others); F16 becomes f32, BOOL u8, the other integers i64. Throws Error{format} "path: tensor name ..." for
/// a type without a counterpart, a rank above 6 or a U64 value beyond i64.
Tensor to_tensor(const FileTensor& source, const std::string& path);
/// Shares the memory of `tensor` if it is contiguous and on the CPU. Throws Error{value} if it is undefined.
FileTensor to_file_tensor(const std::string& name, const Tensor& tensor);

/// The elements in row-major order. A view of the storage if the tensor is contiguous, else of `scratch`.
std::string_view packed_bytes(const FileTensor& tensor, std::vector<char>& scratch);

/// Maps a regular file privately: the memory may be written, the file is not changed. Throws Error{io}.
std::shared_ptr<Storage> map_file(const std::string& path);
std::string_view bytes_of(const Storage& storage);

}  // namespace aio
