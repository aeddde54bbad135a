#include "data/sample_texts.h"

#include <algorithm>

#include "data/dice.h"

namespace aio {

namespace {

/// The paper's clips of YT-Temporal-180M: at least 10 seconds from a random second on, or 4 at the video's end.
void choose_clip(const Sample& sample, Dice& dice, SampleTexts& texts) {
  const double duration = sample.end.value_or(sample.words.back().time + 1);
  const double last_start = std::max(1.0, duration - 15);
  double start = static_cast<double>(dice.below(static_cast<std::int64_t>(last_start) + 1)) + dice.uniform();
  const double length = static_cast<double>(10 + dice.below(6));
  double end = std::min(duration - 1, start + length);
  constexpr double kShortest = 4;
  if (end - start < kShortest) {
    start = std::max(0.0, start - (kShortest - (end - start)) / 2);
    end = start + kShortest;
  }
  texts.start = start;
  texts.end = end;
  for (const TimedWord& word : sample.words) {
    if (word.time <= start || word.time >= end) continue;
    if (!texts.text.empty()) texts.text += ' ';
    texts.text += word.text;
  }
}

void choose_caption(const Sample& sample, bool training, RngKey key, SampleTexts& texts) {
  Dice dice(key);
  const auto one_of = [&](std::size_t count) {
    return training ? static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(count))) : 0;
  };
  if (!sample.words.empty()) {
    choose_clip(sample, dice, texts);
  } else if (!sample.segments.empty()) {
    const Segment& segment = sample.segments[one_of(sample.segments.size())];
    texts.start = segment.start;
    texts.end = segment.end;
    texts.text = segment.text;
  } else if (!sample.captions.empty()) {
    texts.text = sample.captions[one_of(sample.captions.size())];
  }
}

}  // namespace

std::string fill_prompt(std::string_view prompt, const Sample& sample, const std::string& option) {
  std::string options;
  for (const std::string& one : sample.options) options += (options.empty() ? "" : " ") + one;
  const bool answered = sample.answer_index && !sample.options.empty();
  const std::string answer = answered ? sample.options[static_cast<std::size_t>(*sample.answer_index)] : std::string();
  const std::pair<std::string_view, std::string_view> fields[] = {
      {"{question}", sample.question}, {"{options}", options}, {"{answer}", answer}, {"{option}", option}};
  std::string result;
  while (!prompt.empty()) {
    const auto* const field =
        std::find_if(std::begin(fields), std::end(fields), [&](const auto& f) { return prompt.starts_with(f.first); });
    if (field != std::end(fields)) {
      result += field->second;
      prompt.remove_prefix(field->first.size());
    } else {
      result += prompt.front();
      prompt.remove_prefix(1);
    }
  }
  return result;
}

SampleTexts sample_texts(const Sample& sample, Task task, const std::optional<std::string>& prompt, bool training,
                         RngKey key) {
  SampleTexts texts;
  texts.start = sample.start;
  texts.end = sample.end;
  switch (task) {
    case Task::pretrain:
    case Task::retrieval:
    case Task::caption: choose_caption(sample, training, key, texts); break;
    case Task::qa: texts.text = sample.question; break;
    case Task::classify: texts.text = fill_prompt(prompt ? *prompt : kActionPrompt, sample, {}); break;
    case Task::choice: texts.options = sample.options; break;
    case Task::mc_qa:
      for (const std::string& option : sample.options) {
        texts.options.push_back(fill_prompt(prompt ? *prompt : kChoicePrompt, sample, option));
      }
      for (const std::string& rationale : sample.rationales) {
        if (sample.answer_index) texts.rationales.push_back(fill_prompt(kRationalePrompt, sample, rationale));
      }
      break;
  }
  return texts;
}

}  // namespace aio
