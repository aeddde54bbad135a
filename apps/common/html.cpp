#include "apps/common/html.h"

#include <algorithm>

#include "data/image_writer.h"
#include "tensor/error.h"

namespace aio::apps {

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

std::string picture_element(const Tensor& pictures, std::int64_t index, std::int64_t longest_side) {
  std::int64_t height = pictures.dim(1), width = pictures.dim(2);
  const std::int64_t bytes = height * width * 3;
  const std::uint8_t* first = pictures.data<std::uint8_t>() + index * bytes;
  const Tensor picture = Tensor::from(std::span(first, static_cast<std::size_t>(bytes)), {height, width, 3});
  const std::int64_t side = std::max(width, height);
  if (const std::int64_t zoom = longest_side / side; zoom > 0) {
    width *= zoom, height *= zoom;
  } else {
    width = std::max<std::int64_t>(1, width * longest_side / side);
    height = std::max<std::int64_t>(1, height * longest_side / side);
  }
  return message("<img alt=\"frame ", index, "\" width=\"", width, "\" height=\"", height,
                 "\" src=\"data:image/png;base64,", base64(encode_png(picture)), "\">");
}

std::string html_page(const std::string& title, const std::string& style, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
         "style-src 'unsafe-inline'\">\n<title>" +
         html_escaped(title) + "</title>\n<style>" + style + "</style>\n</head>\n<body>\n" + body +
         "</body>\n</html>\n";
}

}  // namespace aio::apps
