#pragma once
// Axis: from values to pixels, and the round values that are written beside it.

#include <string>
#include <vector>

namespace aio::report {

enum class Unit {
  number,   ///< 0.25, 1,200, 3e-05
  percent,  ///< of fractions of 1: 25 %
};

/// `value` for a reader: three significant digits, thousands apart, "-" for what is not finite.
std::string format_value(double value, Unit unit);

class Axis {
 public:
  struct Options {
    bool log = false;  ///< values at or below 0 have no place on it
    Unit unit = Unit::number;
    int ticks = 5;       ///< about as many
    bool exact = false;  ///< spans just `low` to `high`, with the round values between; not where `log`
  };

  /// Spans `low` to `high`, widened to round values (powers of ten where `log`); a single value's range is widened
  /// around it. Values that are not finite must have been left out.
  Axis(double low, double high, double first_pixel, double last_pixel, const Options& options);

  /// Where `value` is drawn; values outside the span are drawn at its ends.
  double pixel(double value) const;

  struct Tick {
    double value;
    std::string text;
  };
  const std::vector<Tick>& ticks() const { return ticks_; }
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  void make_linear_ticks(const Options& options);
  void make_log_ticks(Unit unit);
  double low_, high_, first_pixel_, last_pixel_;
  bool log_;
  std::vector<Tick> ticks_;
};

}  // namespace aio::report
