#include "data/synthetic/manifests.h"

#include <nlohmann/json.hpp>

#include "data/manifest_writer.h"
#include "data/synthetic/grammar.h"
#include "data/synthetic/questions.h"
#include "tensor/error.h"

namespace aio::synthetic {
namespace {

constexpr int kMaxTextLength = 24;  ///< the longest caption has 19 words; [CLS] and [SEP] come on top

// ---- samples
// ---------------------------------------------------------------------------------------------------------

/// What every row says about its clip, so that scores can be split by it.
Sample sample_of(const Clips& clips, std::size_t i) {
  const Scene& scene = clips.scenes[i];
  Sample sample;
  sample.id = clip_name(i);
  sample.media = message("clips/", to_string(clips.part), "/", clip_name(i), ".mp4");
  sample.group = contents(scene);
  sample.extra = nlohmann::json{{"motion", to_string(scene.motion)}}.dump();
  return sample;
}

/// Rows of one task, for one clip.
using Rows = std::vector<Sample>;
using MakeRows = Rows (*)(const Clips&, std::size_t, const DatasetOptions&);

Rows caption_rows(const Clips& clips, std::size_t i, const DatasetOptions&) {
  const RngKey key = wording_key(clips.keys[i], Wording::captions);
  Dice dice(key), again(key);
  Sample sample = sample_of(clips, i);
  Scene flipped = clips.scenes[i];
  flipped.motion = reversed(flipped.motion);
  sample.captions = captions(clips.scenes[i], dice);
  // Caption j with nothing but the motion turned round, a hard negative: the same dice give the same wording.
  nlohmann::json extra = nlohmann::json::parse(sample.extra);
  extra["flipped_captions"] = captions(flipped, again);
  sample.extra = extra.dump();
  return {sample};
}

Rows retrieval_rows(const Clips& clips, std::size_t i, const DatasetOptions& options) {
  Rows rows = caption_rows(clips, i, options);
  if (clips.part != Part::train) rows[0].captions.resize(1);  // what is searched for is one sentence
  return rows;
}

Rows choice_rows(const Clips& clips, std::size_t i, const DatasetOptions&) {
  Dice dice(wording_key(clips.keys[i], Wording::choices));
  Choice choice = draw_choice(clips.scenes[i], dice);
  Sample sample = sample_of(clips, i);
  sample.options = std::move(choice.options);
  sample.answer_index = choice.correct;
  return {sample};
}

Rows question_rows(const Clips& clips, std::size_t i, const DatasetOptions& options) {
  Dice dice(wording_key(clips.keys[i], Wording::questions));
  Rows rows;
  for (const Question& question : questions(clips.scenes[i], options.scenes, clips.part == Part::train, dice)) {
    Sample sample = sample_of(clips, i);
    sample.id += message("-", rows.size());
    sample.question = question.text;
    sample.answer = question.answer;
    nlohmann::json extra = nlohmann::json::parse(sample.extra);
    extra["kind"] = question.kind;
    sample.extra = extra.dump();
    rows.push_back(std::move(sample));
  }
  return rows;
}

/// The questions that ask for a number, answered by one: a data set to learn counting from.
Rows count_rows(const Clips& clips, std::size_t i, const DatasetOptions& options) {
  Rows rows;
  for (Sample& sample : question_rows(clips, i, options)) {
    if (sample_kind(sample) != "count") continue;
    sample.answer = std::string(1, *sample.answer == "one" ? '1' : '2');
    rows.push_back(std::move(sample));
  }
  return rows;
}

Rows action_rows(const Clips& clips, std::size_t i, const DatasetOptions&) {
  Sample sample = sample_of(clips, i);
  sample.label_name = to_string(clips.scenes[i].motion);
  return {sample};
}

// ---- tasks
// -----------------------------------------------------------------------------------------------------------

struct TaskFolder {
  const char* name;
  Task task;
  MakeRows rows;
};

constexpr TaskFolder kTasks[] = {
    {"pretrain", Task::pretrain, caption_rows},
    {"retrieval", Task::retrieval, retrieval_rows},
    {"choice", Task::choice, choice_rows},
    {"qa", Task::qa, question_rows},
    {"count", Task::qa, count_rows},
    {"action", Task::classify, action_rows},
    {"caption", Task::caption, caption_rows},
};

void write_task(const std::string& folder, const TaskFolder& task, const std::vector<Clips>& parts,
                const DatasetOptions& options) {
  ManifestWriter writer(message(folder, "/", task.name));
  for (const Clips& clips : parts) {
    // Retrieval is tested on its own clips, everything else on those of "test".
    const Part unused = task.task == Task::retrieval ? Part::test : Part::retrieval;
    if (clips.part == unused) continue;
    const std::string split(to_string(clips.part == Part::retrieval ? Part::test : clips.part));
    for (std::size_t i = 0; i < clips.scenes.size(); ++i)
      for (const Sample& sample : task.rows(clips, i, options)) writer.add(split, sample);
  }
  DatasetInfo info;
  info.name = message("moving-shapes-", task.name);
  info.task = task.task;
  info.media_root = "..";
  info.max_text_len = kMaxTextLength;
  info.normalization = Normalization{{0.3F, 0.3F, 0.3F}, {0.25F, 0.25F, 0.25F}};
  if (task.rows == question_rows) info.answers = all_answers();
  if (task.task == Task::classify) info.prompt = "the shape [MASK]";
  if (task.task == Task::classify)
    for (int i = 0; i < kMotions; ++i) info.labels.emplace_back(to_string(static_cast<Motion>(i)));
  writer.finish(info);
}

}  // namespace

void write_manifests(const std::string& folder, const std::vector<Clips>& parts, const DatasetOptions& options) {
  for (const TaskFolder& task : kTasks) {
    if (task.rows == count_rows && options.scenes.second_shape <= 0) continue;  // there would be nothing to count
    write_task(folder, task, parts, options);
  }
}

}  // namespace aio::synthetic
