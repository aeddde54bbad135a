// LSMDC, tab separated without headers: clip id, four times, then the texts. Videos:
// <data>/lsmdc/<clip id up to its last "_">/<clip id>.avi.
// Retrieval: LSMDC16_annos_training.csv and LSMDC16_challenge_1000_publictect.csv (test), one sentence. A clip may have
// several lines; they become its captions. (The paper's code reads the clip id in place of the sentence.)
// Choice: LSMDC16_multiple_choice_{train,valid}.csv, five sentences, the right one first; ..._test_randomized.csv, five
// sentences and the right one's number from 1.

#include <map>

#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::size_t kTexts = 5;  // the column of the first text
constexpr std::size_t kOptions = 5;

Sample clip(const TableRow& row) {
  const std::string& id = row.text(std::size_t{0});
  return make_sample(id, id.substr(0, id.rfind('_')) + "/" + id + ".avi");
}

}  // namespace

void read_lsmdc(Conversion& conversion) {
  conversion.info.task = Task::retrieval;
  conversion.info.max_text_len = 80;
  conversion.media_root("lsmdc", {""});
  const std::pair<const char*, const char*> lists[] = {{"train", "LSMDC16_annos_training.csv"},
                                                       {"test", "LSMDC16_challenge_1000_publictect.csv"}};
  for (const auto& [split, list] : lists) {
    const auto path = conversion.find("lsmdc", {list});
    if (!path) continue;
    std::vector<Sample> clips;  // in the file's order
    std::map<std::string, std::size_t> places;
    for_each_row_of(*path, '\t', kTexts + 1, conversion, [&](const TableRow& row) {
      const auto [place, is_new] = places.emplace(row.text(std::size_t{0}), clips.size());
      if (is_new) clips.push_back(clip(row));
      clips[place->second].captions.push_back(row.text(kTexts));
    });
    for (Sample& sample : clips) conversion.add(split, std::move(sample));
  }
}

void read_lsmdc_mc(Conversion& conversion) {
  conversion.info.task = Task::choice;
  conversion.media_root("lsmdc", {""});
  const std::pair<const char*, const char*> lists[] = {{"train", "LSMDC16_multiple_choice_train.csv"},
                                                       {"val", "LSMDC16_multiple_choice_valid.csv"},
                                                       {"test", "LSMDC16_multiple_choice_test_randomized.csv"}};
  for (const auto& [split, list] : lists) {
    const auto path = conversion.find("lsmdc", {list});
    if (!path) continue;
    const std::string name = split;
    const bool shuffled = name == "test";
    for_each_row_of(*path, '\t', kTexts + kOptions + (shuffled ? 1 : 0), conversion, [&](const TableRow& row) {
      Sample sample = clip(row);
      for (std::size_t i = 0; i < kOptions; ++i) sample.options.push_back(row.text(kTexts + i));
      sample.answer_index = shuffled ? row.integer(kTexts + kOptions) - 1 : 0;
      check(*sample.answer_index >= 0 && *sample.answer_index < static_cast<std::int64_t>(kOptions), ErrorCode::format,
            row.where(), ": the answer is ", *sample.answer_index + 1, ", expected 1 to 5");
      conversion.add(name, std::move(sample));
    });
  }
}

}  // namespace aio
