#include "apps/common/machine_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace aio::apps {
namespace {

/// The kibibytes of a line "NAME:   123 kB", in bytes; 0 without it.
std::int64_t kilobytes_of(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    if (word != name + ":") continue;
    std::int64_t kilobytes = 0;
    file >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

/// A file that holds one number; `otherwise` where there is none, or the word "max".
std::int64_t number_in(const char* path, std::int64_t otherwise) {
  std::ifstream file(path);
  std::int64_t value = 0;
  return file >> value ? value : otherwise;
}

}  // namespace

std::int64_t peak_resident_bytes() { return kilobytes_of("/proc/self/status", "VmHWM"); }

std::int64_t available_bytes() {
  constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
  const std::int64_t machine = kilobytes_of("/proc/meminfo", "MemAvailable");
  const std::int64_t limit = number_in("/sys/fs/cgroup/memory.max", kNoLimit);
  if (limit == kNoLimit) return machine;
  return std::min(machine, limit - number_in("/sys/fs/cgroup/memory.current", 0));
}

}  // namespace aio::apps
