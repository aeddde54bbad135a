// The tokenizer against Hugging Face's, recorded and live.

#include "data/wordpiece.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/data/generated_text.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio {
namespace {

using Ids = std::vector<std::int64_t>;

const std::string kGolden = AIO_TEST_DATA "/golden/text/";
const std::string kVocabulary = kGolden + "bert_base_uncased_vocab.txt";  // Google's, Apache License 2.0

const WordPiece& bert(LetterCase letter_case = LetterCase::uncased) {
  static const WordPiece uncased = WordPiece::load(kVocabulary, LetterCase::uncased);
  static const WordPiece cased = WordPiece::load(kVocabulary, LetterCase::cased);
  return letter_case == LetterCase::uncased ? uncased : cased;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::uint64_t fnv1a(std::string_view bytes, std::uint64_t value = 0xCBF29CE484222325) {
  for (const char byte : bytes) value = (value ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
  return value;
}

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

template <class Items, class ToText>
std::string join(const Items& items, ToText to_text) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += ' ';
    text += to_text(item);
  }
  return text;
}

/// The words of a text, longer ones than 100 characters marked and cut.
std::vector<std::string> words_of(std::string_view text, LetterCase letter_case) {
  std::vector<std::string> words;
  for (WordSplitter splitter(text, letter_case); splitter.next();) {
    words.emplace_back(splitter.word());
    if (splitter.too_long()) words.back() += "...";
  }
  return words;
}

/// What tests/data/wordpiece_peer.py prints for a text.
std::string line_for(const std::string& text) {
  std::string line;
  for (const LetterCase letter_case : {LetterCase::uncased, LetterCase::cased}) {
    line += join(bert(letter_case).encode(text), [](std::int64_t id) { return std::to_string(id); }) + '\t';
  }
  const auto same = [](const std::string& word) { return word; };
  line += join(words_of(text, LetterCase::uncased), same) + '\t';
  return line + join(words_of(text, LetterCase::cased), same);
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Recorded with transformers 5.23, tokenizers 0.23 (4.49 and 0.21 give the same): [bytes as Latin-1, ids uncased,
// cased].
TEST_CASE("wordpiece: hand-picked texts have Hugging Face's ids") {
  std::ifstream file(kGolden + "wordpiece.json");
  const nlohmann::json cases = nlohmann::json::parse(file);
  REQUIRE(cases.size() > 90);
  for (const nlohmann::json& item : cases) {
    std::string bytes;
    for (std::string_view rest = item[0].get_ref<const std::string&>(); !rest.empty();) {
      const unicode::Decoded next = unicode::decode(rest);
      bytes += static_cast<char>(next.code_point);
      rest.remove_prefix(next.bytes);
    }
    CAPTURE(bytes);
    CHECK(bert(LetterCase::uncased).encode(bytes) == item[1].get<Ids>());
    CHECK(bert(LetterCase::cased).encode(bytes) == item[2].get<Ids>());
  }
}

TEST_CASE("wordpiece: generated texts have Hugging Face's ids and words, by recorded hash") {
  const std::vector<std::string> hashes = lines_of(kGolden + "wordpiece_generated.txt");
  REQUIRE(hashes.size() == 4000);
  test::TextGenerator generator(bert());
  for (std::uint32_t i = 0; i < hashes.size(); ++i) {
    const std::string text = generator.text(i);
    CAPTURE(i);
    CAPTURE(text);
    CHECK(hex(fnv1a(line_for(text))) == hashes[i]);
  }
}

TEST_CASE("wordpiece: every code point becomes what Hugging Face makes of it, by recorded hash") {
  const std::vector<std::string> hashes = lines_of(kGolden + "wordpiece_code_points.txt");
  REQUIRE(hashes.size() == 0x110);
  char32_t c = 0;
  for (std::size_t block = 0; block < hashes.size(); ++block) {
    std::uint64_t hash = fnv1a("");
    for (; c < (block + 1) * 0x1000; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      char bytes[4];
      const std::string x(bytes, unicode::encode(c, bytes));
      const std::string text = message("a", x, "b ", x, "\xCC\x81");
      std::vector<std::string> words = words_of(text, LetterCase::uncased);
      for (std::string& word : words_of(text, LetterCase::cased)) words.push_back(std::move(word));
      hash = fnv1a(join(words, [](const std::string& word) { return word; }), hash);
    }
    CAPTURE(block);
    CHECK(hex(hash) == hashes[block]);
  }
}

// Marks that Unicode 8 does not know stay, in canonical order (U+1E944 has class 230, U+1E94A class 7), which Hugging
// Face makes after removing U+00AD and before removing marks: U+0901, of class 0, keeps the two apart, U+0301 does not.
TEST_CASE("wordpiece: marks move past what is removed, but not past a starter") {
  const std::string high = "\xF0\x9E\xA5\x84", low = "\xF0\x9E\xA5\x8A";
  const std::string apart = message("x", high, low, "y"), sorted = message("x", low, high, "y");
  for (const auto& [between, expected] :
       {std::pair{"", sorted}, {"\xCC\x81", sorted}, {"\xC2\xAD", sorted}, {"\xE0\xA4\x81", apart}}) {
    CHECK(words_of(message("x", high, between, low, "y"), LetterCase::uncased) == std::vector<std::string>{expected});
  }
}

TEST_CASE("wordpiece: 100,000 generated texts have the ids and words of the installed Hugging Face") {
  const char* const python = std::getenv("AIO_PEER_PYTHON");
  if (python == nullptr) {
    MESSAGE("skipped: AIO_PEER_PYTHON names no interpreter with transformers");
    return;
  }
  constexpr std::uint32_t kTexts = 100'000;
  const test::TempDir folder;
  test::TextGenerator generator(bert());
  {
    std::ofstream file(folder / "texts", std::ios::binary);
    for (std::uint32_t i = 0; i < kTexts; ++i) {
      const std::string text = generator.text(i);
      const auto size = static_cast<std::uint32_t>(text.size());
      file.write(reinterpret_cast<const char*>(&size), 4).write(text.data(), size);
    }
  }
  const std::string command = std::string(python) + " " AIO_TEST_DATA "/data/wordpiece_peer.py " + kVocabulary +
                              " texts " + folder / "texts" + " > " + folder / "lines";
  REQUIRE(std::system(command.c_str()) == 0);
  const std::vector<std::string> lines = lines_of(folder / "lines");
  REQUIRE(lines.size() == kTexts);
  std::uint32_t equal = 0;
  for (std::uint32_t i = 0; i < kTexts; ++i) {
    const std::string text = generator.text(i);
    const bool same = line_for(text) == lines[i];
    equal += same ? 1 : 0;
    if (!same && i - equal < 5) {
      CAPTURE(text);
      CHECK(line_for(text) == lines[i]);
    }
  }
  CHECK(equal == kTexts);
}

TEST_CASE("wordpiece: too many tokens are cut from the end, [SEP] stays") {
  const std::string text = "a man is playing a guitar on [MASK]";
  const Ids all = bert().encode(text);
  REQUIRE(all.size() == 10);
  for (std::size_t length = 2; length <= 12; ++length) {
    Ids expected(all.begin(), all.begin() + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(length) - 1, 9));
    expected.push_back(bert().special().sep);
    CHECK(bert().encode(text, length) == expected);
  }
  CHECK(bert().encode("", 2) == Ids{101, 102});
  CHECK(bert().encode("[SEP] [SEP]", 3) == Ids{101, 102, 102});
  CHECK(bert().encode("unaffable unaffable", 4).size() == 4);  // within a word
  EXPECT_ERROR(bert().encode("a", 1), value, "expected at least 2");
}

TEST_CASE("wordpiece: a batch is padded to its length and says where") {
  const std::vector<std::string> texts{"a dog", "", "a man is playing a guitar on the street"};
  const TokenBatch batch = bert().encode_batch(texts, 6);
  CHECK(batch.ids.shape() == Shape{3, 6});
  CHECK(batch.ids.to_vector<std::int64_t>() ==
        Ids{101, 1037, 3899, 102, 0, 0, 101, 102, 0, 0, 0, 0, 101, 1037, 2158, 2003, 2652, 102});
  CHECK(batch.mask.to_vector<std::int64_t>() == Ids{1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1});
  CHECK(bert().encode_batch({}, 4).ids.shape() == Shape{0, 4});
}

TEST_CASE("wordpiece: decode joins pieces as Hugging Face's decoder does") {
  const auto ids = [](std::initializer_list<const char*> tokens) {
    Ids found;
    for (const char* token : tokens) {
      for (std::int64_t id = 0; id < bert().size(); ++id) {
        if (bert().token(id) == token) found.push_back(id);
      }
    }
    REQUIRE(found.size() == tokens.size());
    return found;
  };
  const Ids hello = ids({"[CLS]", "hello", ",", "world", "!", "[SEP]"});
  CHECK(bert().decode(hello) == "[CLS] hello, world! [SEP]");
  CHECK(bert().decode(hello, true) == "hello, world!");
  CHECK(bert().decode(ids({"don", "'", "t", "stop", "."})) == "don ' t stop.");
  CHECK(bert().decode(ids({"play", "##ing", "##s"})) == "playings");
  CHECK(bert().decode(ids({"##ing", "##ing"})) == "##inging");
  CHECK(bert().decode(ids({".", "a", "."})) == ". a.");
  CHECK(bert().decode(ids({"[CLS]", "##ing"}), true) == "##ing");
  CHECK(bert().decode({}) == "");
  EXPECT_ERROR(bert().decode(Ids{30522}), index, "id 30522 is not in the vocabulary of 30522");
  EXPECT_ERROR(bert().decode(Ids{-1}), index, "id -1");
}

TEST_CASE("wordpiece: special tokens, continuations") {
  const SpecialTokens& special = bert().special();
  CHECK(Ids{special.pad, special.unk, special.cls, special.sep, special.mask} == Ids{0, 100, 101, 102, 103});
  CHECK(bert().is_special(103));
  CHECK_FALSE(bert().is_special(104));
  CHECK(bert().is_continuation(bert().encode("playings")[2]));
  CHECK_FALSE(bert().is_continuation(1037));
  CHECK(bert().size() == 30522);
}

TEST_CASE("wordpiece: vocabularies of any order, with line ends of any kind; of equal tokens the last counts") {
  const test::TempDir folder;
  const auto write = [&](const std::string& text) {
    test::write_text_file(folder / "vocab.txt", text);
    return folder / "vocab.txt";
  };
  const WordPiece small = WordPiece::load(write("ab\r\n[SEP]\r\n##c\r\n[CLS]\r\n\r\n[UNK]\r\nab\r\n[PAD]\r\n[MASK]"));
  CHECK(small.size() == 9);
  CHECK(small.encode("abc ab b AB[MASK]") == Ids{3, 6, 2, 6, 5, 6, 8, 1});
  EXPECT_ERROR(WordPiece::load(folder / "none.txt"), io, "none.txt: cannot open");
  EXPECT_ERROR(WordPiece::load(folder.path().string()), io, "not a regular file");
  EXPECT_ERROR(WordPiece::load(write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n")), format,
               "the vocabulary of 4 tokens has no [MASK]");
  EXPECT_ERROR(WordPiece::load(write("")), format, "has no [PAD]");
  EXPECT_ERROR(WordPiece::load(write("[PAD]\n\xFF\n")), format, "token 1 is not valid UTF-8");
}

TEST_CASE("wordpiece: a megabyte of anything takes linear time") {
  const auto repeated = [](std::string_view part) {
    std::string text;
    while (text.size() < 1'000'000) text += part;
    return text;
  };
#ifdef NDEBUG
  constexpr double kBound = 0.5;  // about 0.01 are taken
#else
  constexpr double kBound = 5;  // with sanitizers
#endif
  for (const char* part :
       {"a", "\xE4\xB8\xAD", "[", "[MASK]", "[MASK", "a ", "un", "##", "\xF0\x9F\x98\x80", "\xFF", "\xCC\x81",
        "\xF0\x9D\x85\xA5\xE3\x80\xAE", "\xEA\xB0\x81", "\xE2\x89\xAF", "\xF0\xA0\x80\x80"}) {
    const std::string text = repeated(part);
    const double start = cpu_seconds();
    const Ids ids = bert().encode(text);
    const double seconds = cpu_seconds() - start;
    CAPTURE(part);
    CHECK(ids.size() <= text.size() + 2);
    CHECK(seconds < kBound);
    CHECK(bert().encode(text, 40).size() <= 40);
  }
}

TEST_CASE("wordpiece: random bytes are texts") {
  Dice dice({.seed = 21});
  for (int i = 0; i < 2000; ++i) {
    std::string text(static_cast<std::size_t>(dice.below(64)), '\0');
    for (char& c : text) c = static_cast<char>(dice.below(256));
    const Ids ids = bert().encode(text, 32);
    REQUIRE(ids.size() >= 2);
    for (const std::int64_t id : ids) REQUIRE((id >= 0 && id < bert().size()));
    bert().decode(ids);
  }
}

}  // namespace
}  // namespace aio
