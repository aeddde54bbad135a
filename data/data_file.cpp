#include "data/data_file.h"

#include <unistd.h>

#include "tensor/error.h"
#include "tensor/regular_file.h"

namespace aio {

DataFile::DataFile(const std::string& path)
    : path_(path),
      descriptor_(open_regular_file(path, path)),
      size_(static_cast<std::uint64_t>(regular_file_bytes(descriptor_, path))) {}

DataFile::~DataFile() { close(descriptor_); }

std::size_t DataFile::read_some(std::uint64_t offset, void* to, std::size_t bytes) const {
  return read_at(descriptor_, to, bytes, static_cast<std::int64_t>(offset), path_);
}

void DataFile::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  const std::size_t got = read_some(offset, to, bytes);
  check(got == bytes, ErrorCode::io, path_, ": got ", got, " of ", bytes, " bytes at ", offset,
        ": the file is cut short or was changed while it was open");
}

std::string DataFile::read(std::uint64_t offset, std::size_t bytes) const {
  check(offset <= size_ && bytes <= size_ - offset, ErrorCode::io, path_, ": bytes ", offset, " to ", offset + bytes,
        " were asked for, the file has ", size_);
  std::string text(bytes, '\0');
  read(offset, text.data(), bytes);
  return text;
}

std::string read_file(const std::string& path, std::uint64_t max_bytes) {
  const DataFile file(path);
  check(file.size() <= max_bytes, ErrorCode::format, path, ": has ", file.size(), " bytes, at most ", max_bytes,
        " are read");
  return file.read(0, static_cast<std::size_t>(file.size()));
}

}  // namespace aio
