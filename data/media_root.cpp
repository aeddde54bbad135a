#include "data/media_root.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "tensor/error.h"

namespace aio {

namespace {

/// Empty, with errno set, when there is no such file.
std::string canonical(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : std::string();
}

bool has_parent_component(const std::string& path) {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (path.compare(begin, end - begin, "..") == 0) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace

MediaRoot::MediaRoot(const std::string& folder, bool allow_outside)
    : path_(canonical(folder)), allow_outside_(allow_outside) {
  check(!path_.empty(), ErrorCode::io, folder, ": the media root cannot be opened: ", std::strerror(errno));
  struct stat status {};
  check(stat(path_.c_str(), &status) == 0 && S_ISDIR(status.st_mode), ErrorCode::io, folder,
        ": the media root is not a folder");
}

std::string MediaRoot::resolve(const std::string& media) const {
  check(!media.empty(), ErrorCode::value, "the media path is empty");
  check(media.find('\0') == std::string::npos, ErrorCode::value, "the media path holds a NUL byte");
  const bool absolute = media.front() == '/';
  if (!allow_outside_) {
    check(!absolute, ErrorCode::value, media, ": the path is absolute (--allow-outside accepts it)");
    check(!has_parent_component(media), ErrorCode::value, media,
          ": the path has a component \"..\" (--allow-outside accepts it)");
  }
  const std::string path = absolute ? media : path_ + "/" + media;
  std::string real = canonical(path);
  check(!real.empty(), ErrorCode::io, path, ": cannot open: ", std::strerror(errno));
  const bool inside = path_ == "/" || real == path_ || real.starts_with(path_ + "/");
  check(inside || allow_outside_, ErrorCode::value, path, ": links lead to ", real, ", outside the media root ", path_,
        " (--allow-outside accepts it)");
  struct stat status {};
  check(stat(real.c_str(), &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)), ErrorCode::io, path,
        ": neither a regular file nor a folder");
  return real;
}

MediaName split_media(const std::string& media) {
  const std::size_t hash = media.rfind('#');
  if (hash == std::string::npos) return {media, {}};
  const std::string file = media.substr(0, hash);
  if (!file.ends_with(".tar") && !file.ends_with(".arrow")) return {media, {}};
  return {file, media.substr(hash + 1)};
}

}  // namespace aio
