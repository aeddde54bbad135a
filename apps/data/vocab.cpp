// aio_data vocab: learns a WordPiece vocabulary from captions and writes its vocab.txt.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/data/commands.h"
#include "data/wordpiece_trainer.h"
#include "tensor/atomic_file.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

struct Options {
  std::vector<std::string> captions;
  std::string out;
  WordPieceTrainer::Options training;
  bool cased = false;
  bool json = false;
};

int run(const Options& options) {
  WordPieceTrainer trainer(options.cased ? LetterCase::cased : LetterCase::uncased);
  std::int64_t lines = 0;
  for (const std::string& path : options.captions) {
    std::ifstream file(path, std::ios::binary);
    check(file.is_open(), ErrorCode::io, "vocab: cannot open ", path);
    for (std::string line; std::getline(file, line); ++lines) trainer.add(line);
    check(!file.bad(), ErrorCode::io, "vocab: cannot read ", path);
  }
  check(trainer.words() > 0, ErrorCode::format, "vocab: there are no words in the ", lines, " lines of captions");
  const std::vector<std::string> vocabulary = trainer.learn(options.training);

  std::string text;
  for (const std::string& token : vocabulary) text += token + '\n';
  write_atomically(options.out, text);
  if (options.json) {
    const nlohmann::ordered_json report{
        {"vocab", options.out}, {"tokens", vocabulary.size()}, {"words", trainer.words()}, {"captions", lines}};
    std::printf("%s\n", report.dump().c_str());
  } else {
    std::printf("%zu tokens from %lld different words of %lld captions in %s\n", vocabulary.size(),
                static_cast<long long>(trainer.words()), static_cast<long long>(lines), options.out.c_str());
  }
  return kOk;
}

}  // namespace

void add_vocab(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("vocab", "learn a WordPiece vocabulary from captions");
  command->add_option("--captions", options->captions, "text files, one caption a line")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--size", options->training.size, "tokens at most, the special ones included")
      ->capture_default_str()
      ->check(CLI::Range(6, 10'000'000));
  command->add_option("--out", options->out, "the vocab.txt to write")->required();
  command->add_option("--min-count", options->training.min_count, "pieces that are together less often stay apart")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--max-characters", options->training.max_characters, "keep the most frequent characters")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_flag("--cased", options->cased, "keep case and accents");
  command->add_flag("--json", options->json, "one JSON document on one line of standard output");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace aio::apps
