// The rules for words, contractions and what hyphens, slashes and apostrophes join.

#include <algorithm>
#include <array>

#include "data/metrics/ptb/rules.h"

namespace aio::ptb {
namespace {

/// 's 'm 'd 're 've 'll
std::size_t auxiliary_end(Text text, std::size_t i) {
  if (!is_apostrophe(at(text, i))) return 0;
  for (const std::string_view form : {"re", "ve", "ll", "s", "m", "d"}) {
    if (has(text, i + 1, form)) return i + 1 + form.size();
  }
  return 0;
}

/// n't, also with what people type for an apostrophe
std::size_t negation_end(Text text, std::size_t i) {
  const char32_t mark = at(text, i + 1);
  const bool apostrophe = is_apostrophe(mark) || mark == '`' || mark == 0x2018;
  return has(text, i, "n") && apostrophe && has(text, i + 2, "t") ? i + 3 : 0;
}

}  // namespace

/// {LETTER}({LETTER}|{DIGIT})*([.!?]{LETTER}({LETTER}|{DIGIT})*)*
std::size_t word_end(Text text, std::size_t i) {
  if (!is_letter(at(text, i))) return 0;
  i = run(text, i, is_alnum);
  while (one_of(at(text, i), U".!?") && is_letter(at(text, i + 1))) i = run(text, i + 1, is_alnum);
  return i;
}

/// "cannot" is two words, and so are the others.
Match fused(Text text, std::size_t i) {
  struct Fused {
    std::string_view whole;
    std::size_t first;
  };
  constexpr Fused kFused[] = {{"cannot", 3}, {"gonna", 3}, {"gotta", 3}, {"lemme", 3},
                              {"gimme", 3},  {"wanna", 3}, {"'tis", 2},  {"'twas", 2}};
  for (const Fused& entry : kFused) {
    if (text[i] != 0x2019 && has(text, i, entry.whole)) return {i + entry.first, i + entry.whole.size()};
  }
  return {};
}

Match word_before_auxiliary(Text text, std::size_t i) {
  const std::size_t end = word_end(text, i);
  const std::size_t reach = end == 0 ? 0 : auxiliary_end(text, end);
  return reach == 0 ? Match{} : Match{end, reach};
}

Match word_before_negation(Text text, std::size_t i) {
  const std::size_t letters = run(text, i, is_ascii_letter);
  if (letters < i + 2) return {};
  const std::size_t end = letters - 1;
  const std::size_t reach = lower(text[end - 1]) != 'n' ? negation_end(text, end) : 0;
  return reach == 0 ? Match{} : Match{end, reach};
}

Match word(Text text, std::size_t i) { return plain(word_end(text, i)); }

Match word_with_period(Text text, std::size_t i) {
  const std::size_t end = word_end(text, i);
  const bool match = end != 0 && at(text, end) == '.' && one_of(at(text, end + 1), U",;:");
  return match ? Match{end + 1, end + 2} : Match{};
}

Match apostrophe_word(Text text, std::size_t i) {
  constexpr auto kWhole =
      std::to_array<std::string_view>({"'em", "'till", "'til", "'cause", "somethin'", "dunkin'", "ol'", "cont'd.",
                                       "cont'd", "nor'easter", "c'mon", "e'er", "s'mores", "ev'ry", "li'l", "nat'l"});
  std::size_t end = 0;
  for (const std::string_view entry : kWhole) {
    if (has(text, i, entry)) end = std::max(end, i + entry.size());
  }
  const char32_t first = at(text, i);
  if (is_apostrophe(first)) {
    if (has(text, i + 1, "n")) end = std::max(end, i + 2 + (is_apostrophe(at(text, i + 2)) ? 1 : 0));
    const char32_t decade = at(text, i + 1);
    if (decade >= '2' && decade <= '9' && has(text, i + 2, "0s")) end = std::max(end, i + 4);
    return plain(end);
  }
  if (is_apostrophe(at(text, i + 1))) {
    if (one_of(lower(first), U"ldj")) end = std::max(end, i + 2);
    const bool name = first == 'n' || (is_upper(first) && first != 'I' && first != 'Y');
    const std::size_t rest = run(text, i + 2, is_letter);
    if (name && rest >= i + 4) end = std::max(end, rest);
  }
  // Two vowels around the apostrophe: Xi'an, ma'am.
  const std::size_t letters = run(text, i, is_letter);
  if (letters >= i + 2 && is_apostrophe(at(text, letters)) && one_of(lower(text[letters - 1]), U"aeiouy") &&
      (one_of(at(text, letters + 1), U"aeiou") || is_upper(at(text, letters + 1)))) {
    end = std::max(end, run(text, letters + 1, is_letter));
  }
  return plain(end);
}

Match you(Text text, std::size_t i) {
  const bool match = has(text, i, "y") && is_apostrophe(at(text, i + 1)) && is_letter(at(text, i + 2));
  return match ? Match{i + 2, i + 3} : Match{};
}

Match auxiliary(Text text, std::size_t i) {
  const std::size_t end = std::max(auxiliary_end(text, i), negation_end(text, i));
  return end == 0 || is_ascii_letter(at(text, end)) ? Match{} : Match{end, end + 1};
}

Match year(Text text, std::size_t i) {
  const bool match =
      is_apostrophe(at(text, i)) && is_digit(at(text, i + 1)) && is_digit(at(text, i + 2)) && is_space(at(text, i + 3));
  return match ? Match{i + 3, i + 4} : Match{};
}

Match hyphenated(Text text, std::size_t i) {
  const auto part = [&](std::size_t begin) {
    if (one_of(lower(at(text, begin)), U"dol") && is_apostrophe(at(text, begin + 1)) && is_alnum(at(text, begin + 2)))
      begin += 2;
    const std::size_t end = run(text, begin, is_alnum);
    return end == begin ? std::size_t{0} : end;
  };
  std::size_t end = part(i);
  while (end != 0 && is_hyphen(at(text, end))) {
    const std::size_t next = part(end + 1);
    if (next == 0) break;
    end = next;
  }
  return plain(end);
}

Match joined_capitals(Text text, std::size_t i) {
  std::size_t end = run(text, i, is_upper), joined = 0;
  while (end > i && one_of(at(text, end), U"&+") && is_upper(at(text, end + 1)))
    end = joined = run(text, end + 1, is_upper);
  return plain(joined);
}

Match alternatives(Text text, std::size_t i) {
  const auto part = [&](std::size_t begin) {
    std::size_t end = run(text, begin, is_ascii_alnum);
    if (end == begin) return std::size_t{0};
    for (int hyphens = 0; hyphens < 2 && at(text, end) == '-' && is_ascii_letter(at(text, end + 1)); ++hyphens)
      end = run(text, end + 1, is_ascii_letter);
    return end;
  };
  std::size_t end = part(i), matched = 0;
  for (int slashes = 0; end != 0 && slashes < 2; ++slashes) {
    const std::size_t slash = end + (at(text, end) == '\\' ? 1 : 0);
    end = at(text, slash) == '/' ? part(slash + 1) : 0;
    matched = std::max(matched, end);
  }
  return plain(matched);
}

Match number_hyphenated(Text text, std::size_t i) {
  if (!is_ascii_alnum(at(text, i))) return {};
  std::size_t end = run(text, i, [](char32_t c) { return is_ascii_alnum(c) || c == '.' || c == ','; }), joined = 0;
  while (at(text, end) == '-' && is_ascii_alnum(at(text, end + 1))) {
    const std::size_t acronym = acronym_end(text, end + 1);
    joined = run(text, end + 1, is_ascii_alnum);
    if (acronym != 0 && at(text, acronym) == '.') joined = acronym + 1;
    end = joined;
  }
  return plain(joined);
}

Match prefix_or_name(Text text, std::size_t i) {
  for (const std::string_view entry : {"pro-", "anti-", "cap'n", "c'est", "c++", "c#", "f#"}) {
    if (has(text, i, entry)) return plain(i + entry.size());
  }
  return {};
}

}  // namespace aio::ptb
