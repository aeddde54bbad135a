#pragma once
// What a file is by its content, whatever its name says.

#include <string>
#include <string_view>

namespace aio::weights {

enum class FileKind {
  safetensors,
  torch_zip,     ///< torch.save since 1.6: a zip with X/data.pkl
  torch_legacy,  ///< torch.save before: pickles, then storages
  other,
};

struct FileType {
  FileKind kind = FileKind::other;
  std::string name;  ///< for people: "a safetensors file", "an HDF5 file (Keras?)"
};

FileType detect_file_type(std::string_view bytes);

}  // namespace aio::weights
