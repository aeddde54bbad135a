// TVQA: <meta>/tvqa/tvqa_{train,val}.jsonl and tvqa_test_public.jsonl with q, a0 .. a4, answer_idx (not in test), ts
// ("1.21-8.49", or nan), vid_name, qid. A question without usable times is about the whole clip.

#include <charconv>

#include "data/datasets/json_file.h"
#include "data/datasets/readers.h"
#include "data/datasets/tv_shows.h"

namespace aio {

namespace {

bool parse_seconds(const std::string& text, double& seconds) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

void set_times(Sample& sample, const std::string& text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string::npos) return;
  double start = 0, end = 0;
  if (!parse_seconds(text.substr(0, dash), start) || !parse_seconds(text.substr(dash + 1), end)) return;
  if (!(start >= 0 && end > start)) return;  // nan included
  sample.start = start;
  sample.end = end;
}

}  // namespace

void read_tvqa(Conversion& conversion) {
  conversion.info.task = Task::mc_qa;
  conversion.info.max_text_len = 100;
  set_tv_root(conversion);
  const std::pair<const char*, const char*> lists[] = {
      {"train", "tvqa_train.jsonl"}, {"val", "tvqa_val.jsonl"}, {"test", "tvqa_test_public.jsonl"}};
  for (const auto& [split, list] : lists) {
    const auto path = conversion.find("tvqa", {list});
    if (!path) continue;
    const std::string name = split;
    for_each_json_row(*path, [&](const JsonRow& row) {
      Sample sample = tv_sample(row.text("qid"), row.text("vid_name"));
      sample.question = row.text("q");
      for (const char* option : {"a0", "a1", "a2", "a3", "a4"}) sample.options.push_back(row.text(option));
      if (row.has("answer_idx")) sample.answer_index = row.integer("answer_idx");
      if (row.has("ts") && row.value()["ts"].is_string()) set_times(sample, row.text("ts"));
      conversion.add(name, std::move(sample));
    });
  }
}

}  // namespace aio
