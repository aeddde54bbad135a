#include "data/datasets/action_lists.h"

#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {

std::vector<std::string> read_class_index(const std::string& path) {
  std::vector<std::string> names;
  for (const std::string& line : read_list(path)) {
    const std::size_t blank = line.find_first_of(" \t");
    check(blank != std::string::npos && line.substr(0, blank) == message(names.size() + 1), ErrorCode::format, path,
          ": line \"", line, "\", expected number ", names.size() + 1, " and a name");
    names.push_back(trimmed(line.substr(blank)));
  }
  return names;
}

void read_tsn_list(Conversion& conversion, const std::string& split, const std::string& path) {
  for_each_row_of(path, ' ', 3, conversion, [&](const TableRow& row) {
    const std::string name = base_name(row.text(std::size_t{0}));
    const std::string file = name.ends_with(".avi") ? name : name + ".avi";
    Sample sample = make_sample(name, file);
    sample.label = row.integer(std::size_t{2});
    conversion.add(split, std::move(sample));
  });
}

}  // namespace aio
