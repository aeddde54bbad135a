#pragma once
// What the model is told and asked about a sample: the clip and caption of this visit, its question, prompt or options.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/manifest.h"
#include "tensor/random.h"

namespace aio {

/// One visit to a sample.
struct SampleTexts {
  std::optional<double> start, end;     ///< seconds of the clip
  std::string text;                     ///< caption, question or prompt
  std::vector<std::string> options;     ///< as they are tokenized
  std::vector<std::string> rationales;  ///< likewise
};

/// The paper's input for one of several answers to a question. Its parts touch, so that WordPiece sees "eAnswer" as one
/// word; heads that were fine-tuned with it need that.
inline constexpr std::string_view kChoicePrompt = "{question}Options: {options}Answer: {option}";
/// For the second question of VCR, after the right answer to the first.
inline constexpr std::string_view kRationalePrompt = "{question} {answer}[SEP]{option}";
/// For actions without another prompt.
inline constexpr std::string_view kActionPrompt = "A person is doing [MASK]";

/// {question}, {options} (joined by blanks), {answer} (the right option) and {option} replaced; other braces stay.
std::string fill_prompt(std::string_view prompt, const Sample& sample, const std::string& option);

/// `training`: a random caption and segment, else the first. Of a transcript (`words`) a clip of 10 to 15 seconds, by
/// the key in both cases, and the words inside.
///   pretrain, retrieval, caption   text = caption
///   qa                             text = question
///   classify                       text = `prompt`, or kActionPrompt
///   choice                         options = the options
///   mc_qa                          options = `prompt` or kChoicePrompt, filled for each; rationales =
///                                  kRationalePrompt, where the right option is known
SampleTexts sample_texts(const Sample& sample, Task task, const std::optional<std::string>& prompt, bool training,
                         RngKey key);

}  // namespace aio
