// PNG files, text in pictures, contact sheets.

#include "data/image_writer.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "data/bitmap_font.h"
#include "data/contact_sheet.h"
#include "tensor/random.h"
#include "tests/data/ffmpeg_cli.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"

namespace aio {
namespace {

Tensor blank(std::int64_t height, std::int64_t width) { return Tensor::zeros({height, width, 3}, {DType::u8, {}}); }

/// '#' where the picture is not black.
std::string drawing(const Tensor& image) {
  std::string result;
  for (std::int64_t y = 0; y < image.dim(0); ++y) {
    for (std::int64_t x = 0; x < image.dim(1); ++x)
      result += image.data<std::uint8_t>()[(y * image.dim(1) + x) * 3] != 0 ? '#' : '.';
    result += '\n';
  }
  return result;
}

TEST_CASE("png: another program reads the pixels back") {
  Tensor image = blank(37, 53);
  for (std::int64_t i = 0; i < image.numel(); ++i)
    image.data<std::uint8_t>()[i] =
        static_cast<std::uint8_t>(random_bits(RngKey{1}, static_cast<std::uint64_t>(i)).v[0]);
  const test::TempDir folder;
  write_png(folder / "a.png", image);
  const std::string pixels =
      test::output_of("ffmpeg -v error -i '" + (folder / "a.png") + "' -f rawvideo -pix_fmt rgb24 -");
  CHECK(pixels == std::string(reinterpret_cast<const char*>(image.data<std::uint8_t>()),
                              static_cast<std::size_t>(image.numel())));
  CHECK(encode_png(image) == encode_png(image));
  CHECK(encode_png(image).starts_with("\x89PNG"));
}

TEST_CASE("png: what it refuses") {
  EXPECT_ERROR(encode_png(Tensor::zeros({4, 4, 3})), dtype, "png: got f32[4, 4, 3], expected u8");
  EXPECT_ERROR(encode_png(Tensor::zeros({4, 4, 1}, {DType::u8, {}})), shape, "expected contiguous [H, W, 3]");
  EXPECT_ERROR(encode_png(blank(0, 4)), shape, "expected sides from 1 to 32768");
  EXPECT_ERROR(encode_png(blank(1, 40000)), shape, "expected sides from 1 to 32768");
  EXPECT_ERROR(write_png("/nowhere/a.png", blank(4, 4)), io, "/nowhere");
}

TEST_CASE("bitmap font: letters, a box for what it does not have, cut off at the edges") {
  Tensor image = blank(8, 18);
  draw_text(image, 0, 0, "Tg?", 1, {255, 255, 255});
  CHECK(drawing(image) ==
        "#####........###..\n"
        "#.#.#.......#...#.\n"
        "..#....####.....#.\n"
        "..#...#...#...##..\n"
        "..#...#...#...#...\n"
        "..#....####.......\n"
        "..#.......#...#...\n"
        ".......###........\n");
  image = blank(8, 11);
  draw_text(image, 0, 0, "\xc3\xa9!", 1, {9, 9, 9});  // one character of two bytes is one box
  CHECK(drawing(image).starts_with(".....#....\n") == false);
  CHECK(drawing(image).substr(12, 11) == "#####...#..");
  CHECK(text_width("\xc3\xa9!") == 12);
  image = blank(8, 7);
  draw_text(image, -3, -4, "HHHH", 2, {1, 2, 3});
  draw_text(image, 100, 0, "H", 1, {1, 2, 3});
  draw_text(image, 0, 100, "H", 1, {1, 2, 3});
  CHECK(image.to_vector<std::uint8_t>()[2] == 0);
  EXPECT_ERROR(draw_text(image, 0, 0, "H", 0, {}), value, "got scale 0");
  EXPECT_ERROR(draw_text(Tensor::zeros({4, 4, 3}), 0, 0, "H", 1, {}), shape, "expected contiguous u8 [H, W, 3]");
}

TEST_CASE("contact sheet: frames side by side under their text, which breaks into lines") {
  const Tensor frames = Tensor::full({3, 20, 40, 3}, 200, {DType::u8, {}});
  const Tensor plain = contact_sheet({{"", frames, {}}});
  const auto bright = [](const Tensor& sheet) {
    int count = 0;
    for (std::int64_t i = 0; i < sheet.numel(); i += 3) count += sheet.data<std::uint8_t>()[i] == 200 ? 1 : 0;
    return count;
  };
  CHECK(bright(plain) == 3 * 20 * 40);
  CHECK(plain.dim(1) == 480 + 2 * 12);  // room for text
  const Tensor wide = contact_sheet({{"", Tensor::zeros({6, 20, 96, 3}, {DType::u8, {}}), {}}});
  CHECK(wide.dim(1) == 6 * 96 + 5 * 4 + 2 * 12);
  // 480 pixels hold forty characters. Two lines: by their length, by a line feed.
  const Tensor told = contact_sheet(
      {{"a red circle grows over a plain background", frames, {"frame 0", "frame 1"}}, {"b", frames, {}}});
  CHECK(contact_sheet({{"a red circle grows\nover a plain ground", frames, {}}}).dim(0) == plain.dim(0) + 2 * 18);
  CHECK(bright(told) == 2 * 3 * 20 * 40);
  CHECK(told.dim(1) == plain.dim(1));
  const int line = 18, labels = 12;
  CHECK(told.dim(0) == plain.dim(0) + 2 * line + labels + (plain.dim(0) - 12) + line);
  EXPECT_ERROR(contact_sheet({}), value, "got no rows");
  EXPECT_ERROR(contact_sheet({{"", Tensor::zeros({20, 40, 3}), {}}}), shape, "expected contiguous u8 [n, H, W, 3]");
}

}  // namespace
}  // namespace aio
