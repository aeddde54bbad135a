// checkpoint: trade a second forward pass for the memory of everything between a block's inputs and outputs.
//
// Forward runs fn under NoGrad and keeps its inputs and the position of the random stream. Backward runs fn again,
// recording this time, on leaves that alias the inputs, and runs a nested backward through that small graph; the
// random numbers are keyed, so the copy of the stream draws the same masks. Gradients of captured parameters
// accumulate directly, gradients of the inputs are what the nested leaves received.

#include <deque>

#include "autograd/autograd.h"
#include "autograd/engine.h"
#include "autograd/node.h"
#include "autograd/thread_state.h"
#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio {

namespace {

struct CheckpointNode : Node {
  CheckpointNode(CheckpointFn fn, const std::vector<Tensor>& inputs, const std::vector<Tensor>& captured,
                 const RngStream& rng)
      : Node("checkpoint"), fn_(std::move(fn)), rng_(rng) {
    for (const Tensor& input : inputs) inputs_.emplace_back(*this, input);
    for (const Tensor& parameter : captured) captured_.emplace_back(*this, parameter);
  }

  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    std::vector<Tensor> leaves;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Tensor saved = inputs_[i].get();
      leaves.push_back(saved.defined() ? raw::alias(saved) : saved);
      if (needs_grad(static_cast<int>(i))) set_requires_grad(leaves.back());
    }
    const std::vector<Tensor> outputs = recompute(leaves, grads.size());
    Engine engine;
    engine.run(outputs, grads);
    std::vector<Tensor> results(leaves.size());
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      if (!needs_grad(static_cast<int>(i))) continue;
      results[i] = grad(leaves[i]);
      set_grad(leaves[i], {});  // so that `results` is the only owner
    }
    return results;
  }

 private:
  /// Also drops fn, and with it whatever it captured.
  std::vector<Tensor> recompute(const std::vector<Tensor>& leaves, std::size_t expected) {
    RngStream rng = rng_;
    const EnableGrad enable;
    std::vector<Tensor> outputs = fn_(leaves, rng);
    fn_ = nullptr;
    check(outputs.size() == expected, ErrorCode::state, "checkpoint: fn returned ", outputs.size(),
          " tensors when recomputed, ", expected, " before (it must be a pure function of inputs and rng)");
    return outputs;
  }

  CheckpointFn fn_;
  RngStream rng_;
  std::deque<SavedTensor> inputs_;    // a deque does not move its elements
  std::deque<SavedTensor> captured_;  // only watched: an optimizer step before backward would change what fn computes
};

}  // namespace

std::vector<Tensor> checkpoint(const CheckpointFn& fn, const std::vector<Tensor>& inputs, RngStream& rng) {
  if (!grad_enabled()) return fn(inputs, rng);
  const RngStream start = rng;
  std::vector<Tensor> detached;
  bool wanted = false;
  for (const Tensor& input : inputs) {
    detached.push_back(input.defined() ? raw::alias(input) : input);
    wanted = wanted || requires_grad(input);
  }
  CheckpointProbe probe;
  std::vector<Tensor> outputs;
  {
    const ThreadStateGuard guard;
    thread_state.grad_enabled = false;
    thread_state.probe = &probe;
    outputs = fn(detached, rng);
  }
  check(probe.saw_history == nullptr, ErrorCode::state, "checkpoint: fn captures an output of ", probe.saw_history,
        " that has a history (pass it in `inputs`, or detach it)");
  // fn may return an input or a captured tensor; what it returns here is a new tensor.
  for (Tensor& output : outputs) output = output.defined() ? raw::alias(output) : output;
  if (wanted || !probe.leaves.empty()) {
    GraphBuilder::attach(std::make_shared<CheckpointNode>(fn, inputs, probe.leaves, start), outputs, inputs);
  }
  return outputs;
}

}  // namespace aio
