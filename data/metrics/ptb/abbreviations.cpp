// Which words keep their period. The lists are what the tokenizer was seen to keep, of 74,000 words.

#include <array>

#include "data/metrics/ptb/rules.h"

namespace aio::ptb {
namespace {

constexpr auto kAbbreviations = std::to_array<std::string_view>(
    {"adj",  "adm",     "adv",   "al",    "ala",  "alex", "apr",  "ariz",   "assn",  "assoc", "atty", "attys", "aug",
     "ave",  "bancorp", "bhd",   "bldg",  "blvd", "brig", "bros", "calif",  "capt",  "cf",    "cie",  "cmdr",  "co",
     "col",  "colo",    "comdr", "conn",  "corp", "cos",  "cpl",  "ct",     "dak",   "dec",   "dept", "det",   "dr",
     "drs",  "ed.d",    "ens",   "esq",   "est",  "etc",  "ext",  "feb",    "fla",   "fri",   "ft",   "ga",    "gen",
     "gov",  "govs",    "hon",   "inc",   "ind",  "intl", "jan",  "jos",    "jr",    "jul",   "jun",  "kan",   "kans",
     "ky",   "lieut",   "lt",    "ltd",   "maj",  "mar",  "md",   "messrs", "mfg",   "mich",  "minn", "mlle",  "mme",
     "mo",   "mon",     "mont",  "mr",    "mrs",  "ms",   "mt",   "mtg",    "neb",   "nev",   "nov",  "oct",   "okla",
     "penn", "pfc",     "ph",    "ph.d",  "plc",  "pres", "prof", "profs",  "pte",   "pty",   "pvt",  "rd",    "rep",
     "reps", "rev",     "rt",    "sen",   "sens", "sep",  "sept", "seq",    "sfc",   "sgt",   "spc",  "sq",    "sr",
     "st",   "ste",     "supt",  "supts", "sys",  "tel",  "tenn", "thu",    "thurs", "treas", "tue",  "tues",  "univ",
     "va",   "vs",      "vt",    "wed",   "wis",  "wisc", "wm",   "wyo"});
/// Words of their own in lower case.
constexpr auto kCapitalAbbreviations =
    std::to_array<std::string_view>({"ark", "az", "del", "ill", "la", "mass", "miss", "ore", "pa", "tex", "wash"});
constexpr auto kBeforeNumber =
    std::to_array<std::string_view>({"art", "ca", "fig", "figs", "no", "nos", "op", "pp", "prop"});
/// After a letter and a period these begin a sentence.
constexpr auto kStarters = std::to_array<std::string_view>(
    {"a",    "about", "according", "additionally", "after", "an", "as",   "at",   "but",   "earlier", "he",
     "her",  "here",  "however",   "if",           "in",    "it", "last", "many", "more",  "now",     "once",
     "one",  "other", "our",       "she",          "since", "so", "some", "such", "that",  "the",     "their",
     "then", "there", "these",     "they",         "this",  "we", "what", "when", "while", "yet",     "you"});

}  // namespace

std::size_t acronym_end(Text text, std::size_t i) {
  if (!is_ascii_letter(at(text, i))) return 0;
  std::size_t end = i + 1;
  while (at(text, end) == '.' && is_ascii_letter(at(text, end + 1))) end += 2;
  return end > i + 1 ? end : 0;
}

Match abbreviation(Text text, std::size_t i) {
  if (const std::size_t end = acronym_end(text, i)) {
    if (at(text, end) == '.') return plain(end + 1);
  }
  std::size_t end = run(text, i, is_ascii_letter);
  if (has(text, i, "ph.d") || has(text, i, "ed.d")) end = i + 4;
  if (end == i || at(text, end) != '.') return {};
  const Text name = text.substr(i, end - i);
  if (in_list(kAbbreviations, name) || (is_upper(name[0]) && in_list(kCapitalAbbreviations, name)))
    return plain(end + 1);
  const std::size_t after = run(text, end + 1, is_space);
  if (in_list(kBeforeNumber, name) && after <= end + 2 && is_digit(at(text, after))) return {end + 1, after + 1};
  if (name.size() > 1) return {};
  const std::size_t next = run(text, after, is_ascii_letter);
  const bool sentence = after > end + 1 && is_upper(at(text, after)) && is_space(at(text, next)) &&
                        in_list(kStarters, text.substr(after, next - after));
  return sentence ? Match{} : plain(end + 1);
}

}  // namespace aio::ptb
