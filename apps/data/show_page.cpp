#include "apps/data/show_page.h"

#include <algorithm>

#include "apps/common/html.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

using Kind = ShownToken::Kind;

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --line: #8884; --soft: #888; --mask: #d9480f; --ok: #2b8a3e; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.3em; } h2 { font-size: 1.05em; margin: 0 0 .5em; }
section { border-top: 1px solid var(--line); padding: 1.2em 0; }
.frames { display: flex; flex-wrap: wrap; gap: 4px; margin-bottom: .8em; }
.frames img { border-radius: 3px; image-rendering: pixelated; }
.tokens { margin: .3em 0; } .tokens b { display: inline-block; min-width: 5.5em; font-weight: 500; color: var(--soft); }
.tokens span { border: 1px solid var(--line); border-radius: 4px; padding: 0 .35em; margin: 0 1px; white-space: pre; }
.tokens .special, .pad { color: var(--soft); border-style: dashed; }
.tokens .masked, .tokens .replaced, .tokens .kept { border-color: var(--mask); color: var(--mask); }
.tokens u { text-decoration: none; font-weight: 600; margin-left: .3em; }
.correct b { color: var(--ok); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1em; margin: .6em 0 0; font-size: .9em; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.bad { color: var(--mask); }
)";

constexpr const char* kLegend =
    "Frames as the model gets them: sampled, resized, cropped, normalised (undone for the eye). Tokens as it reads "
    "them; <span class=\"masked\">in colour</span> those to be predicted, with what they hide; kept means that the "
    "token itself stands there. +12 is padding.";

const char* css_class(Kind kind) {
  switch (kind) {
    case Kind::word: return "word";
    case Kind::special: return "special";
    case Kind::masked: return "masked";
    case Kind::replaced: return "replaced";
    case Kind::kept: break;
  }
  return "kept";
}

std::string tokens_element(const ShownText& text) {
  std::string html = message("<p class=\"tokens", text.correct ? " correct" : "", "\"><b>", html_escaped(text.name),
                             text.correct ? " &#10003;" : "", "</b> ");
  for (const ShownToken& token : text.tokens) {
    html += message("<span class=\"", css_class(token.kind), "\">", html_escaped(token.text));
    if (!token.hidden.empty())
      html += message("<u>", token.kind == Kind::kept ? "kept" : html_escaped(token.hidden), "</u>");
    html += "</span> ";
  }
  if (text.padding > 0) html += message("<span class=\"pad\">+", text.padding, "</span>");
  return html + "</p>\n";
}

std::string sample_element(const ShownSample& sample) {
  std::string html = message("<section>\n<h2>", html_escaped(sample.id), "</h2>\n");
  if (!sample.readable) html += "<p class=\"bad\">unreadable: the frames are zeros</p>\n";
  html += "<div class=\"frames\">\n";
  const std::int64_t side = std::max({std::int64_t{160}, sample.frames.dim(1), sample.frames.dim(2)});  // never shrunk
  for (std::int64_t i = 0; i < sample.frames.dim(0); ++i) html += picture_element(sample.frames, i, side) + "\n";
  html += "</div>\n";
  for (const ShownText& text : sample.texts) html += tokens_element(text);
  html += "<dl>\n";
  for (const auto& [key, value] : sample.facts)
    html += message("<dt>", html_escaped(key), "</dt><dd><bdi>", html_escaped(value), "</bdi></dd>\n");
  return html + "</dl>\n</section>\n";
}

}  // namespace

std::string show_page(const std::string& title, const std::vector<ShownSample>& samples) {
  std::string body = message("<h1>", html_escaped(title), "</h1>\n<p class=\"tokens\">", kLegend, "</p>\n");
  for (const ShownSample& sample : samples) body += sample_element(sample);
  return html_page(title, kStyle, body);
}

}  // namespace aio::apps
