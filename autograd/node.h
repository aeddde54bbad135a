#pragma once
// Node: one recorded op. Its forward created it, its backward turns output gradients into input gradients.
//
// An op is a free function and a Node subclass in the same file (autograd/ops/gelu.cpp is the model):
//
//   struct GeluNode : Node {
//     explicit GeluNode(const Tensor& x) : Node("gelu"), x_(*this, x) {}
//     std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { ... x_.get() ... }
//     SavedTensor x_;
//   };
//   Tensor gelu(const Tensor& x) { ...forward into y...; return record<GeluNode>(y, {x}, x); }
//
// micrograd's Value is our Tensor + Node; its closure `_backward` is our virtual backward().

#include <cstdint>
#include <memory>
#include <vector>

#include "tensor/tensor.h"

namespace aio {

class Node;
class SavedTensor;

/// The way to an input's producer: which node, and which of its outputs. Empty for inputs that need no gradient.
struct Edge {
  std::shared_ptr<Node> node;
  int output = 0;
  explicit operator bool() const { return node != nullptr; }
};

class Node {
 public:
  /// `name` is the op's name in errors and profiles; a string literal.
  explicit Node(const char* name);
  virtual ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// grads[i] is the gradient of output i (undefined if nothing flowed into it); returns one gradient per input of
  /// record(), undefined where needs_grad(i) is false. Runs under NoGrad.
  virtual std::vector<Tensor> backward(const std::vector<Tensor>& grads) = 0;

  const char* name() const { return name_; }
  /// Creation number: a node's inputs have smaller ones, so descending order is a topological order.
  std::uint64_t sequence() const { return sequence_; }
  const std::vector<Edge>& edges() const { return edges_; }
  bool needs_grad(int input) const { return static_cast<bool>(edges_[static_cast<std::size_t>(input)]); }
  int output_count() const { return output_count_; }
  bool released() const { return released_; }
  /// If input `i` is a leaf whose gradient buffer exists: that buffer, so that backward may add into it directly and
  /// return an undefined tensor for this input. Else undefined.
  Tensor gradient_sink(int input) const;

  /// Drops saved tensors; edges stay until the node dies. backward() through it is an error from then on.
  void release();

 private:
  friend class SavedTensor;
  friend struct GraphBuilder;
  friend class AccumulateGrad;
  const char* name_;
  std::uint64_t sequence_;
  std::vector<Edge> edges_;
  std::vector<SavedTensor*> saved_;
  int output_count_ = 1;
  bool released_ = false;
};

/// A tensor kept for backward: a handle without history plus the storage version it had. `output = true` for a saved
/// output of the op itself (no difference in use; named in messages).
class SavedTensor {
 public:
  SavedTensor(Node& owner, const Tensor& tensor, bool output = false);
  /// The tensor; throws Error{state} "softmax: a saved output was changed in place (version 3, saved at 2)...".
  /// Undefined if an undefined tensor was saved.
  Tensor get() const;

 private:
  friend class Node;
  const Node* owner_;
  Tensor tensor_;
  std::uint64_t version_ = 0;
  bool output_;
};

/// The end of the line: adds what arrives into a leaf's gradient. Owned by the leaf's metadata.
class AccumulateGrad : public Node {
 public:
  explicit AccumulateGrad(const Tensor& leaf);
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override;
  /// The leaf's gradient buffer, if there is one.
  Tensor grad() const;

 private:
  std::weak_ptr<TensorImpl> leaf_;
};

// ---- recording
// --------------------------------------------------------------------------------------------------------

/// Graph surgery behind record(); not for ops.
struct GraphBuilder {
  /// GradMode is on and some input requires grad.
  static bool wants_graph(const std::vector<Tensor>& inputs);
  static void connect(const std::shared_ptr<Node>& node, const std::vector<Tensor>& outputs,
                      const std::vector<Tensor>& inputs);
  /// AnomalyMode's check of forward outputs.
  static void check_outputs(const char* op, const std::vector<Tensor>& outputs);
  static bool anomaly_mode();
};

/// Every differentiable op returns through record: if a gradient is wanted it makes NodeT(args...), with one edge per
/// input, and hangs it on the outputs.
template <class NodeT, class... Args>
std::vector<Tensor> record_all(std::vector<Tensor> outputs, const std::vector<Tensor>& inputs, Args&&... args) {
  if (GraphBuilder::wants_graph(inputs)) {
    GraphBuilder::connect(std::make_shared<NodeT>(std::forward<Args>(args)...), outputs, inputs);
  }
  return outputs;
}

template <class NodeT, class... Args>
Tensor record(Tensor output, const std::vector<Tensor>& inputs, Args&&... args) {
  return record_all<NodeT>({std::move(output)}, inputs, std::forward<Args>(args)...)[0];
}

}  // namespace aio
