// aio_visualize cloze: masks words of a sentence, says what the model puts there, and shows the patches that each of
// the words belongs to (the paper's figure 7).

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/common/output.h"
#include "apps/visualizer/cloze.h"
#include "apps/visualizer/commands.h"
#include "apps/visualizer/heat_map.h"
#include "apps/visualizer/page.h"
#include "apps/visualizer/word_patches.h"
#include "data/image_writer.h"

namespace aio::apps {
namespace {

using nlohmann::ordered_json;

struct Options {
  SubjectOptions subject;
  std::vector<std::string> mask;
  double threshold = 0.5;
  bool json = false;
};

/// "red 93%, blue 4%".
std::string list_of(const std::vector<std::pair<std::string, double>>& candidates) {
  std::string text;
  for (const auto& [piece, probability] : candidates) {
    char share[32];
    std::snprintf(share, sizeof(share), " %.0f%%", 100 * probability);  // in one piece where lines are broken
    text += (text.empty() ? "" : ", ") + piece + share;
  }
  return text;
}

int run(const Options& options) {
  constexpr std::int64_t kCandidates = 5;
  make_output_folder(options.subject.out);
  const Subject subject(options.subject);
  const std::vector<Word> masked = choose_words(subject.words, options.mask);
  const std::vector<Guess> guesses = guess_words(subject, masked, kCandidates);
  const std::vector<std::vector<double>> patches = word_patches(subject, masked);

  const std::string sentence = masked_sentence(subject.words, masked);
  std::vector<PictureRow> rows{{sentence, options.subject.video, enlarged(subject.pictures)}};
  ordered_json list = ordered_json::array();
  std::int64_t right = 0;
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    const Guess& guess = guesses[i];
    const bool hit = guess.answer == guess.word.text;
    right += hit ? 1 : 0;
    rows.push_back({guess.word.text + (hit ? ": found" : ": taken for " + guess.answer), list_of(guess.candidates),
                    heat_overlay(subject.pictures, patches[i], options.threshold)});
    ordered_json candidates = ordered_json::array();
    for (const auto& [piece, probability] : guess.candidates) candidates.push_back({piece, probability});
    list.push_back({{"word", guess.word.text}, {"answer", guess.answer}, {"candidates", candidates}});
  }
  const std::filesystem::path out(options.subject.out);
  write_png((out / "cloze.png").string(), sheet_of(rows));
  Page page("Cloze: " + options.subject.text);
  page.text(message(right, " of ", guesses.size(),
                    " masked words were found. Below each: the most probable pieces, and the ",
                    "patches that optimal transport gives to the word."));
  page.rows(rows);
  page.write((out / "index.html").string());

  if (options.json) {
    const ordered_json document{
        {"out", options.subject.out}, {"sentence", sentence}, {"words", list}, {"right", right}};
    std::printf("%s\n", document.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
    return kOk;
  }
  std::printf("%s\n", sentence.c_str());
  for (const Guess& guess : guesses) {
    std::printf("  %-16s %s\n", guess.word.text.c_str(), list_of(guess.candidates).c_str());
  }
  std::printf("written to %s\n", options.subject.out.c_str());
  return kOk;
}

}  // namespace

void add_cloze(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      app.add_subcommand("cloze", "mask words of a sentence about a video and let the model fill them in");
  options->subject.add_to(*command);
  command->add_option("--mask", options->mask, "words to mask, separated by commas (default: all content words)")
      ->delimiter(',');
  command->add_option("--threshold", options->threshold, "heat is shown from this share of the largest on")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_flag("--json", options->json, "one JSON document on one line of standard output");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace aio::apps
