// Pictures by content, within limits; PNG to the byte, JPEG to the byte of PIL's, or, where stb_image decodes it,
// within the few levels by which decoders differ. golden/data/jpeg_by_pil.safetensors holds JPEG files of a picture of
// waves and noise (43 x 29) that Pillow 13.0 saved (NAME.jpeg), and what its convert("RGB") reads of them (NAME.rgb):
// 444, 422 and 420 by their subsampling, progressive, grey, restarts (a marker every two blocks), cmyk.

#include "data/image_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <vector>

#include "data/jpeg_reader.h"
#include "tensor/safetensors.h"
#include "tests/data/media_corpus.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using test::output_of;
using test::TempDir;

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

/// A test picture in the format that the name's ending asks for.
std::vector<std::uint8_t> picture(const TempDir& folder, const std::string& name, const std::string& options = "") {
  output_of("ffmpeg -v error -nostdin -y -f lavfi -i testsrc2=size=70x50 -frames:v 1 " + options + " " +
            (folder / name));
  return bytes_of(output_of("cat " + (folder / name)));
}

double mean_difference(const Tensor& a, const Tensor& b) {
  const auto x = a.to_vector<std::uint8_t>(), y = b.to_vector<std::uint8_t>();
  REQUIRE(x.size() == y.size());
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += std::abs(int{x[i]} - int{y[i]});
  return sum / static_cast<double>(x.size());
}

TEST_CASE("PNG and JPEG as ffmpeg decodes them") {
  const TempDir folder;
  for (const char* format : {"rgb24", "rgba", "gray", "pal8", "rgb48be"}) {
    CAPTURE(format);
    const Tensor ours = decode_image(picture(folder, "a.png", std::string("-pix_fmt ") + format), "a.png");
    CHECK(ours.shape() == Shape{50, 70, 3});
    const Tensor theirs = test::frames_by_ffmpeg(folder / "a.png", 50, 70);
    CHECK(mean_difference(ours, theirs) <= (std::string(format) == "rgb48be" ? 0.51 : 0.0));  // 16 bits cut or rounded
  }
  const Tensor ours = decode_image(picture(folder, "a.jpg", "-q:v 2 -pix_fmt yuvj444p"), "a.jpg");
  CHECK(mean_difference(ours, test::frames_by_ffmpeg(folder / "a.jpg", 50, 70)) < 1);  // observed 0.4
}

TEST_CASE("JPEG as PIL decodes it") {
  const auto golden = load_safetensors(AIO_TEST_DATA "/golden/data/jpeg_by_pil.safetensors");
  const bool as_pil = std::string(jpeg_decoder()) == "libjpeg-turbo";
  for (const char* name : {"444", "422", "420", "progressive", "grey", "restarts", "cmyk"}) {
    CAPTURE(name);
    const auto file = golden.at(std::string(name) + ".jpeg").to_vector<std::uint8_t>();
    const Tensor expected = golden.at(std::string(name) + ".rgb");
    const Tensor ours = decode_image(file, name);
    REQUIRE(ours.shape() == Shape{29, 43, 3});
    CHECK(mean_difference(ours, decode_image(file, name, {}, ImageDecoder::stb)) < 1);
    if (as_pil && name != std::string("cmyk")) {
      CHECK(ours.to_vector<std::uint8_t>() == expected.to_vector<std::uint8_t>());
    } else {
      CHECK(mean_difference(ours, expected) < 1);
    }
  }
}

TEST_CASE("a JPEG whose middle is gone is damaged, not grey") {
  const auto golden = load_safetensors(AIO_TEST_DATA "/golden/data/jpeg_by_pil.safetensors");
  if (std::string(jpeg_decoder()) != "libjpeg-turbo") return;
  for (const char* name : {"444", "grey", "restarts"}) {
    CAPTURE(name);
    auto file = golden.at(std::string(name) + ".jpeg").to_vector<std::uint8_t>();
    const auto end = file.end() - 2;  // the end marker stays
    file.erase(end - 200, end);
    EXPECT_ERROR(decode_image(file, "a.jpg"), format, "a.jpg: the picture is broken: Corrupt JPEG data");
  }
}

TEST_CASE("the format is told by the content") {
  const TempDir folder;
  const auto png = picture(folder, "a.png");
  std::ofstream(folder / "wrong.jpg", std::ios::binary)
      .write(reinterpret_cast<const char*>(png.data()), std::ssize(png));
  const MediaFile file(MediaSource{folder / "wrong.jpg"});
  CHECK(read_image(file).shape() == Shape{50, 70, 3});
  CHECK(image_size(png, "a.png").width == 70);
  picture(folder, "b.gif");
  EXPECT_ERROR(read_image(MediaFile(MediaSource{folder / "b.gif"})), format, "b.gif: not a JPEG or PNG picture");
  EXPECT_ERROR(decode_image({}, "empty.png"), format, "empty.png: not a JPEG or PNG");
}

TEST_CASE("a broken off picture is an error, wherever it breaks off") {
  const TempDir folder;
  for (const char* name : {"a.png", "a.jpg"}) {
    const auto whole = picture(folder, name);
    int refused = 0;
    for (std::size_t length = 0; length + 2 < whole.size(); length += 7) {
      try {
        decode_image(std::span(whole).first(length), name);
      } catch (const Error& error) {
        refused += error.code() == ErrorCode::format ? 1 : 0;
      }
    }
    CHECK(refused == static_cast<int>((whole.size() - 2 + 6) / 7));
  }
}

TEST_CASE("a Huffman table of more codes than there are bytes: stb_image 2.27 wrote beyond its own") {
  const TempDir folder;
  std::vector<std::uint8_t> jpeg = picture(folder, "a.jpg");
  const std::uint8_t marker[] = {0xFF, 0xC4};
  const auto table = std::search(jpeg.begin(), jpeg.end(), marker, marker + 2);
  REQUIRE(table != jpeg.end());
  std::fill(table + 5, table + 5 + 16, std::uint8_t{0xFF});
  EXPECT_ERROR(decode_image(jpeg, "a.jpg"), format, "a.jpg: the picture breaks off or is damaged");
}

TEST_CASE("sizes are limited before anything is decoded") {
  const TempDir folder;
  const auto png = picture(folder, "a.png");
  MediaLimits limits;
  limits.image_side = 70;
  limits.image_pixels = 70 * 50;
  limits.image_bytes = std::ssize(png);
  CHECK(decode_image(png, "a.png", limits).dim(1) == 70);
  limits.image_side = 69;
  EXPECT_ERROR(decode_image(png, "a.png", limits), value, "70 x 50 pixels, the limit is 69 on a side");
  limits.image_side = 70;
  limits.image_pixels -= 1;
  EXPECT_ERROR(decode_image(png, "a.png", limits), value, "the limit is 3499");
  limits.image_bytes -= 1;
  EXPECT_ERROR(decode_image(png, "a.png", limits), value, "the limit for a picture is");
  // A bomb: 17 KB that claim 12000 x 12000.
  std::vector<std::uint8_t> bomb = png;
  for (const std::size_t side : {std::size_t{16}, std::size_t{20}}) {
    bomb[side + 2] = 12000 >> 8;
    bomb[side + 3] = 12000 & 255;
  }
  EXPECT_ERROR(decode_image(bomb, "bomb.png"), value, "12000 x 12000 pixels, the limit is 8192 on a side");
}

}  // namespace
}  // namespace aio
