#include "data/contact_sheet.h"

#include <algorithm>
#include <cstring>
#include <sstream>

#include "data/bitmap_font.h"
#include "tensor/error.h"

namespace aio {
namespace {

constexpr int kMargin = 12, kGap = 4;
constexpr int kMinWidth = 480;  // pixels for text: 40 characters
constexpr PixelColour kPaper{22, 24, 30}, kText{232, 232, 236}, kLabel{128, 132, 144};
constexpr int kTextScale = 2;  // 12 pixels a character

int frame_count(const ContactRow& row) { return static_cast<int>(row.frames.dim(0)); }
int frame_height(const ContactRow& row) { return static_cast<int>(row.frames.dim(1)); }
int frame_width(const ContactRow& row) { return static_cast<int>(row.frames.dim(2)); }

constexpr int kLineHeight = (kGlyphHeight + 1) * kTextScale;

/// Cuts `text` at line feeds, and at blanks into lines of at most `width` pixels; a longer word has a line of its own.
std::vector<std::string> lines_of(const std::string& text, int width) {
  std::vector<std::string> lines;
  std::istringstream paragraphs(text);
  for (std::string paragraph; std::getline(paragraphs, paragraph);) {
    bool first = true;
    std::istringstream words(paragraph);
    for (std::string word; words >> word; first = false) {
      if (!first && text_width(lines.back() + " " + word) * kTextScale <= width) {
        lines.back().append(1, ' ').append(word);
      } else {
        lines.push_back(word);
      }
    }
  }
  return lines;
}

int row_height(const ContactRow& row, int width) {
  const int labels = row.labels.empty() ? 0 : kGap + kGlyphHeight;
  const int text = static_cast<int>(lines_of(row.text, width).size()) * kLineHeight;
  return text + kGap + frame_height(row) + labels + kMargin;
}

int row_width(const ContactRow& row) { return frame_count(row) * (frame_width(row) + kGap) - kGap; }

void paste(const Tensor& sheet, const Tensor& frames, int index, int left, int top) {
  const std::int64_t height = frames.dim(1), width = frames.dim(2);
  for (std::int64_t row = 0; row < height; ++row) {
    std::memcpy(sheet.data<std::uint8_t>() + ((top + row) * sheet.dim(1) + left) * 3,
                frames.data<std::uint8_t>() + (index * height + row) * width * 3, static_cast<std::size_t>(width * 3));
  }
}

void draw_row(const Tensor& sheet, const ContactRow& row, int width, int top) {
  for (const std::string& line : lines_of(row.text, width)) {
    draw_text(sheet, kMargin, top, line, kTextScale, kText);
    top += kLineHeight;
  }
  top += kGap;
  for (int i = 0; i < frame_count(row); ++i) {
    const int left = kMargin + i * (frame_width(row) + kGap);
    paste(sheet, row.frames, i, left, top);
    if (static_cast<std::size_t>(i) < row.labels.size())
      draw_text(sheet, left, top + frame_height(row) + kGap, row.labels[static_cast<std::size_t>(i)], 1, kLabel);
  }
}

}  // namespace

Tensor contact_sheet(const std::vector<ContactRow>& rows) {
  check(!rows.empty(), ErrorCode::value, "contact sheet: got no rows");
  int width = kMinWidth, height = kMargin;
  for (const ContactRow& row : rows) {
    check(row.frames.dtype() == DType::u8 && row.frames.rank() == 4 && row.frames.dim(3) == 3 &&
              row.frames.dim(0) >= 1 && row.frames.is_contiguous(),
          ErrorCode::shape, "contact sheet: got ", describe(row.frames), ", expected contiguous u8 [n, H, W, 3]");
    width = std::max(width, row_width(row));
  }
  for (const ContactRow& row : rows) height += row_height(row, width);
  Tensor sheet = Tensor::empty({height, width + 2 * kMargin, 3}, {DType::u8, {}});
  const std::uint8_t paper[] = {kPaper.red, kPaper.green, kPaper.blue};
  for (std::int64_t i = 0; i < sheet.numel(); ++i) sheet.data<std::uint8_t>()[i] = paper[i % 3];
  int top = kMargin;
  for (const ContactRow& row : rows) {
    draw_row(sheet, row, width, top);
    top += row_height(row, width);
  }
  return sheet;
}

}  // namespace aio
