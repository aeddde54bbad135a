// aio_data tokenize: lines of text on standard input, their ids on standard output; --decode goes back.

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <memory>

#include "apps/data/commands.h"
#include "data/wordpiece.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

struct Options {
  std::string vocab;
  bool cased = false;
  bool decode = false;
  std::size_t max_length = WordPiece::kNoLimit;
};

std::string join(const std::vector<std::int64_t>& ids) {
  std::string line;
  for (const std::int64_t id : ids) {
    if (!line.empty()) line += ' ';
    line += std::to_string(id);
  }
  return line;
}

std::vector<std::int64_t> parse_ids(const std::string& line, std::size_t number) {
  std::vector<std::int64_t> ids;
  const char* const end = line.data() + line.size();
  for (const char* at = line.data(); at != end;) {
    if (*at == ' ' || *at == '\t' || *at == '\r') {
      ++at;
      continue;
    }
    std::int64_t id = 0;
    const auto [next, error] = std::from_chars(at, end, id);
    check(error == std::errc(), ErrorCode::format, "tokenize: line ", number,
          " holds something else than ids, expected whole numbers separated by blanks");
    ids.push_back(id);
    at = next;
  }
  return ids;
}

int run(const Options& options) {
  const WordPiece tokenizer = WordPiece::load(options.vocab, options.cased ? LetterCase::cased : LetterCase::uncased);
  std::ios::sync_with_stdio(false);
  std::string line;
  for (std::size_t number = 1; std::getline(std::cin, line); ++number) {
    std::cout << (options.decode ? tokenizer.decode(parse_ids(line, number))
                                 : join(tokenizer.encode(line, options.max_length)))
              << '\n';
  }
  std::cout.flush();
  check(!std::cout.fail(), ErrorCode::io, "tokenize: cannot write to standard output");
  return kOk;
}

}  // namespace

void add_tokenize(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand(
      "tokenize", "lines of standard input to the ids of their word pieces, with [CLS] and [SEP], without padding");
  command->add_option("--vocab", options->vocab, "vocab.txt: one token a line")->required()->check(CLI::ExistingFile);
  CLI::Option* const max_length =
      command->add_option("--max-len", options->max_length, "drop tokens from the end of longer lines; [SEP] stays")
          ->check(CLI::Range(2, 1'000'000'000));
  command->add_flag("--cased", options->cased, "keep case and accents (for the vocabularies of cased models)");
  command->add_flag("--decode", options->decode, "the other way: lines of ids to text")->excludes(max_length);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace aio::apps
