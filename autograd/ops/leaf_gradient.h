#pragma once
// Where an op's backward puts the gradient of an input that is likely a leaf: weights, biases, a norm's scale.

#include "autograd/node.h"
#include "tensor/raw.h"

namespace aio::ops {

/// The gradient of input `input` of `node`, made by a kernel that writes it: into the leaf's own buffer where that
/// holds zeros (Node::gradient_sink), so that nothing is left to add; else into new memory.
class LeafGradient {
 public:
  LeafGradient(const Node& node, int input, const Shape& shape, const TensorOptions& options)
      : sink_(node.gradient_sink(input, options.dtype)),
        memory_(sink_.zero ? sink_.buffer : Tensor::empty(shape, options)) {}

  /// For the kernel, which writes all of it.
  const Tensor& memory() const { return memory_; }
  /// What backward returns for this input once memory() is written: undefined if the leaf has it.
  Tensor result() const {
    if (sink_.zero) return {};
    if (!sink_.buffer.defined()) return memory_;
    raw::axpby_(sink_.buffer, 1, memory_, 1);
    return {};
  }

 private:
  Node::GradientSink sink_;
  Tensor memory_;
};

}  // namespace aio::ops
