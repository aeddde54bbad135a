#pragma once
// What users of gradients call: mark leaves, run backward, read gradients.

#include <functional>
#include <memory>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace aio {

// ---- leaves ---------------------------------------------------------------------------------------------------------
/// True if gradients flow to this tensor (a leaf that asked for them, or an output recorded from one).
bool requires_grad(const Tensor& x);
/// Marks a leaf. Throws Error{dtype} for non-floating tensors, Error{state} for the output of a recorded op.
void set_requires_grad(const Tensor& x, bool value = true);
bool is_leaf(const Tensor& x);
/// The accumulated gradient of a leaf; undefined before the first backward.
Tensor grad(const Tensor& x);
/// Replaces the gradient buffer (a view of a flat buffer) or drops it (undefined tensor). Shape and dtype must match.
void set_grad(const Tensor& x, const Tensor& gradient);
/// Whether a backward has written to the leaf's gradient since the mark was last cleared. Parameters without gradient
/// are skipped by the optimizers.
bool grad_touched(const Tensor& x);
void clear_grad_touched(const Tensor& x);
/// For a replay, which writes gradients without a backward (tensor/recording.h).
void mark_grad_touched(const Tensor& x);
/// clear_grad_touched() by somebody who has just filled the leaf's buffer with zeros: the first gradient to arrive may
/// be written over them instead of added.
void declare_grad_zero(const Tensor& x);
/// Same storage, no history.
Tensor detach(const Tensor& x);

// ---- backward -------------------------------------------------------------------------------------------------------
/// Adds d(loss)/d(leaf) into every leaf's gradient. `loss` has one element, or `gradient` of its shape is given.
/// Frees saved tensors as it goes; a second backward through the same graph throws Error{state}, as does a double
/// backward (gradients carry no history).
/// Mistakes (a freed graph, an overwritten saved tensor, a wrong gradient) are found before anything is written. What
/// is thrown later (out of memory, AnomalyMode, an op's own error) leaves gradients half added and the graph half
/// freed: zero the gradients and run the forward pass again. One thread at a time may run backward on graphs that share
/// nodes or leaves.
void backward(const Tensor& loss, const Tensor& gradient = {});

struct CheckpointProbe;

/// No graph is recorded while one is alive on this thread.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool previous_;
  CheckpointProbe* previous_probe_;
};
/// Records again inside a NoGrad (recomputation).
class EnableGrad {
 public:
  EnableGrad();
  ~EnableGrad();
  EnableGrad(const EnableGrad&) = delete;
  EnableGrad& operator=(const EnableGrad&) = delete;

 private:
  bool previous_;
};
bool grad_enabled();

/// While alive, every recorded output and every gradient is checked: Error{value} names the first op with a
/// non-finite one. Slow; for hunting NaNs.
class AnomalyMode {
 public:
  AnomalyMode();
  ~AnomalyMode();
  AnomalyMode(const AnomalyMode&) = delete;
  AnomalyMode& operator=(const AnomalyMode&) = delete;

 private:
  bool previous_;
};

// ---- recomputation --------------------------------------------------------------------------------------------------
using CheckpointFn = std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs, RngStream& rng)>;
/// Runs fn without keeping its intermediates; backward runs it again, with the random numbers it had, and
/// differentiates that. `fn` must be a pure function of inputs and rng. It may capture parameters: their gradients
/// accumulate as usual; capturing a tensor with history is an error. Advances `rng` as fn does.
std::vector<Tensor> checkpoint(const CheckpointFn& fn, const std::vector<Tensor>& inputs, RngStream& rng);

}  // namespace aio
