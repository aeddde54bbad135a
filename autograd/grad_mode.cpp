// The guards that switch recording and checking on and off for the current thread.

#include "autograd/autograd.h"
#include "autograd/thread_state.h"

namespace aio {

bool grad_enabled() { return thread_state.grad_enabled; }

NoGrad::NoGrad() : previous_(thread_state.grad_enabled), previous_probe_(thread_state.probe) {
  thread_state.grad_enabled = false;
  thread_state.probe = nullptr;  // what a checkpointed function reads under its own NoGrad needs no recomputation
}
NoGrad::~NoGrad() {
  thread_state.grad_enabled = previous_;
  thread_state.probe = previous_probe_;
}

EnableGrad::EnableGrad() : previous_(thread_state.grad_enabled) { thread_state.grad_enabled = true; }
EnableGrad::~EnableGrad() { thread_state.grad_enabled = previous_; }

AnomalyMode::AnomalyMode() : previous_(thread_state.anomaly) { thread_state.anomaly = true; }
AnomalyMode::~AnomalyMode() { thread_state.anomaly = previous_; }

}  // namespace aio
