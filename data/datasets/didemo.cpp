// DiDeMo, paragraph to video: <meta>/didemo/DiDeMo_{train,val,test}.tsv without a header: the video's sentences joined
// by
// ", ", the video's file name. Videos: <data>/didemo/video/<file> or <data>/didemo/<file>.

#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"

namespace aio {

void read_didemo(Conversion& conversion) {
  conversion.info.task = Task::retrieval;
  conversion.info.max_text_len = 80;
  conversion.media_root("didemo", {"video", "videos", ""});
  for (const std::string split : {"train", "val", "test"}) {
    const auto path = conversion.find("didemo", {"DiDeMo_" + split + ".tsv"});
    if (!path) continue;
    for_each_headerless_row(*path, '\t', conversion.options().compat, [&](const TableRow& row) {
      const std::string& file = row.text(std::size_t{1});
      Sample sample = make_sample(file, file);
      sample.captions = {collapsed(row.text(std::size_t{0}))};
      conversion.add(split, std::move(sample));
    });
  }
}

}  // namespace aio
