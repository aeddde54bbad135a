// TGIF-QA on animated GIFs, <data>/tgif/gifs/<gif_name>.gif.
// FrameQA: <meta>/tgif/frameqa_{train,val,test}.jsonl with gif_name, question, answer; frameqa_trainval_ans2label.json.
// Action, Transition: {action,transition}_{train,val,test}.jsonl with gif_name, question, 5 options, answer from 0; or
// the original {Train,Test}_{action,transition}_question.csv, tab separated: gif_name question a1 .. a5 answer.
// Count: {Train,Test}_count_question.csv: gif_name question answer (2 to 10).

#include "data/datasets/json_file.h"
#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::pair<const char*, const char*> kOriginalSplits[] = {{"train", "Train"}, {"test", "Test"}};

void set_root(Conversion& conversion) { conversion.media_root("tgif", {"gifs", ""}); }

Sample question(const std::string& id, const std::string& gif, const std::string& text) {
  Sample sample = make_sample(id, gif + ".gif");
  sample.question = text;
  return sample;
}

/// FrameQA, Action and Transition in the converted form; true if any file was there.
bool read_json_splits(Conversion& conversion, const std::string& prefix, bool choice) {
  bool any = false;
  for (const std::string split : {"train", "val", "test"}) {
    const auto path = conversion.find("tgif", {prefix + "_" + split + ".jsonl"});
    if (!path) continue;
    any = true;
    int number = 0;
    for_each_json_row(*path, [&](const JsonRow& row) {
      Sample sample = question(message(split, number++), row.text("gif_name"), row.text("question"));
      if (choice) {
        sample.options = row.texts("options");
        sample.answer_index = row.integer("answer");
      } else {
        sample.answer = row.text("answer");
      }
      conversion.add(split, std::move(sample));
    });
  }
  return any;
}

void read_choice(Conversion& conversion, const std::string& kind) {
  conversion.info.task = Task::mc_qa;
  set_root(conversion);
  if (read_json_splits(conversion, kind, true)) return;
  for (const auto& [split, prefix] : kOriginalSplits) {
    const auto path = conversion.find("tgif", {std::string(prefix) + "_" + kind + "_question.csv"});
    if (!path) continue;
    const std::string name = split;
    for_each_row(*path, '\t', [&](const TableRow& row) {
      Sample sample = question(row.text("key"), row.text("gif_name"), row.text("question"));
      for (const char* option : {"a1", "a2", "a3", "a4", "a5"}) sample.options.push_back(row.text(option));
      sample.answer_index = row.integer("answer");
      conversion.add(name, std::move(sample));
    });
  }
}

}  // namespace

void read_tgif_frameqa(Conversion& conversion) {
  conversion.info.task = Task::qa;
  set_root(conversion);
  conversion.info.answers = read_answer_classes(conversion.need("tgif", {"frameqa_trainval_ans2label.json"}));
  read_json_splits(conversion, "frameqa", false);
}

void read_tgif_action(Conversion& conversion) { read_choice(conversion, "action"); }
void read_tgif_transition(Conversion& conversion) { read_choice(conversion, "transition"); }

void read_tgif_count(Conversion& conversion) {
  conversion.info.task = Task::qa;
  set_root(conversion);
  for (const auto& [split, prefix] : kOriginalSplits) {
    const auto path = conversion.find("tgif", {std::string(prefix) + "_count_question.csv"});
    if (!path) continue;
    const std::string name = split;
    for_each_row(*path, '\t', [&](const TableRow& row) {
      Sample sample = question(row.text("key"), row.text("gif_name"), row.text("question"));
      sample.answer = message(row.integer("answer"));
      conversion.add(name, std::move(sample));
    });
  }
}

}  // namespace aio
