// YT-Temporal-180M: <meta>/yttemporal/{train_success_2000000,val_success}.csv with the column Name, e.g.
// subset_87/data/<id>.mp4. Videos: <data>/yttemporal/videos/<Name>; transcripts:
// <data>/yttemporal/videos/subset_87/annotations/<id>.json with info.duration, subtitles [{word, time}], denoised
// [{cleanasr, ...}] (MERLOT's format).
//
// The cleaned words are aligned to the heard ones here, once, and get their times: `words`. Clips are drawn at run
// time.

#include <filesystem>

#include "data/datasets/json_file.h"
#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "data/datasets/word_alignment.h"
#include "tensor/error.h"

namespace aio {

namespace {

std::vector<TimedWord> heard_words(const JsonRow& annotation) {
  std::vector<TimedWord> words;
  for (const auto& item : annotation.list("subtitles")) {
    const JsonRow row(item, annotation.where() + ": subtitles");
    const std::string word = row.text("word");
    if (word.starts_with('&') || word.ends_with(';')) continue;  // rests of HTML, such as &gt;
    words.push_back({fix_mojibake(word), row.number("time")});
  }
  return words;
}

std::vector<std::string> cleaned_words(const JsonRow& annotation) {
  std::vector<std::string> words;
  if (!annotation.has("denoised")) return words;
  for (const auto& item : annotation.list("denoised")) {
    const JsonRow row(item, annotation.where() + ": denoised");
    for (const std::string& word : split_text(fix_mojibake(row.text("cleanasr")), ' ')) {
      if (!word.empty()) words.push_back(word);
    }
  }
  return words;
}

void add_video(Conversion& conversion, const std::string& split, const std::string& name, const std::string& where) {
  const std::string id = without_extension(base_name(name));
  const std::string path =
      conversion.info.media_root + "/" + name.substr(0, name.find('/')) + "/annotations/" + id + ".json";
  if (!std::filesystem::is_regular_file(path)) {
    conversion.skip(where, path + " is not there");
    return;
  }
  Sample sample = make_sample(id, name);
  try {
    const JsonRow annotation = read_json(path);
    sample.end = annotation.object("info").number("duration");
    sample.words = align_words(heard_words(annotation), cleaned_words(annotation));
  } catch (const Error& error) {  // one bad file of millions costs one video
    conversion.skip(where, error.what());
    return;
  }
  if (sample.words.empty() || *sample.end <= 0) {
    conversion.skip(where, path + " has no words");
    return;
  }
  conversion.add(split, std::move(sample));
}

}  // namespace

void read_yttemporal(Conversion& conversion) {
  conversion.media_root("yttemporal", {"videos", ""});
  const std::pair<const char*, const char*> lists[] = {{"train", "train_success_2000000.csv"},
                                                       {"val", "val_success.csv"}};
  for (const auto& [split, list] : lists) {
    const auto path = conversion.find("yttemporal", {list});
    if (!path) continue;
    const std::string name = split;
    for_each_row(*path, ',', [&](const TableRow& row) { add_video(conversion, name, row.text("Name"), row.where()); });
  }
}

}  // namespace aio
