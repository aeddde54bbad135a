#pragma once
// Ema: an exponential moving average of the parameters, average = decay average + (1 - decay) p.

#include <map>
#include <string>

#include "nn/optim/flat_params.h"

namespace aio::nn {

class Ema {
 public:
  /// Starts as a copy of the parameters; `params` outlives it. Throws Error{config} unless 0 <= decay < 1.
  Ema(FlatParams& params, double decay);
  Ema(const Ema&) = delete;
  Ema& operator=(const Ema&) = delete;

  /// After each optimizer step. Throws Error{state} while swapped in.
  void update();
  /// Exchanges average and parameters without a copy: once for evaluation, once more to go on. EmaScope does both.
  void swap();
  bool swapped() const { return swapped_; }

  /// "ema.NAME" -> views of the average, for saving. Throws Error{state} while swapped in.
  std::map<std::string, Tensor> state() const;
  /// Strict, as ParamStore::load.
  void load_state(const std::map<std::string, Tensor>& tensors);

 private:
  void check_not_swapped() const;
  FlatParams* params_;
  double decay_;
  Tensor average_;
  bool swapped_ = false;
};

/// While alive, the model computes with the averaged weights.
class EmaScope {
 public:
  explicit EmaScope(Ema& ema) : ema_(&ema) { ema.swap(); }
  ~EmaScope() { ema_->swap(); }
  EmaScope(const EmaScope&) = delete;
  EmaScope& operator=(const EmaScope&) = delete;

 private:
  Ema* ema_;
};

}  // namespace aio::nn
