#include "apps/common/html.h"

#include <doctest/doctest.h>

namespace aio::apps {
namespace {

TEST_CASE("base64: the examples of RFC 4648") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
}

TEST_CASE("html: a page forbids everything but its own pictures and style, and escapes its title") {
  const std::string page = html_page("<i>&", "p {}", "<p>body</p>\n");
  CHECK(page.find("default-src 'none'; img-src data:; style-src 'unsafe-inline'") != std::string::npos);
  CHECK(page.find("<title>&lt;i&gt;&amp;</title>\n<style>p {}</style>") != std::string::npos);
  CHECK(page.find("<body>\n<p>body</p>\n</body>") != std::string::npos);
}

TEST_CASE("html: pictures grow by whole factors and shrink by any") {
  const auto size_of = [](std::int64_t height, std::int64_t width, std::int64_t longest_side) {
    const std::string element = picture_element(Tensor::zeros({2, height, width, 3}, {DType::u8, {}}), 1, longest_side);
    const std::size_t from = element.find("width="), to = element.find(" src=");
    return element.substr(from, to - from);
  };
  CHECK(size_of(16, 16, 160) == "width=\"160\" height=\"160\"");
  CHECK(size_of(48, 32, 160) == "width=\"96\" height=\"144\"");  // 3 times
  CHECK(size_of(160, 90, 160) == "width=\"90\" height=\"160\"");
  CHECK(size_of(100, 400, 160) == "width=\"160\" height=\"40\"");
  CHECK(size_of(1, 1000, 160) == "width=\"160\" height=\"1\"");
}

}  // namespace
}  // namespace aio::apps
