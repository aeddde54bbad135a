// aio_bench tokenizer: texts to ids with BERT's vocabulary, beside Hugging Face's Rust tokenizer; both on one core, in
// seconds of the CPU.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "bench/bench.h"
#include "bench/python_peer.h"
#include "bench/temp_folder.h"
#include "data/dice.h"
#include "data/wordpiece.h"

namespace aio::bench {
namespace {

const char* const kVocabulary = AIO_BENCH_DIR "/../tests/golden/text/bert_base_uncased_vocab.txt";
constexpr std::size_t kTexts = 2000;

/// 20 words drawn by Zipf's law from those of the vocabulary, which is ordered by frequency; a stop at the end.
std::string caption(const WordPiece& vocabulary, Dice& dice) {
  constexpr std::int64_t kFirstWord = 1996;  // "the"
  const double words = static_cast<double>(vocabulary.size() - kFirstWord);
  std::string text;
  for (int word = 0; word < 20;) {
    const auto rank = static_cast<std::int64_t>(std::pow(words, dice.uniform()));
    std::string_view token = vocabulary.token(kFirstWord + rank - 1);
    if (token.starts_with("##")) {
      token.remove_prefix(2);  // makes a rarer word of the one before
    } else if (!text.empty()) {
      text += ' ';
    }
    text += token;
    ++word;
  }
  return text + '.';
}

std::vector<std::string> captions(const WordPiece& vocabulary) {
  Dice dice({.seed = 1});
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < kTexts; ++i) texts.push_back(caption(vocabulary, dice));
  return texts;
}

/// About half of the text is accents, other scripts, ideographs and emoji.
std::vector<std::string> multilingual(const WordPiece& vocabulary) {
  static constexpr const char* kParts[] = {
      " Ünïcödé café", " Два человека бегут",      " 人が走っている", " 한국어 문장",
      " दो लोग",       " 👨‍👩‍👧 😀", " İstanbul’da",    " naïveté – “quoted”"};
  Dice dice({.seed = 2});
  std::vector<std::string> texts;
  for (std::string& text : captions(vocabulary)) {
    for (int part = 0; part < 6; ++part) text += kParts[dice.below(std::ssize(kParts))];
    texts.push_back(std::move(text));
  }
  return texts;
}

/// The texts that the peer reads.
void write(const TempFolder& folder, const std::string& name, const std::vector<std::string>& texts) {
  std::ofstream file(std::filesystem::path(folder.path()) / name, std::ios::binary);
  for (const std::string& text : texts) file << text << '\n';
}

}  // namespace

void run_tokenizer(const Options& options, Report& report) {
  const WordPiece tokenizer = WordPiece::load(kVocabulary);
  const TempFolder folder;
  const auto peer = start_peer(options, report, kTokenizerPeer, {kVocabulary, folder.path()});
  Options timing = options;
  timing.cpu_time = true;

  const std::pair<std::string, std::vector<std::string>> cases[] = {{"captions", captions(tokenizer)},
                                                                    {"multilingual", multilingual(tokenizer)}};
  for (const auto& [name, texts] : cases) {
    if (!options.selects(name)) continue;
    write(folder, name, texts);
    double bytes = 0;
    for (const std::string& text : texts) bytes += static_cast<double>(text.size());
    std::size_t tokens = 0;
    const std::function<void()> contenders[] = {[&, &texts = texts] {
      for (const std::string& text : texts) tokens += tokenizer.encode(text).size();
    }};
    double ours = 1e30, theirs = 1e30;
    for (int turn = 0; turn < 3; ++turn) {
      ours = std::min(ours, time_in_turns(contenders, timing)[0].best);
      if (peer) theirs = std::min(theirs, peer->seconds(name, 0.5).value_or(1e30));
    }
    const auto texts_per_second = [](double seconds) { return static_cast<double>(kTexts) / seconds; };
    Report::Fields row{{"case", name}, {"texts_per_s", texts_per_second(ours)}, {"mb_per_s", bytes / ours / 1e6}};
    if (peer) {
      row.emplace_back("hugging_face_texts_per_s", texts_per_second(theirs));
      row.emplace_back("vs_hugging_face", theirs / ours);
    }
    report.row(std::move(row));
  }
}

}  // namespace aio::bench
