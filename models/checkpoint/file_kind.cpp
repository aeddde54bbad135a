#include "models/checkpoint/file_kind.h"

#include <algorithm>
#include <array>

#include "models/checkpoint/byte_order.h"
#include "models/checkpoint/text.h"

namespace aio::weights {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::size_t offset;
  std::string_view bytes;
  const char* name;
};

// The first that matches counts.
constexpr std::array kSignatures = {
    Signature{0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file (Keras, or a MATLAB 7.3 file)"},
    Signature{0, "\x1f\x8b"sv, "gzip-compressed data (unpack it first: gunzip)"},
    Signature{0, "BZh"sv, "bzip2-compressed data (unpack it first: bunzip2)"},
    Signature{0,
              "\xfd"
              "7zXZ"sv,
              "xz-compressed data (unpack it first: unxz)"},
    Signature{0, "\x28\xb5\x2f\xfd"sv, "zstd-compressed data (unpack it first: unzstd)"},
    Signature{0, "7z\xbc\xaf\x27\x1c"sv, "a 7-zip archive (unpack it first)"},
    Signature{0, "Rar!"sv, "a RAR archive (unpack it first)"},
    Signature{257, "ustar"sv, "a tar archive (unpack it first)"},
    Signature{0, "\x93NUMPY"sv, "a NumPy array (.npy)"},
    Signature{0, "GGUF"sv, "a GGUF model"},
    Signature{0, "ARROW1"sv, "an Arrow file"},
    Signature{0, "PAR1"sv, "a Parquet file"},
    Signature{0, "SQLite format 3"sv, "an SQLite database"},
    Signature{0, "%PDF"sv, "a PDF document"},
    Signature{0, "\x89PNG"sv, "a PNG image"},
    Signature{0, "\xff\xd8\xff"sv, "a JPEG image"},
    Signature{0, "GIF8"sv, "a GIF image"},
    Signature{4, "ftyp"sv, "an MP4 video"},
    Signature{0, "\x1a\x45\xdf\xa3"sv, "a Matroska or WebM video"},
    Signature{0,
              "\x7f"
              "ELF"sv,
              "a program (ELF)"},
    Signature{0, "version https://git-lfs"sv, "a Git LFS pointer, not the file itself (fetch it: git lfs pull)"},
};

bool has(std::string_view bytes, std::size_t offset, std::string_view expected) {
  return bytes.size() >= offset && bytes.substr(offset).starts_with(expected);
}

/// Name of the member that a zip starts with: the only place that can be read before the file is checked.
std::string_view first_member(std::string_view bytes) {
  if (bytes.size() < 30) return {};
  return bytes.substr(30, load_le<std::uint16_t>(bytes, 26));
}

FileType zip_type(std::string_view bytes) {
  const std::string_view name = first_member(bytes);
  const std::size_t slash = name.find('/');
  const std::string_view inner = slash == std::string_view::npos ? name : name.substr(slash + 1);
  if (slash != std::string_view::npos && bytes.find("/data.pkl") != std::string_view::npos) {
    return {FileKind::torch_zip, "a PyTorch checkpoint (zip container)"};
  }
  if (name.ends_with(".npy")) return {FileKind::other, "a NumPy archive (.npz)"};
  if (inner.empty() || name.empty()) return {FileKind::other, "a zip archive that starts with a folder"};
  return {FileKind::other, "a zip archive without data.pkl (its first member is " + printable(name) + ")"};
}

/// Protocol 2, LONG1 of ten bytes: the number 0x1950a86a20f9469cfc6c.
constexpr std::string_view kLegacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv;

bool is_safetensors(std::string_view bytes) {
  constexpr std::uint64_t kLongestHeader = 100'000'000;
  if (bytes.size() < 9) return false;
  return load_le<std::uint64_t>(bytes, 0) <= kLongestHeader && bytes[8] == '{';
}

std::string text_type(std::string_view bytes) {
  const std::string_view start = bytes.substr(0, 1024);
  const std::size_t first = start.find_first_not_of(" \t\r\n");
  const std::string_view text = first == std::string_view::npos ? std::string_view{} : start.substr(first);
  if (text.starts_with("<!") || text.starts_with("<html") || text.starts_with("<?xml")) {
    return "a web page (a download that was answered with an error?)";
  }
  std::string_view whole = start;  // without a character that the cut at 1024 bytes left in two
  while (start.size() - whole.size() < 3 && !is_utf8(whole)) whole.remove_suffix(1);
  const bool readable =
      is_utf8(whole) && std::none_of(start.begin(), start.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 && std::string_view("\t\r\n").find(c) == std::string_view::npos;
      });
  if (!readable) return {};
  return text.starts_with("{") || text.starts_with("[") ? "a JSON text" : "a text";
}

}  // namespace

FileType detect_file_type(std::string_view bytes) {
  if (bytes.empty()) return {FileKind::other, "an empty file"};
  if (bytes.starts_with("PK\x03\x04")) return zip_type(bytes);
  if (bytes.starts_with("PK\x05\x06")) return {FileKind::other, "an empty zip archive"};
  if (bytes.starts_with(kLegacyMagic)) return {FileKind::torch_legacy, "a PyTorch checkpoint (legacy container)"};
  if (is_safetensors(bytes)) return {FileKind::safetensors, "a safetensors file"};
  for (const Signature& signature : kSignatures) {
    if (has(bytes, signature.offset, signature.bytes)) return {FileKind::other, signature.name};
  }
  if (bytes.size() >= 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5) {
    return {FileKind::other, "a Python pickle that torch.save did not write"};
  }
  if (const std::string text = text_type(bytes); !text.empty()) return {FileKind::other, text};
  return {FileKind::other, "of an unknown type"};
}

}  // namespace aio::weights
