#include "data/datasets/arrow_images.h"

#include <filesystem>

#include "tensor/error.h"

namespace aio {

Sample arrow_sample(const ArrowFile& table, const std::string& file, std::int64_t row, std::string id,
                    const std::string& column) {
  Sample sample = make_sample(std::move(id), message(file, "#", row));
  const ArrowFile::Range range = table.bytes(column, row);
  sample.offset = static_cast<std::int64_t>(range.offset);
  sample.bytes = static_cast<std::int64_t>(range.bytes);
  return sample;
}

void for_each_arrow_row(const Conversion& conversion, const std::vector<std::string>& files,
                        const std::function<void(const ArrowFile&, const std::string&, std::int64_t)>& visit) {
  for (const std::string& file : files) {
    const std::string path = conversion.info.media_root + "/" + file;
    if (!std::filesystem::is_regular_file(path)) continue;
    const ArrowFile table(path);
    for (std::int64_t row = 0; row < table.rows(); ++row) visit(table, file, row);
  }
}

}  // namespace aio
