// aio_data stats DIR: how many samples, texts, answers and files a data set has.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "apps/data/commands.h"
#include "apps/data/dataset_options.h"
#include "data/manifest_check.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

using nlohmann::ordered_json;

struct Options {
  DatasetOptions dataset;
  bool json = false;
};

std::int64_t count_words(const std::string& text) {
  std::int64_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    words += !space && !inside ? 1 : 0;
    inside = !space;
  }
  return words;
}

ordered_json split_stats(const Manifest& manifest) {
  std::int64_t bad = 0, captions = 0, words = 0, clips = 0, cut = 0, unscored = 0, known = 0, answered = 0, options = 0;
  std::set<std::size_t> media;  // hashes of their names
  for (std::int64_t row = 0; row < manifest.size(); ++row) {
    Sample sample;
    try {
      sample = manifest.sample(row);
    } catch (const Error& error) {
      if (bad++ < 10) std::fprintf(stderr, "%s\n", error.what());
      continue;
    }
    media.insert(std::hash<std::string>()(sample.media));
    captions += static_cast<std::int64_t>(sample.captions.size() + sample.segments.size());
    for (const std::string& caption : sample.captions) words += count_words(caption);
    for (const Segment& segment : sample.segments) words += count_words(segment.text);
    clips += sample.start || sample.end ? 1 : 0;
    cut += sample.cut_texts;
    options += static_cast<std::int64_t>(sample.options.size());
    answered += sample.answer ? 1 : 0;
    known += sample.answer && manifest.answer_class(*sample.answer) >= 0 ? 1 : 0;
    unscored += sample_problems(manifest, sample).empty() ? 0 : 1;
  }
  ordered_json result{{"samples", manifest.size()}, {"media", media.size()}, {"broken_lines", bad},
                      {"incomplete", unscored},     {"clips", clips},        {"cut_texts", cut}};
  if (captions > 0) {
    result["captions"] = captions;
    result["words_a_caption"] = static_cast<double>(words) / static_cast<double>(captions);
  }
  if (options > 0) result["options"] = options;
  if (answered > 0 && !manifest.info().answers.empty()) {
    result["known_answers"] = known;
    result["known_share"] = static_cast<double>(known) / static_cast<double>(answered);
  }
  return result;
}

int run(const Options& options) {
  ordered_json splits = ordered_json::object();
  ordered_json document = ordered_json::object();
  for (const Manifest& manifest : options.dataset.open()) {
    document = {{"name", manifest.info().name},
                {"task", to_string(manifest.info().task)},
                {"media_root", manifest.media_root()},
                {"answers", manifest.info().answers.size()},
                {"labels", manifest.info().labels.size()}};
    splits[manifest.split()] = split_stats(manifest);
  }
  document["splits"] = splits;
  if (options.json) {
    std::printf("%s\n", document.dump().c_str());
    return kOk;
  }
  for (const auto& [key, value] : document.items()) {
    if (key != "splits")
      std::printf("%-16s %s\n", key.c_str(),
                  value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
  }
  for (const auto& [split, numbers] : splits.items()) {
    std::printf("\n%s\n", split.c_str());
    for (const auto& [key, value] : numbers.items()) std::printf("  %-16s %s\n", key.c_str(), value.dump().c_str());
  }
  return kOk;
}

}  // namespace

void add_stats(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("stats", "count a data set's samples, texts and answers");
  options->dataset.add_to(*command);
  command->add_flag("--json", options->json, "one JSON document on one line of standard output");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace aio::apps
