#pragma once
// FlatParams: all trainable parameters of a model in one buffer, and all their gradients in another.
//
//   values  | blocks.0.norm1.weight | blocks.0.norm1.bias | ...   each parameter's value is a view of it
//   grads   | the same layout                             | ...   each parameter's gradient is a view of it
//
// So an optimizer is one pass over a few long runs instead of hundreds of small kernels, clearing gradients is one fill
// and an average of weights one axpby. Each parameter begins on a 64-byte boundary; the gap before it holds zeros and
// may be updated along with its neighbours.

#include <cstdint>
#include <string>
#include <vector>

#include "nn/param_store.h"
#include "tensor/backend.h"

namespace aio::nn {

class FlatParams {
 public:
  /// One parameter's place in every flat buffer.
  struct Slot {
    std::string name;
    Tensor value;  ///< the parameter's own handle
    std::int64_t begin = 0;
    std::int64_t end = 0;   ///< begin + number of elements
    std::int64_t next = 0;  ///< where the following slot begins: end rounded up
  };

  /// Moves the values of all trainable parameters, in the order of the store, and gives each a zero gradient. Every
  /// handle to them follows. Parameters frozen now are left out for good; one frozen later just gets no gradient.
  /// Throws Error{state} if nothing is trainable.
  explicit FlatParams(const ParamStore& store);
  FlatParams(const FlatParams&) = delete;
  FlatParams& operator=(const FlatParams&) = delete;

  const std::vector<Slot>& slots() const { return slots_; }
  const Tensor& values() const { return values_; }
  const Tensor& grads() const { return grads_; }

  /// A buffer of zeros in the same layout: moments, averages.
  Tensor make_buffer() const;
  /// The part of `buffer` that belongs to `slot`, in the parameter's shape (a view).
  static Tensor view_of(const Tensor& buffer, const Slot& slot);
  /// "prefix.name" -> view of `buffer`, for saving and loading.
  std::vector<NamedTensor> named_views(const std::string& prefix, const Tensor& buffer) const;

  /// Sets all gradients to zero and forgets which were written. Before the first micro-batch of each step. `one_pass`:
  /// it is the only one, so that the first gradient of a parameter may be written over its zeros instead of added,
  /// which spares a kernel each. A recording of such a pass begins with this call.
  void zero_grad(bool one_pass = false);
  /// Which parameters a backward has written to since; and to say so after a replay of it (tensor/recording.h).
  std::vector<bool> touched() const;
  void set_touched(const std::vector<bool>& touched);
  /// Over all gradients; those that no backward has written are zero.
  GradStats grad_stats() const;
  /// `buffer` becomes the values and the values become `buffer`, without a copy: for evaluation with an average. A
  /// graph recorded before cannot run backward, nor an optimizer step, until a second call has undone it.
  void exchange_values(Tensor& buffer);
  bool exchanged() const { return exchanged_; }
  /// Throws Error{state} if another FlatParams has taken the parameters over, or a set_grad() replaced a gradient.
  void check_ownership() const;

 private:
  void attach(const Tensor& buffer);
  std::vector<Slot> slots_;
  Tensor values_, grads_;
  bool exchanged_ = false;
};

/// Appends [begin, end) or, where it continues the last segment with the same hyper-parameters, extends that one.
void append_segment(std::vector<ParamSegment>& segments, const FlatParams::Slot& slot, double lr, double weight_decay);

}  // namespace aio::nn
