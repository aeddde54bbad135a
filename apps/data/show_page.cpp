#include "apps/data/show_page.h"

#include <algorithm>
#include <cstdint>

#include "data/image_writer.h"
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

/// One frame of u8 [n, H, W, 3] as a picture inside the page.
std::string image_element(const Tensor& frames, std::int64_t index) {
  const std::int64_t height = frames.dim(1), width = frames.dim(2), bytes = height * width * 3;
  const std::uint8_t* first = frames.data<std::uint8_t>() + index * bytes;
  const Tensor frame = Tensor::from(std::span(first, static_cast<std::size_t>(bytes)), {height, width, 3});
  const std::int64_t zoom = std::max<std::int64_t>(1, 160 / std::max(width, height));  // small frames are for models
  return message("<img alt=\"frame ", index, "\" width=\"", zoom * width, "\" height=\"", zoom * height,
                 "\" src=\"data:image/png;base64,", base64(encode_png(frame)), "\">");
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
  for (std::int64_t i = 0; i < sample.frames.dim(0); ++i) html += image_element(sample.frames, i) + "\n";
  html += "</div>\n";
  for (const ShownText& text : sample.texts) html += tokens_element(text);
  html += "<dl>\n";
  for (const auto& [key, value] : sample.facts)
    html += message("<dt>", html_escaped(key), "</dt><dd><bdi>", html_escaped(value), "</bdi></dd>\n");
  return html + "</dl>\n</section>\n";
}

}  // namespace

std::string html_escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default:
        if ((static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\t') || c == 127) {
          result += "\xef\xbf\xbd";
        } else {
          result += c;
        }
    }
  }
  return result;
}

std::string base64(const std::string& bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) result += i + j <= bytes.size() ? digits[group >> (18 - 6 * j) & 63U] : '=';
  }
  return result;
}

std::string show_page(const std::string& title, const std::vector<ShownSample>& samples) {
  std::string html = message(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src 'unsafe-inline'\">\n<title>",
      html_escaped(title), "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<h1>", html_escaped(title),
      "</h1>\n<p class=\"tokens\">", kLegend, "</p>\n");
  for (const ShownSample& sample : samples) html += sample_element(sample);
  return html + "</body>\n</html>\n";
}

}  // namespace aio::apps
