#pragma once
// What a run shows: aligned lines, and on a terminal a live bar under them.

#include <cstdint>
#include <string>

#include "apps/trainer/averages.h"

namespace aio::apps {

struct ProgressLine {
  std::int64_t step = 0, max_steps = 0;
  const Averages* averages = nullptr;
  double lr = 0, grad_norm = 0;
  double clips_per_second = 0;
  double wait_share = 0;       ///< of the time, spent waiting for data
  const char* waits_for = "";  ///< what most of that went to
  double memory_gib = 0;       ///< peak
  double seconds_left = 0;
};

class Screen {
 public:
  /// `quiet`: nothing but messages.
  explicit Screen(bool quiet);
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void progress(const ProgressLine& line);
  void evaluation(std::int64_t step, const std::string& split, const Averages& averages);
  /// Free text on a line of its own.
  void message(const std::string& text);
  /// The bar; drawn on a terminal, at most ten times a second.
  void bar(std::int64_t step, std::int64_t max_steps);

 private:
  void clear_bar();
  bool quiet_, terminal_, bar_shown_ = false;
  double last_bar_ = 0;
};

/// "1:02:03", "4:05".
std::string format_duration(double seconds);

}  // namespace aio::apps
