// MSRVTT multiple choice: <meta>/msrvtt/msrvtt_mc_test.jsonl with qid, clip_name, answer ("0" to "4") and 5 options.

#include "data/datasets/json_file.h"
#include "data/datasets/msrvtt_videos.h"
#include "data/datasets/readers.h"

namespace aio {

void read_msrvtt_mc(Conversion& conversion) {
  conversion.info.task = Task::choice;
  set_msrvtt_root(conversion);
  for_each_json_row(conversion.need("msrvtt", {"msrvtt_mc_test.jsonl"}), [&](const JsonRow& row) {
    Sample sample = make_sample(row.text("qid"), row.text("clip_name") + ".mp4");
    sample.options = row.texts("options");
    sample.answer_index = row.integer("answer");
    conversion.add("test", std::move(sample));
  });
}

}  // namespace aio
