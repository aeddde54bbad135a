// TVC, captions of moments in TVQA's clips: <meta>/tvc/tvc_{train,val}_release.jsonl and tvc_test_public_release.jsonl
// with vid_name, ts [start, end], clip_id, descs [{desc, ...}] (not in test).

#include "data/datasets/json_file.h"
#include "data/datasets/readers.h"
#include "data/datasets/tv_shows.h"
#include "tensor/error.h"

namespace aio {

void read_tvc(Conversion& conversion) {
  conversion.info.task = Task::caption;
  set_tv_root(conversion);
  const std::pair<const char*, const char*> lists[] = {{"train", "tvc_train_release.jsonl"},
                                                       {"val", "tvc_val_release.jsonl"},
                                                       {"test", "tvc_test_public_release.jsonl"}};
  for (const auto& [split, list] : lists) {
    const auto path = conversion.find("tvc", {list});
    if (!path) continue;
    const std::string name = split;
    for_each_json_row(*path, [&](const JsonRow& row) {
      Sample sample = tv_sample(row.text("clip_id"), row.text("vid_name"));
      const auto& times = row.list("ts");
      check(times.size() == 2 && times[0].is_number() && times[1].is_number(), ErrorCode::format, row.where(),
            ": ts is ", times.dump(), ", expected [start, end]");
      if (times[0].get<double>() >= 0 && times[1].get<double>() > times[0].get<double>()) {
        sample.start = times[0].get<double>();
        sample.end = times[1].get<double>();
      }
      if (row.has("descs")) {
        for (const auto& item : row.list("descs")) sample.captions.push_back(JsonRow(item, row.where()).text("desc"));
      }
      conversion.add(name, std::move(sample));
    });
  }
}

}  // namespace aio
