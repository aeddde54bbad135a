#pragma once
// Images as cells of ViLT's Arrow files: what the readers of image-text sets share. Nothing is extracted; a sample's
// media is the place of its bytes in the file.

#include <functional>
#include <string>
#include <vector>

#include "data/arrow_reader.h"
#include "data/datasets/conversion.h"

namespace aio {

/// A sample whose media is the cell `row` of `column`: "file.arrow#row".
Sample arrow_sample(const ArrowFile& table, const std::string& file, std::int64_t row, std::string id,
                    const std::string& column = "image");

/// Calls visit(table, file, row) for all rows of those of `files` that are below the media root.
void for_each_arrow_row(const Conversion& conversion, const std::vector<std::string>& files,
                        const std::function<void(const ArrowFile&, const std::string&, std::int64_t)>& visit);

}  // namespace aio
