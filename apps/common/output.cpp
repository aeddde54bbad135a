#include "apps/common/output.h"

#include <filesystem>

#include "tensor/atomic_file.h"

namespace aio::apps {

void make_output_folder(const std::string& path) {
  on_disk([&] {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    check(!error, ErrorCode::io, path, ": cannot be made: ", error.message());
    const AtomicFile attempt(path + "/results");  // never committed: its temporary file goes again
  });
}

}  // namespace aio::apps
