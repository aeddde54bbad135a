#include "apps/visualizer/density_chart.h"

#include <algorithm>

#include "data/bitmap_font.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

constexpr int kWidth = 900, kPanel = 230, kLeft = 60, kRight = 20, kTop = 40, kBottom = 34;
constexpr PixelColour kPaper{255, 255, 255}, kInk{40, 40, 40}, kGrid{205, 205, 205};
constexpr PixelColour kOwn{130, 140, 150}, kPrevious{214, 96, 40}, kNext{42, 110, 187};

void fill(const Tensor& image, int x0, int y0, int x1, int y1, PixelColour colour) {
  const auto width = static_cast<int>(image.dim(1));
  auto* const pixels = image.data<std::uint8_t>();
  for (int y = y0; y < y1; ++y) {
    for (int x = x0; x < x1; ++x) {
      std::uint8_t* const pixel = pixels + 3 * (y * width + x);
      pixel[0] = colour.red;
      pixel[1] = colour.green;
      pixel[2] = colour.blue;
    }
  }
}

void draw_panel(const Tensor& image, int top, const DensityCurve& curve, double most) {
  const int base = top + kPanel - kBottom, height = kPanel - kTop - kBottom, width = kWidth - kLeft - kRight;
  const auto y_of = [&](double value) { return base - static_cast<int>(height * value / most); };
  draw_text(image, kLeft, top + 10, curve.title, 2, kInk);
  const double step = most > 8 ? 4 : most > 4 ? 2 : most > 2 ? 1 : 0.5;
  for (double tick = 0; tick <= most; tick += step) {
    fill(image, kLeft, y_of(tick), kWidth - kRight, y_of(tick) + 1, tick == 1 ? kInk : kGrid);
    std::string label = std::to_string(tick);
    label.resize(label.find('.') + 2);
    draw_text(image, kLeft - 32, y_of(tick) - 4, label, 1, kInk);
  }
  const auto count = static_cast<int>(curve.density.size());
  for (int i = 0; i < count; ++i) {
    const auto place = static_cast<std::size_t>(i);
    const int x0 = kLeft + width * i / count, x1 = kLeft + width * (i + 1) / count;
    const std::int64_t from = curve.arrives[place];
    fill(image, x0, y_of(curve.density[place]), std::max(x0 + 1, x1 - (x1 - x0 > 3 ? 1 : 0)), base,
         from > 0   ? kPrevious
         : from < 0 ? kNext
                    : kOwn);
    if (i % std::max(1, count / 12) == 0) draw_text(image, x0, base + 6, std::to_string(i), 1, kInk);
  }
  fill(image, kLeft, base, kWidth - kRight, base + 1, kInk);
}

void draw_legend(const Tensor& image, int top) {
  const std::pair<const char*, PixelColour> entries[] = {
      {"own frame", kOwn}, {"from the previous frame", kPrevious}, {"from the next frame", kNext}};
  int x = kLeft;
  for (const auto& [text, colour] : entries) {
    fill(image, x, top, x + 10, top + 10, colour);
    draw_text(image, x + 16, top + 1, text, 1, kInk);
    x += 40 + text_width(text);
  }
  draw_text(image, x, top + 1, "x: token position   y: attention of the words, 1 = mean", 1, kInk);
}

}  // namespace

Tensor density_chart(const std::vector<DensityCurve>& curves) {
  double most = 1;
  for (const DensityCurve& curve : curves) {
    check(!curve.density.empty() && curve.density.size() == curve.arrives.size(), ErrorCode::shape,
          "density_chart: ", curve.density.size(), " bars, ", curve.arrives.size(), " origins");
    most = std::max(most, *std::max_element(curve.density.begin(), curve.density.end()));
  }
  const int height = kPanel * static_cast<int>(curves.size()) + 30;
  const Tensor image = Tensor::empty({height, kWidth, 3}, {DType::u8});
  fill(image, 0, 0, kWidth, height, kPaper);
  int top = 0;
  for (const DensityCurve& curve : curves) {
    draw_panel(image, top, curve, most * 1.05);
    top += kPanel;
  }
  draw_legend(image, top + 8);
  return image;
}

}  // namespace aio::apps
