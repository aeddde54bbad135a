// WebVid-2.5M: <meta>/webvid/webvid_{training,validation}_success_full.tsv, without a header: caption,
// page_dir/videoid; captions hold line feeds inside quotes. Or the publisher's results_2M_{train,val}.csv with the
// columns videoid, contentUrl, duration, page_dir, name. Videos: <data>/webvid/{train,val}/<page_dir>/<videoid>.mp4.

#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"

namespace aio {

namespace {

void add(Conversion& conversion, const std::string& split, const std::string& video, const std::string& caption) {
  Sample sample = make_sample(video, split + "/" + video + ".mp4");
  sample.captions = {caption};
  conversion.add(split, std::move(sample));
}

void read_split(Conversion& conversion, const std::string& split, const std::string& list, const std::string& csv) {
  if (const auto path = conversion.find("webvid", {list})) {
    for_each_headerless_row(*path, '\t', conversion.options().compat, [&](const TableRow& row) {
      add(conversion, split, row.text(std::size_t{1}), row.text(std::size_t{0}));
    });
  } else if (const auto published = conversion.find("webvid", {csv})) {
    for_each_row(*published, ',', [&](const TableRow& row) {
      add(conversion, split, row.text("page_dir") + "/" + row.text("videoid"), row.text("name"));
    });
  }
}

}  // namespace

void read_webvid(Conversion& conversion) {
  conversion.media_root("webvid", {""});
  read_split(conversion, "train", "webvid_training_success_full.tsv", "results_2M_train.csv");
  read_split(conversion, "val", "webvid_validation_success_full.tsv", "results_2M_val.csv");
}

}  // namespace aio
