#include "apps/report/axis.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace aio::report {
namespace {

/// Digits in groups of three: 4,000.
std::string grouped(const std::string& digits) {
  std::string result;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0 && digits[i - 1] != '-') result += ',';
    result += digits[i];
  }
  return result;
}

/// 1, 2 or 5 times a power of ten, so that `span` holds about `count` of it.
double round_step(double span, int count) {
  const double rough = span / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power * 1.0001) return factor * power;
  }
  return 10 * power;
}

}  // namespace

std::string format_value(double value, Unit unit) {
  if (!std::isfinite(value)) return "-";
  char text[48];
  if (unit == Unit::percent) {
    std::snprintf(text, sizeof text, "%.4g\u202f%%", std::round(1000 * value) / 10);  // one decimal, none where it is 0
    return text;
  }
  const double size = std::abs(value);
  if (size >= 1000 && size < 1e9) {
    std::snprintf(text, sizeof text, "%.0f", value);
    return grouped(text);
  }
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

Axis::Axis(double low, double high, double first_pixel, double last_pixel, const Options& options)
    : low_(low), high_(high), first_pixel_(first_pixel), last_pixel_(last_pixel), log_(options.log) {
  if (log_) {
    low_ = std::pow(10, std::floor(std::log10(low_) + 1e-9));
    high_ = std::pow(10, std::ceil(std::log10(high_) - 1e-9));
    if (high_ <= low_) high_ = 10 * low_;
    make_log_ticks(options.unit);
    return;
  }
  if (high_ <= low_) {
    const double around = low_ == 0 ? 1 : std::abs(low_) / 2;
    low_ -= around, high_ += around;
  }
  make_linear_ticks(options);
}

void Axis::make_linear_ticks(const Options& options) {
  const double step = round_step(high_ - low_, options.ticks);
  const double first = std::floor(low_ / step + 1e-6), last = std::ceil(high_ / step - 1e-6);
  if (!options.exact) low_ = first * step, high_ = last * step;
  for (double i = first; i <= last; ++i) {
    const double value = i == 0 ? 0 : i * step;  // not -0
    if (value >= low_ && value <= high_) ticks_.push_back({value, format_value(value, options.unit)});
  }
}

void Axis::make_log_ticks(Unit unit) {
  const double first = std::round(std::log10(low_)), last = std::round(std::log10(high_));
  const double every = std::ceil((last - first) / 6);
  for (double exponent = first; exponent <= last; exponent += every)
    ticks_.push_back({std::pow(10, exponent), format_value(std::pow(10, exponent), unit)});
}

double Axis::pixel(double value) const {
  const double at = std::clamp(value, low_, high_);
  const double share = log_ ? (std::log10(at) - std::log10(low_)) / (std::log10(high_) - std::log10(low_))
                            : (at - low_) / (high_ - low_);
  return first_pixel_ + share * (last_pixel_ - first_pixel_);
}

}  // namespace aio::report
