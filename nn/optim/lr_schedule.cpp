#include "nn/optim/lr_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tensor/error.h"

namespace aio::nn {

double LrSchedule::lr(std::int64_t step) const {
  if (step < warmup_steps) return base_lr * static_cast<double>(step) / static_cast<double>(warmup_steps);
  if (step >= max_steps) return end_lr;
  const std::int64_t begin = std::max(warmup_steps, decay_start);
  if (step < begin) return base_lr;
  const double r = static_cast<double>(step - begin) / static_cast<double>(max_steps - begin);
  const double f = decay == Decay::cosine ? 0.5 * (1 + std::cos(std::numbers::pi * r)) : std::pow(1 - r, power);
  return end_lr + (base_lr - end_lr) * f;
}

void LrSchedule::validate() const {
  check(end_lr >= 0 && end_lr <= base_lr, ErrorCode::config, "lr_schedule: end_lr is ", end_lr,
        ", expected 0 <= end_lr <= base_lr = ", base_lr);
  check(power > 0, ErrorCode::config, "lr_schedule: power is ", power, ", expected more than 0");
  check(warmup_steps >= 0 && decay_start >= 0 && max_steps >= 1, ErrorCode::config, "lr_schedule: ", warmup_steps,
        " warm-up steps, decay from ", decay_start, ", of ", max_steps,
        ", expected warmup_steps >= 0, decay_start >= 0 and max_steps >= 1");
}

std::int64_t warmup_from_fraction(double fraction, std::int64_t max_steps) {
  check(fraction >= 0 && fraction <= 1, ErrorCode::config, "lr_schedule: warm-up fraction is ", fraction,
        ", expected 0 to 1");
  return static_cast<std::int64_t>(static_cast<double>(max_steps) * fraction);
}

}  // namespace aio::nn
