#pragma once
// Stopwatch: seconds of the wall clock.

#include <chrono>

namespace aio {

class Stopwatch {
 public:
  /// Seconds since the last call, or the construction.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> passed = now - last_;
    last_ = now;
    return passed.count();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace aio
