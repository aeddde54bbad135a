#include "apps/report/examples.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "apps/report/axis.h"
#include "data/datasets/json_file.h"
#include "data/decode_service.h"
#include "data/manifest.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

using nlohmann::json;
using Verdict = Example::Verdict;

constexpr std::size_t kMostText = 160;
constexpr std::size_t kMostTexts = 5;
constexpr std::size_t kShortList = 48;  // characters that fit in a line of a card
constexpr int kLongestSide = 128;

/// A text or number as it is shown; empty for what is not.
std::string shown(const json& value) {
  std::string text;
  if (value.is_string()) text = value.get<std::string>();
  if (value.is_boolean()) text = value.get<bool>() ? "yes" : "no";
  if (value.is_number_integer()) text = std::to_string(value.get<std::int64_t>());
  if (value.is_number_float()) text = format_value(value.get<double>(), Unit::number);
  if (text.size() <= kMostText) return text;
  std::size_t cut = kMostText;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;  // between characters
  return text.substr(0, cut) + "\u2026";
}

/// What was predicted against what is right (the words that were masked, in pre-training), where the line tells both.
Verdict verdict_of(const json& line) {
  if (line.contains("correct") && line["correct"].is_boolean())
    return line["correct"].get<bool>() ? Verdict::right : Verdict::wrong;
  for (const char* expected : {"answer", "masked"}) {
    if (line.contains("prediction") && line.contains(expected))
      return line["prediction"] == line[expected] ? Verdict::right : Verdict::wrong;
  }
  return Verdict::unknown;
}

void add_options(const json& line, Example& example) {
  const json& options = line["options"];
  const auto is_option = [&](const char* key, std::size_t i) {
    return line.contains(key) && line[key].is_number_integer() && line[key] == i;
  };
  for (std::size_t i = 0; i < options.size(); ++i) {
    const bool answer = is_option("answer", i), predicted = is_option("prediction", i);
    Verdict verdict = Verdict::unknown;
    if (answer) verdict = Verdict::right;
    if (predicted && !answer && line.contains("answer")) verdict = Verdict::wrong;
    const char* key = predicted ? "chosen" : answer ? "right" : i == 0 ? "options" : "";
    example.lines.push_back({key, shown(options[i]), verdict});
  }
}

/// Words of a list side by side, sentences below each other. Lists of anything else are left out.
void add_list(const std::string& key, const json& list, Example& example) {
  std::string words;
  std::vector<std::string> texts;
  for (const json& value : list) {
    if (!value.is_string() || texts.size() == kMostTexts) continue;
    texts.push_back(shown(value));
    words += (words.empty() ? "" : ", ") + texts.back();
  }
  if (words.size() <= kShortList) texts = {words};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!texts[i].empty()) example.lines.push_back({i == 0 ? key : "", texts[i], Verdict::unknown});
  }
}

void add_value(const std::string& key, const json& value, Example& example) {
  if (value.is_array()) return add_list(key, value, example);
  const std::string text = shown(value);
  if (!text.empty()) example.lines.push_back({key, text, Verdict::unknown});
}

/// `count` of 0 .. size-1, evenly spread.
std::vector<std::size_t> spread(std::size_t size, std::size_t count) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < std::min(size, count); ++i)
    places.push_back((2 * i + 1) * size / (2 * std::min(size, count)));
  return places;
}

/// Where each line of the file begins, and what verdict it bears.
struct LineIndex {
  std::vector<std::streamoff> all, wrong;
};
LineIndex index_lines(std::ifstream& file, const std::string& path) {
  LineIndex index;
  std::streamoff begin = 0;
  for (std::string line; std::getline(file, line); begin = file.eof() ? begin : std::streamoff{file.tellg()}) {
    if (line.empty()) continue;
    const json value = json::parse(line, nullptr, false);
    check(value.is_object(), ErrorCode::format, path, ":", index.all.size() + 1, ": not a JSON object");
    index.all.push_back(begin);
    if (verdict_of(value) == Verdict::wrong) index.wrong.push_back(begin);
  }
  return index;
}

}  // namespace

Example parse_example(const std::string& text, const std::string& where) {
  const json line = json::parse(text, nullptr, false);
  check(line.is_object() && line.contains("id"), ErrorCode::format, where, ": not a prediction: no object with an id");
  Example example;
  example.id = shown(line["id"]);
  example.verdict = verdict_of(line);
  if (line.contains("question")) add_value("question", line["question"], example);
  const bool options = line.contains("options") && line["options"].is_array();
  if (options) add_options(line, example);
  if (line.contains("prediction") && !options) {
    add_value("prediction", line["prediction"], example);
    if (!example.lines.empty() && example.lines.back().key == "prediction")
      example.lines.back().verdict = example.verdict;
  }
  const bool tells = line.contains("answer") && !options && example.verdict != Verdict::right;
  if (tells && line["answer"] != line["id"]) add_value("answer", line["answer"], example);  // retrieval's is the clip
  const std::vector<std::string> done = {"id",     "media", "question", "options", "prediction", "answer",
                                         "scores", "top",   "correct",  "known",   "extra"};
  for (const auto& item : line.items()) {
    if (std::find(done.begin(), done.end(), item.key()) == done.end()) add_value(item.key(), item.value(), example);
  }
  return example;
}

std::vector<Example> choose_examples(const std::string& predictions, std::size_t count) {
  std::ifstream file(predictions, std::ios::binary);
  check(file.good(), ErrorCode::io, predictions, ": cannot be read");
  const LineIndex index = index_lines(file, predictions);
  std::vector<std::streamoff> chosen;
  for (const std::size_t i : spread(index.wrong.size(), count / 3)) chosen.push_back(index.wrong[i]);
  for (const std::size_t i : spread(index.all.size(), count - chosen.size())) chosen.push_back(index.all[i]);
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  std::vector<Example> examples;
  file.clear();
  for (const std::streamoff begin : chosen) {
    std::string line;
    file.seekg(begin);
    std::getline(file, line);
    examples.push_back(parse_example(line, predictions));
  }
  return examples;
}

void add_frames(const Evaluation& evaluation, std::vector<Example>& examples) {
  if (evaluation.data.empty() || !std::filesystem::exists(evaluation.data)) return;
  std::map<std::string, Example*> wanted;
  for (Example& example : examples) wanted[example.id] = &example;
  const Manifest manifest = Manifest::open(evaluation.data, evaluation.split);
  DecodeService service;
  for (std::int64_t i = 0; i < manifest.size() && !wanted.empty(); ++i) {
    const Sample sample = manifest.sample(i);
    const auto found = wanted.find(sample.id);
    if (found == wanted.end()) continue;
    DecodeRequest request;
    request.source = manifest.media_source(sample);
    request.start = sample.start.value_or(0);
    request.end = sample.end.value_or(0);
    const FrameSize native = service.decode(request).info.size;  // no frames yet
    if (native.width > 0 && native.height > 0) {
      const double shrink = std::min(1.0, kLongestSide / static_cast<double>(std::max(native.width, native.height)));
      request.size.width = std::max(1, static_cast<int>(std::lround(shrink * native.width)));
      request.size.height = std::max(1, static_cast<int>(std::lround(shrink * native.height)));
      request.count = std::clamp<std::int64_t>(evaluation.frames, 1, 6);
      const DecodeResult result = service.decode(request);
      if (result.ok()) found->second->frames = result.frames;
    }
    wanted.erase(found);
  }
}

}  // namespace aio::report
