#pragma once
// Learning rate as a pure function of the number of finished steps: linear warm-up, then polynomial or cosine decay.
//
//   step < warmup:   base * step / warmup                    (so the very first update has learning rate 0)
//   step < decay:    base,   decay = max(warmup, decay_start)
//   step < max:      end + (base - end) * f(r),   r = (step - decay) / (max - decay)
//                    polynomial f = (1 - r)^power;   cosine f = (1 + cos(pi r)) / 2
//   else:            end
//
// Polynomial is transformers' get_polynomial_decay_schedule_with_warmup, cosine is torch's CosineAnnealingLR after the
// warm-up.

#include <cstdint>

namespace aio::nn {

struct LrSchedule {
  enum class Decay { polynomial, cosine };
  Decay decay = Decay::polynomial;
  double base_lr = 1e-4;
  double end_lr = 0;
  double power = 1;  ///< of the polynomial
  std::int64_t warmup_steps = 0;
  std::int64_t decay_start = 0;  ///< constant until then; 0: the decay follows the warm-up
  std::int64_t max_steps = 1;

  /// The learning rate of the update after `step` finished ones.
  double lr(std::int64_t step) const;
  /// Throws Error{config} unless 0 <= end_lr <= base_lr, power > 0, warmup_steps >= 0, decay_start >= 0 and max_steps
  /// >= 1.
  void validate() const;
};

/// Warm-up given as a fraction of the run, truncated to whole steps as in the reference: int(max_steps * fraction).
/// Throws Error{config} unless 0 <= fraction <= 1.
std::int64_t warmup_from_fraction(double fraction, std::int64_t max_steps);

}  // namespace aio::nn
