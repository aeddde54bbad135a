#include "data/picture_folder.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <utility>

#include "data/frame_checks.h"
#include "data/tar_shards.h"
#include "tensor/error.h"

namespace aio {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Character by character, but runs of digits by the number they write.
bool natural_less(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (is_digit(a[0]) && is_digit(b[0])) {
      const auto number = [](std::string_view& text) {  // without leading zeros
        std::size_t end = 0;
        while (end < text.size() && is_digit(text[end])) ++end;
        std::string_view digits = text.substr(0, end);
        digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
        text.remove_prefix(end);
        return digits;
      };
      const std::string_view first = number(a), second = number(b);
      if (first.size() != second.size()) return first.size() < second.size();
      if (first != second) return first < second;
    } else {
      if (a[0] != b[0]) return a[0] < b[0];
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.size() < b.size();
}

bool has_picture_name(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

/// "%05d.jpg" taken apart; printf itself is not trusted with a pattern from a file.
struct Pattern {
  std::string before, after;
  std::size_t digits = 0;

  explicit Pattern(const std::string& text) {
    const std::size_t percent = text.find('%');
    std::size_t at = percent == std::string::npos ? text.size() : percent + 1;
    const std::size_t width = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    const bool good = at < text.size() && text[at] == 'd' && at - width <= 2 && text.find('/') == std::string::npos &&
                      text.find('%', at) == std::string::npos && (at == width || text[width] == '0');
    check(good, ErrorCode::config, "picture folder: pattern \"", text, "\", expected a name like %05d.jpg");
    before = text.substr(0, percent);
    after = text.substr(at + 1);
    if (at > width) digits = static_cast<std::size_t>(std::stoi(text.substr(width, at - width)));
  }

  std::string name(std::int64_t number) const {
    std::string written = std::to_string(number);
    if (written.size() < digits) written.insert(0, digits - written.size(), '0');
    return before + written + after;
  }
};

std::vector<MediaSource> pictures_by_name(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (has_picture_name(entry->path())) paths.push_back(entry->path().string());
  }
  check(!error, ErrorCode::io, folder, ": cannot list the folder: ", error.message());
  std::sort(paths.begin(), paths.end(), natural_less);
  std::vector<MediaSource> pictures;
  for (std::string& path : paths) pictures.push_back({std::move(path)});
  return pictures;
}

std::vector<MediaSource> pictures_by_number(const MediaSource& source) {
  const Pattern pattern(source.pattern);
  std::vector<MediaSource> pictures;
  for (std::int64_t number = source.first;; ++number) {
    const auto path = std::filesystem::path(source.path) / pattern.name(number);
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return pictures;
    pictures.push_back({path.string()});
  }
}

std::vector<MediaSource> pictures_in_shard(const MediaSource& source) {
  TarReader reader(source.path, static_cast<std::uint64_t>(source.offset));
  std::vector<MediaSource> pictures;
  std::string key;
  for (TarMember member; reader.next(member);) {
    const std::string own = shard_key(member.name);
    if (pictures.empty()) key = own;
    if (own != key) break;
    pictures.push_back(
        {source.path, static_cast<std::int64_t>(member.offset), static_cast<std::int64_t>(member.bytes)});
  }
  return pictures;
}

}  // namespace

FrameRange PictureFolder::clip(double start, double end) const {
  return clip_range(to_string(pictures.front()), start, end, frames(),
                    [&](std::int64_t i) { return static_cast<double>(i) / fps; });
}

PictureFolder list_pictures(const MediaSource& source) {
  check(source.fps > 0, ErrorCode::config, source.path, ": ", source.fps, " pictures per second");
  PictureFolder folder;
  folder.fps = source.fps;
  folder.pictures = source.in_shard          ? pictures_in_shard(source)
                    : source.pattern.empty() ? pictures_by_name(source.path)
                                             : pictures_by_number(source);
  check(!folder.pictures.empty(), ErrorCode::io, source.path, ": no pictures",
        source.pattern.empty() ? std::string() : message(" named ", source.pattern, " from ", source.first, " on"));
  return folder;
}

}  // namespace aio
