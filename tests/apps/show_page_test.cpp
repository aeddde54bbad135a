#include "apps/data/show_page.h"

#include <doctest/doctest.h>

namespace aio::apps {
namespace {

ShownSample sample(const std::string& text) {
  ShownSample shown;
  shown.id = text;
  shown.facts = {{"caption", text}};
  shown.frames = Tensor::zeros({2, 16, 16, 3}, {DType::u8, {}});
  ShownText tokens;
  tokens.name = "text";
  tokens.tokens = {{"[CLS]", ShownToken::Kind::special, ""},
                   {"[MASK]", ShownToken::Kind::masked, text},
                   {text, ShownToken::Kind::kept, text},
                   {"box", ShownToken::Kind::replaced, "red"}};
  tokens.padding = 3;
  shown.texts = {tokens};
  return shown;
}

TEST_CASE("show page: texts are shown, never interpreted") {
  const std::string page = show_page("<b>", {sample("<script>alert('x')</script>\x1b[0m&\"")});
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("<h1><b>") == std::string::npos);
  CHECK(page.find("<title>&lt;b&gt;</title>") != std::string::npos);
  CHECK(page.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\xef\xbf\xbd[0m&amp;&quot;") != std::string::npos);
  CHECK(page.find('\x1b') == std::string::npos);
  CHECK(page.find("http://") == std::string::npos);  // nothing from elsewhere
  CHECK(page.find("https://") == std::string::npos);
}

TEST_CASE("show page: two frames, marks on what is to be predicted, an unreadable sample") {
  ShownSample shown = sample("dog");
  shown.readable = false;
  const std::string page = show_page("t", {shown});
  CHECK(page.find("<img alt=\"frame 1\" width=\"160\" height=\"160\" src=\"data:image/png;base64,iVBORw0KGgo") !=
        std::string::npos);
  CHECK(page.find("<span class=\"masked\">[MASK]<u>dog</u></span>") != std::string::npos);
  CHECK(page.find("<span class=\"kept\">dog<u>kept</u></span>") != std::string::npos);
  CHECK(page.find("<span class=\"replaced\">box<u>red</u></span>") != std::string::npos);
  CHECK(page.find("unreadable") != std::string::npos);
  CHECK(plain_tokens(shown.texts[0]) == "[CLS] [MASK=dog] [dog] [box=red] +3");
}

}  // namespace
}  // namespace aio::apps
