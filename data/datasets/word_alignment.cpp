#include "data/datasets/word_alignment.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "tensor/edit_distance.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::size_t kMaxWords = 20000;  // a byte a pair: 400 MB
constexpr float kOutOfBand = 9999;

std::string plain(const std::string& word) {
  std::string result;
  for (const char c : word) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept =
        upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (kept) result.push_back(upper ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return result;
}

std::vector<std::string> plain(const std::vector<std::string>& words) {
  std::vector<std::string> result;
  for (const std::string& word : words) result.push_back(plain(word));
  return result;
}

enum Step : std::uint8_t { kBoth, kHeard, kCleaned };  // which of the two moved on

/// The step into each pair (heard, cleaned) of the cheapest path from (0, 0).
std::vector<std::uint8_t> warp(const std::vector<std::string>& heard, const std::vector<std::string>& cleaned,
                               std::size_t band) {
  const std::size_t width = cleaned.size();
  std::vector<std::uint8_t> steps(heard.size() * width);
  std::vector<float> costs(width), before(width);
  for (std::size_t i = 0; i < heard.size(); ++i) {
    std::swap(costs, before);
    for (std::size_t j = 0; j < width; ++j) {
      const bool inside = (i > j ? i - j : j - i) <= band;
      const float cost = inside ? static_cast<float>(edit_distance(heard[i], cleaned[j])) : kOutOfBand;
      Step step = kBoth;
      float best = 0;
      if (i > 0 && j > 0) best = before[j - 1];
      if (i > 0 && (j == 0 || before[j] < best)) {
        best = before[j];
        step = kHeard;
      }
      if (j > 0 && (i == 0 || costs[j - 1] < best)) {
        best = costs[j - 1];
        step = kCleaned;
      }
      costs[j] = best + cost;
      steps[i * width + j] = step;
    }
  }
  return steps;
}

/// Windows-1252's characters of the bytes 0x80 to 0x9f, 0 where it has none.
constexpr std::uint16_t kWindows1252[32] = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                            0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                            0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                            0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

/// The byte that Windows-1252 or Latin-1 writes a character as; -1 if none.
int byte_of(std::uint32_t code) {
  if (code <= 0xff) return static_cast<int>(code);
  const auto* const found = std::find(std::begin(kWindows1252), std::end(kWindows1252), code);
  return found == std::end(kWindows1252) ? -1 : static_cast<int>(0x80 + (found - std::begin(kWindows1252)));
}

/// The character at `at`, which moves behind it; false if there is no valid one.
bool next_character(const std::string& text, std::size_t& at, std::uint32_t& code) {
  const auto first = static_cast<unsigned char>(text[at]);
  const int more = first < 0x80                    ? 0
                   : first >= 0xc2 && first < 0xe0 ? 1
                   : first >= 0xe0 && first < 0xf0 ? 2
                   : first >= 0xf0 && first < 0xf5 ? 3
                                                   : -1;
  if (more < 0 || at + static_cast<std::size_t>(more) >= text.size()) return false;
  code = more == 0 ? first : first & (0x3fU >> more);
  for (int i = 1; i <= more; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
    if ((byte & 0xc0U) != 0x80U) return false;
    code = code << 6 | (byte & 0x3fU);
  }
  at += static_cast<std::size_t>(more) + 1;
  return true;
}

}  // namespace

std::vector<TimedWord> align_words(const std::vector<TimedWord>& heard, const std::vector<std::string>& cleaned) {
  check(heard.size() <= kMaxWords, ErrorCode::value, "align: ", heard.size(), " words, at most ", kMaxWords,
        " are aligned");
  if (heard.empty() || cleaned.empty()) return {};
  const std::size_t band = std::max<std::size_t>(heard.size() / 10, 32);
  std::vector<std::string> heard_texts;
  for (const TimedWord& word : heard) heard_texts.push_back(plain(word.text));
  const std::vector<std::string> kept(
      cleaned.begin(), cleaned.begin() + static_cast<std::ptrdiff_t>(std::min(cleaned.size(), heard.size() + band)));
  const std::vector<std::uint8_t> steps = warp(heard_texts, plain(kept), band);

  // Back along the path; going back, the last meeting seen of a cleaned word is its first.
  std::vector<std::size_t> meets(kept.size());
  std::size_t i = heard.size() - 1, j = kept.size() - 1;
  while (true) {
    meets[j] = i;
    if (i == 0 && j == 0) break;
    const std::uint8_t step = steps[i * kept.size() + j];
    i -= step != kCleaned ? 1 : 0;
    j -= step != kHeard ? 1 : 0;
  }
  std::vector<TimedWord> result;
  for (std::size_t k = 0; k < kept.size(); ++k) {
    if (k > 0 && meets[k] == meets[k - 1]) {
      result.back().text += " " + kept[k];
    } else {
      result.push_back({kept[k], heard[meets[k]].time});
    }
  }
  return result;
}

std::string fix_mojibake(const std::string& text) {
  std::string bytes;
  bool ascii = true;
  for (std::size_t at = 0; at < text.size();) {
    std::uint32_t code = 0;
    if (!next_character(text, at, code)) return text;
    const int byte = byte_of(code);
    if (byte < 0) return text;
    ascii = ascii && byte < 0x80;
    bytes.push_back(static_cast<char>(byte));
  }
  if (ascii) return text;
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint32_t code = 0;
    if (!next_character(bytes, at, code)) return text;
  }
  return bytes;
}

}  // namespace aio
