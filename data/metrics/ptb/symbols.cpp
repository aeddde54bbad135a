// The rules for numbers, addresses, tags, smileys and punctuation marks.

#include <algorithm>
#include <array>

#include "data/metrics/ptb/rules.h"

namespace aio::ptb {
namespace {

bool in_url(char32_t c) { return !is_space(c) && !one_of(c, U"\n\f\r\"<>|()"); }

/// A run of in_url() whose last character is no punctuation.
std::size_t url_rest(Text text, std::size_t i, Text excluded) {
  std::size_t end = run(text, i, [&](char32_t c) { return in_url(c) && !one_of(c, excluded); });
  while (end > i && one_of(text[end - 1], U".!?(){},-")) --end;
  return end >= i + 2 ? end : 0;
}

}  // namespace

// ---- numbers ----

Match number(Text text, std::size_t i) {
  std::size_t end = i + (one_of(at(text, i), U"-+") ? 1 : 0);
  const std::size_t digits = end;
  end = run(text, end, is_digit);
  while (one_of(at(text, end), U".:,") && is_digit(at(text, end + 1))) end = run(text, end + 1, is_digit);
  return plain(end == digits ? 0 : end);
}

Match dollar(Text text, std::size_t i) {
  const std::size_t end = run(text, i, is_upper);
  return plain(at(text, end) == '$' ? end + 1 : 0);
}

// ---- what the net brought ----

Match url(Text text, std::size_t i) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (has(text, i, scheme)) return plain(url_rest(text, i + scheme.size(), U"{}"));
  }
  std::size_t host = word_end(text, i);
  if (host == 0) return {};
  const Text name = text.substr(i, host - i);
  bool domain =
      name.ends_with(U".com") || name.ends_with(U".net") || name.ends_with(U".org") || name.ends_with(U".edu");
  if (has(text, i, "www.")) {  // more characters than a word has, such as hyphens, and a short top level
    const std::size_t limit = run(text, i, [](char32_t c) { return in_url(c) && !one_of(c, U"!?{},/"); });
    const std::size_t dot = text.substr(0, limit).rfind(U'.');
    const std::size_t top = run(text, dot + 1, is_ascii_letter) - dot - 1;
    domain = dot > i + 4 && top >= 2;
    host = dot + 1 + std::min<std::size_t>(top, 4);
  }
  if (!domain) return {};
  const std::size_t path = at(text, host) == '/' ? url_rest(text, host + 1, U"") : 0;
  return plain(path != 0 ? path : host);
}

Match email(Text text, std::size_t i) {
  if (!is_ascii_alnum(at(text, i))) return {};
  const auto in_mail = [](char32_t c) { return in_url(c); };
  const std::size_t limit = run(text, i, in_mail);
  const std::size_t sign = text.substr(0, limit).rfind(U'@');
  if (sign == Text::npos || sign <= i || sign + 1 >= limit || text[sign + 1] == '.') return {};
  std::size_t end = limit;
  while (text[end - 1] == '.') --end;
  return plain(end);
}

Match handle(Text text, std::size_t i) {
  const auto in_name = [](char32_t c) { return is_ascii_alnum(c) || c == '_'; };
  if (at(text, i) == '@' && (is_ascii_letter(at(text, i + 1)) || at(text, i + 1) == '_'))
    return plain(run(text, i + 1, in_name));
  return plain(at(text, i) == '#' && is_letter(at(text, i + 1)) ? run(text, i + 1, is_letter) : 0);
}

Match file_name(Text text, std::size_t i) {
  constexpr auto kExtensions = std::to_array<std::string_view>(
      {"3gp", "avi", "bat", "bmp",  "c",   "cgi",  "class", "cpp", "dll", "doc", "docx", "exe", "flv", "gif",
       "gz",  "h",   "htm", "html", "jar", "java", "jpeg",  "jpg", "mov", "mp3", "mp4",  "mpg", "pdf", "php",
       "pl",  "png", "ppt", "ps",   "py",  "sql",  "tar",   "txt", "wav", "wma", "wmv",  "x",   "xml", "zip"});
  std::size_t end = run(text, i, is_alnum), last = 0;
  while (end > i && at(text, end) == '.' && is_alnum(at(text, end + 1))) {
    last = end + 1;
    end = run(text, last, is_alnum);
  }
  const bool match = last != 0 && in_list(kExtensions, text.substr(last, end - last)) &&
                     (is_space(at(text, end)) || one_of(at(text, end), U".?!,"));
  return match ? Match{end, end + 1} : Match{};
}

Match tag(Text text, std::size_t i) {
  if (at(text, i) != '<') return {};
  const char32_t kind = at(text, i + 1);
  if (kind == '!' || kind == '?') {
    const std::size_t end = text.find(U'>', i);
    const bool match = end != Text::npos && (is_ascii_letter(at(text, i + 2)) || at(text, i + 2) == '-');
    return plain(match ? end + 1 : 0);
  }
  const auto in_name = [](char32_t c) { return is_ascii_alnum(c) || one_of(c, U"_:.-"); };
  const auto in_attributes = [&](char32_t c) { return in_name(c) || one_of(c, U" ='\"/"); };
  const std::size_t name = i + (kind == '/' ? 2 : 1);
  if (!is_ascii_letter(at(text, name))) return {};
  std::size_t end = run(text, name, in_name);
  if (at(text, end) == ' ') end = run(text, end, in_attributes);
  if (at(text, end) == '/') ++end;
  return plain(at(text, end) == '>' ? end + 1 : 0);
}

Match entity(Text text, std::size_t i) {
  for (const std::string_view name : {"&amp;", "&lt;", "&gt;", "&quot;", "&nbsp;"}) {
    if (has(text, i, name)) return plain(i + name.size());
  }
  return {};
}

Match smiley(Text text, std::size_t i) {
  const std::size_t eyes = i + (one_of(at(text, i), U"<>") ? 1 : 0);
  if (!one_of(at(text, eyes), U":;=")) return {};
  const std::size_t mouth = eyes + 1 + (one_of(at(text, eyes + 1), U"-o*'") ? 1 : 0);
  const bool match = one_of(at(text, mouth), U"()DPdpO\\{@|[]") && !is_ascii_alnum(at(text, mouth + 1));
  return match ? Match{mouth + 1, mouth + 2} : Match{};
}

// ---- marks ----

Match opening_quote(Text text, std::size_t i) {
  const bool match = at(text, i) == '\'' && is_ascii_letter(at(text, i + 1)) && !is_space(at(text, i + 2));
  return match ? Match{i + 1, i + 3} : Match{};
}

Match marks(Text text, std::size_t i) {
  const char32_t c = at(text, i);
  const std::size_t same = run(text, i, [&](char32_t other) { return other == c; });
  if (one_of(c, U"-*_#")) return plain(same);
  if (one_of(c, U"<>") && same >= i + 2) return plain(i + 2);
  if (c == '.' && same >= i + 3) return plain(same);
  if ((c == '\'' || c == '`') && same >= i + 2) return plain(i + 2);
  if (c == '?' || c == '!') return plain(run(text, i, [](char32_t other) { return other == '?' || other == '!'; }));
  return plain(i + 1);
}

}  // namespace aio::ptb
