// MSRVTT-QA: <meta>/msrvtt/msrvtt_qa_{train,val,test}.jsonl with question, answer, video_id; the 1,500 answers of
// msrvtt_train_ans2label.json (answer -> class). Questions whose answer is not among them are kept.

#include "data/datasets/json_file.h"
#include "data/datasets/msrvtt_videos.h"
#include "data/datasets/readers.h"
#include "tensor/error.h"

namespace aio {

void read_msrvtt_qa(Conversion& conversion) {
  conversion.info.task = Task::qa;
  set_msrvtt_root(conversion);
  conversion.info.answers = read_answer_classes(conversion.need("msrvtt", {"msrvtt_train_ans2label.json"}));
  for (const std::string split : {"train", "val", "test"}) {
    const auto path = conversion.find("msrvtt", {"msrvtt_qa_" + split + ".jsonl"});
    if (!path) continue;
    int number = 0;
    for_each_json_row(*path, [&](const JsonRow& row) {
      Sample sample = make_sample(message(split, number++), row.text("video_id") + ".mp4");
      sample.question = row.text("question");
      sample.answer = row.text("answer");
      conversion.add(split, std::move(sample));
    });
  }
}

}  // namespace aio
