#pragma once
// Files of torch.save in both containers: what they hold as a value tree, and which of the values are tensors.
//
// A tensor is a call of torch._utils._rebuild_tensor_v2 (storage, offset, size, stride, ...); its storage is a name
// under which the raw bytes stand elsewhere in the file. Views of one storage stay views. Every number is checked
// against the bytes that are there before a tensor is handed out.
//
// Source: torch/serialization.py (_save, _legacy_save, _load, _legacy_load), torch/_utils.py.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "models/checkpoint/pickle_reader.h"
#include "models/checkpoint/value_tree.h"
#include "models/checkpoint/zip_reader.h"
#include "tensor/file_tensor.h"

namespace aio::weights {

struct TorchLimits {
  ZipLimits zip;
  PickleLimits pickle;
  std::size_t rank = 8;
};

struct TorchOptions {
  TorchLimits limits;
  /// Compares the CRC-32 of every member of a zip with its data. Off for files that were written with
  /// torch.serialization.set_crc32_options(False).
  bool verify_crc = true;
};

class TorchFile {
 public:
  /// `file` starts with "PK" (zip container) or with the legacy container's magic number. Throws Error{format}
  /// "path: ...".
  TorchFile(const std::string& path, std::shared_ptr<Storage> file, const TorchOptions& options = {});

  const ValueTree& tree() const { return *tree_; }

  /// The tensor that `value` describes; nothing if it describes something else. Throws Error{format} "path: tensor
  /// name:
  /// ..." for a tensor that does not fit its storage or is of an unsupported kind (sparse, quantized, complex views).
  std::optional<FileTensor> tensor(const std::string& name, const Value& value) const;

 private:
  struct StoredBytes {
    std::size_t begin = 0, bytes = 0;
  };
  /// A persistent value, taken apart.
  struct StorageReference {
    std::string dtype;  ///< empty: bytes without a type
    std::string key;
    std::uint64_t numel = 0;
    std::uint64_t view_offset = 0, view_numel = 0;
  };
  struct Call;

  void read_zip_container(const TorchOptions& options);
  void read_legacy_container(const TorchOptions& options);
  StorageReference storage_reference(const std::string& what, const Value& value) const;
  FileTensor rebuild(const std::string& name, const Call& call) const;

  template <class... Parts>
  void require(bool condition, const Parts&... parts) const;

  std::string path_;
  std::shared_ptr<Storage> file_;
  TorchLimits limits_;
  std::shared_ptr<const ValueTree> tree_;
  std::map<std::string, StoredBytes, std::less<>> storages_;
};

}  // namespace aio::weights
