// MSVD retrieval: <meta>/msvd/MSVD_{train,val,test}.tsv without a header: all captions of the video joined by ", "
// (with one more at the end), the clip's name. Videos: <data>/msvd/YouTubeClips/<name>.avi.
//
// The paper's code draws a random piece between commas, which keeps its leading blank and is empty once in a while;
// here the pieces are trimmed and empty ones dropped.

#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"

namespace aio {

void read_msvd(Conversion& conversion) {
  conversion.info.task = Task::retrieval;
  conversion.media_root("msvd", {"YouTubeClips", ""});
  for (const std::string split : {"train", "val", "test"}) {
    const auto path = conversion.find("msvd", {"MSVD_" + split + ".tsv"});
    if (!path) continue;
    for_each_headerless_row(*path, '\t', conversion.options().compat, [&](const TableRow& row) {
      const std::string& name = row.text(std::size_t{1});
      Sample sample = make_sample(name, name + ".avi");
      for (const std::string& piece : split_text(row.text(std::size_t{0}), ',')) {
        std::string caption = trimmed(piece);
        if (!caption.empty()) sample.captions.push_back(std::move(caption));
      }
      conversion.add(split, std::move(sample));
    });
  }
}

}  // namespace aio
