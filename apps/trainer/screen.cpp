#include "apps/trainer/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "tensor/error.h"

namespace aio::apps {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

bool ends_with_any(const std::string& name, std::initializer_list<const char*> ends) {
  return std::any_of(ends.begin(), ends.end(), [&](const char* end) { return name.ends_with(end); });
}

/// A metric without the samples that could not be read is shown as the one with them.
std::string without_readable(const std::string& name) {
  constexpr std::string_view kSuffix = "_readable";
  return name.ends_with(kSuffix) ? name.substr(0, name.size() - kSuffix.size()) : name;
}

/// A share of what was judged, shown in percent.
bool is_share(const std::string& name) {
  return name.find("accuracy") != std::string::npos || name.rfind("acc_", 0) == 0 || name.rfind("top", 0) == 0 ||
         ends_with_any(name, {"_r1", "_r5", "_r10"});
}

/// Of an evaluation's metrics the file has all, the screen those that fit on a line.
bool is_shown(const std::string& name) {
  return name.find("_v2t_") == std::string::npos && !ends_with_any(name, {"_r50", "_medr", "_meanr"});
}

/// A loss with four digits; an accuracy or recall, which is at most 1, in percent.
std::string format_average(const Averages::Entry& entry) {
  char text[96];
  if (entry.name == "unreadable") return message("  unreadable ", entry.mean());
  const bool share = is_share(without_readable(entry.name));
  std::snprintf(text, sizeof text, share ? "  %s %5.1f%%" : "  %s %7.4f", entry.name.c_str(),
                share ? 100 * entry.mean() : entry.mean());
  return text;
}

}  // namespace

std::string format_duration(double seconds) {
  if (!(seconds >= 0 && seconds < 1e9)) return "?";
  const auto total = static_cast<long long>(std::llround(seconds));
  char text[64];
  if (total >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", total / 3600, total / 60 % 60, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", total / 60, total % 60);
  }
  return text;
}

Screen::Screen(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {}

Screen::~Screen() { clear_bar(); }

void Screen::clear_bar() {
  if (!bar_shown_) return;
  std::fprintf(stderr, "\r\033[K");
  bar_shown_ = false;
}

void Screen::message(const std::string& text) {
  clear_bar();
  std::fprintf(stderr, "%s\n", text.c_str());
}

void Screen::progress(const ProgressLine& line) {
  if (quiet_) return;
  const int width = static_cast<int>(std::to_string(line.max_steps).size());
  char head[64], tail[256];
  const bool told = line.wait_share >= 0.05;  // below that the cause is noise
  std::snprintf(head, sizeof head, "step %*lld/%lld", width, static_cast<long long>(line.step),
                static_cast<long long>(line.max_steps));
  std::snprintf(tail, sizeof tail, "  lr %.2e  |g| %8.3g  %7.1f clips/s  wait %3.0f%%%s%s  %5.2f GiB  eta %s", line.lr,
                line.grad_norm, line.clips_per_second, 100 * line.wait_share, told ? " " : "",
                told ? line.waits_for : "", line.memory_gib, format_duration(line.seconds_left).c_str());
  std::string text = head;
  for (const Averages::Entry& entry : line.averages->entries()) text += format_average(entry);
  message(text + tail);
}

void Screen::evaluation(std::int64_t step, const std::string& split, const Averages& averages) {
  if (quiet_) return;
  std::string text = "eval " + split + " at step " + std::to_string(step);
  for (const Averages::Entry& entry : averages.entries()) {
    if (is_shown(without_readable(entry.name))) text += format_average(entry);
  }
  message(text);
}

void Screen::bar(std::int64_t step, std::int64_t max_steps) {
  const double time = now();
  if (quiet_ || !terminal_ || max_steps <= 0 || time - last_bar_ < 0.1) return;
  last_bar_ = time;
  winsize size{};
  const int columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  const int cells = std::clamp(columns - 40, 10, 60);
  const auto filled = static_cast<int>(step * cells / max_steps);
  std::string text = "\r[" + std::string(static_cast<std::size_t>(filled), '#') +
                     std::string(static_cast<std::size_t>(cells - filled), '.') + "] " + std::to_string(step) + "/" +
                     std::to_string(max_steps);
  std::fprintf(stderr, "%s\033[K", text.c_str());
  std::fflush(stderr);
  bar_shown_ = true;
}

}  // namespace aio::apps
