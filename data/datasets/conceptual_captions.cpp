// Conceptual Captions as single image files.
// CC3M: <meta>/cc3m/cc3m_{training,validation}_success_full.tsv without a header: caption, file name without extension;
// images: <data>/cc3m/{training,validation}/<name>.
// CC12M: <meta>/cc12m/{train,val,test}.tsv with a header: caption, path; images: <data>/cc12m/<the path's last part>.

#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"

namespace aio {

void read_cc3m(Conversion& conversion) {
  conversion.media_root("cc3m", {""});
  const std::pair<const char*, const char*> splits[] = {{"train", "training"}, {"val", "validation"}};
  for (const auto& [split, folder] : splits) {
    const std::string name = split, images = std::string(folder) + "/";
    const auto path = conversion.find("cc3m", {"cc3m_" + std::string(folder) + "_success_full.tsv"});
    if (!path) continue;
    for_each_headerless_row(*path, '\t', conversion.options().compat, [&](const TableRow& row) {
      const std::string& image = row.text(std::size_t{1});
      Sample sample = make_sample(image, conversion.with_extension(images + image, {"", ".jpg", ".png"}));
      sample.captions = {row.text(std::size_t{0})};
      conversion.add(name, std::move(sample));
    });
  }
}

void read_cc12m(Conversion& conversion) {
  conversion.media_root("cc12m", {""});
  for (const std::string split : {"train", "val", "test"}) {
    const auto path = conversion.find("cc12m", {split + ".tsv"});
    if (!path) continue;
    for_each_row(*path, '\t', [&](const TableRow& row) {
      const std::string image = base_name(row.text(std::size_t{1}));
      Sample sample = make_sample(image, image);
      sample.captions = {row.text(std::size_t{0})};
      conversion.add(split, std::move(sample));
    });
  }
}

}  // namespace aio
