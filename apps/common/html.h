#pragma once
// Pages of HTML that stand alone: one file, pictures inside, no scripts, nothing loaded from elsewhere.

#include <cstdint>
#include <string>

#include "tensor/tensor.h"

namespace aio::apps {

/// `text` with & < > " ' as entities and control characters as U+FFFD: shown, never interpreted.
std::string html_escaped(const std::string& text);

std::string base64(const std::string& bytes);

/// Picture `index` of contiguous u8 [n, H, W, 3] as an <img> with its bytes inside. Its longer side is shown
/// `longest_side` pixels wide or high, or less: pictures are enlarged by whole factors only, and shrunk by any.
std::string picture_element(const Tensor& pictures, std::int64_t index, std::int64_t longest_side);

/// A whole page around `body`. `title` is escaped, `style` and `body` are taken as they are. The page forbids browsers
/// to load anything, should something get past the escaping.
std::string html_page(const std::string& title, const std::string& style, const std::string& body);

}  // namespace aio::apps
