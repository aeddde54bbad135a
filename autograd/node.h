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
// micrograd's Value is our Tensor + Node; its closure `_backward` is our virtual backward(). docs/autograd.md maps the
// rest. Who owns whom, always pointing back in time, so there are no cycles:
//
//   Tensor --autograd--> OutputMeta (inside its Node) ; Node --edges--> Nodes of its inputs ; leaf = AccumulateGrad

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "tensor/random.h"
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

/// What hangs on a tensor with history: which output of which node it is, and what its gradient must look like. It
/// lives inside the node, and the tensor's pointer shares ownership of the node, so recording allocates nothing for it.
struct OutputMeta : AutogradMetaBase {
  Node* node = nullptr;
  int output = 0;
  DType dtype = DType::f32;
  Device device{};
  Shape shape;

  void describe_as(Node* producer, int index, const Tensor& tensor);
  /// Whether `gradient` has this output's shape, dtype and device.
  bool matches(const Tensor& gradient) const;
};

/// The inputs of record(): `{x, w}` or a vector of tensors, without copying a handle. Only for function arguments,
/// which outlive it.
class TensorRefs {
 public:
  struct Ref {
    Ref(const Tensor& t) : tensor(&t) {}  // NOLINT: implicit, so that `{x, w}` works
    const Tensor* tensor;
  };
  TensorRefs(std::initializer_list<Ref> refs) : size_(refs.size()) { refs_ = refs.begin(); }
  TensorRefs(const std::vector<Tensor>& tensors) : tensors_(tensors.data()), size_(tensors.size()) {}  // NOLINT
  std::size_t size() const { return size_; }
  const Tensor& operator[](std::size_t i) const { return refs_ != nullptr ? *refs_[i].tensor : tensors_[i]; }

 private:
  const Ref* refs_ = nullptr;
  const Tensor* tensors_ = nullptr;
  std::size_t size_;
};

class Node {
 public:
  /// `name` is the op's name in errors and profiles; a string literal.
  explicit Node(const char* name);
  virtual ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// grads[i] is the gradient of output i: undefined if nothing flowed into it, else of the output's shape, dtype and
  /// device, possibly strided, and not to be written to. Returns one gradient per input of record(), of that input's
  /// shape and dtype, undefined where needs_grad(i) is false or nothing flows. Runs under NoGrad.
  virtual std::vector<Tensor> backward(const std::vector<Tensor>& grads) = 0;

  const char* name() const { return name_; }
  /// Creation number: a node's inputs have smaller ones, so descending order is a topological order.
  std::uint64_t sequence() const { return sequence_; }
  const std::vector<Edge>& edges() const { return edges_; }
  bool needs_grad(int input) const { return static_cast<bool>(edges_[static_cast<std::size_t>(input)]); }
  int output_count() const { return 1 + static_cast<int>(more_outputs_.size()); }
  const OutputMeta& output(int i) const {
    return i == 0 ? first_output_ : more_outputs_[static_cast<std::size_t>(i - 1)];
  }
  /// A change of dtype and nothing else, so that gradient_sink() may look behind it.
  virtual bool is_cast() const { return false; }
  /// The end of a path: an AccumulateGrad.
  bool is_leaf() const { return is_leaf_; }
  bool released() const { return released_; }
  /// The buffer (contiguous) of a leaf's gradient; undefined if there is none.
  struct GradientSink {
    Tensor buffer;
    bool zero = false;  ///< it holds zeros (declare_grad_zero): what would be added may be written instead
  };
  /// If input `i` is a leaf, or a leaf cast to another type, whose gradient buffer exists and has this `dtype` (f32 or
  /// f64): that buffer, so that backward may add into it directly and return an undefined tensor for this input;
  /// whoever asks must add. So the weight gradient of a bf16 product reaches its f32 master unrounded. Else undefined
  /// (also in AnomalyMode, which wants to see every gradient).
  GradientSink gradient_sink(int input, DType dtype) const;

  /// In backward(): what has arrived so far for the producer of input `i` from its other uses, taken away from there;
  /// undefined if nothing has, or if others hold its memory. Whoever asks must return a gradient that includes it, for
  /// which it may use the memory. So the gradient of a residual connection is added while the branch's is made.
  Tensor take_pending(int input) const;

  /// The mask through which backward() sends the gradient of output 0 before anything else; null: none.
  virtual const DropoutMask* gradient_dropout() const { return nullptr; }
  /// In backward(): gradient_dropout() of the producer of input `i`. Whoever makes that gradient may write it through
  /// the mask as well, and leave this for the producer.
  const DropoutMask* producer_dropout(int input) const;
  /// In backward(): `dropped` = dropout of the gradient that is about to be returned for `input`. The producer finds it
  /// unless anything else is part of its gradient.
  void leave_dropped(int input, const Tensor& dropped) const;
  /// In backward(): dropout of grads[0], if somebody has left it; else undefined.
  Tensor take_dropped() const;

  /// Drops saved tensors; edges stay until the node dies. backward() through it is an error from then on.
  void release();
  /// Throws as SavedTensor::get would, for the first saved tensor that was changed in place.
  void check_saved() const;

 private:
  friend class SavedTensor;
  friend class AccumulateGrad;
  friend class Engine;
  friend struct GraphBuilder;

  const char* name_;
  std::uint64_t sequence_;
  std::vector<Edge> edges_;
  SavedTensor* first_saved_ = nullptr;  // linked through SavedTensor::next_
  OutputMeta first_output_;             // nearly every op has one output: kept inline
  std::vector<OutputMeta> more_outputs_;
  std::uint64_t visited_by_ = 0;  // the backward that checked this node last
  int task_ = -1;                 // its place in the running backward, -1: none
  bool is_leaf_ = false;
  bool released_ = false;
};

/// A tensor kept for backward: a handle without history plus the storage and the version it had. A member of its Node
/// (or an element of a std::deque or array: the node knows its address). An output of the op itself may be saved like
/// any other tensor; `output = true` says so in messages even before record() sees it.
class SavedTensor {
 public:
  SavedTensor(Node& owner, const Tensor& tensor, bool output = false);
  SavedTensor(const SavedTensor&) = delete;
  SavedTensor& operator=(const SavedTensor&) = delete;

  /// The tensor; throws Error{state} "softmax: a saved output was changed in place (version 3, saved at 2)...".
  /// Undefined if an undefined tensor was saved.
  Tensor get() const;

 private:
  friend class Node;
  friend struct GraphBuilder;
  void check_version() const;
  void detach_output();

  const Node* owner_;
  SavedTensor* next_;
  Tensor tensor_;
  const Storage* storage_ = nullptr;  // only compared: parameters may be moved (nn/optim/ema.h)
  std::uint64_t version_ = 0;
  bool output_;
};

/// The end of the line: adds what arrives into a leaf's gradient. The leaf's autograd metadata is its output 0, so an
/// edge to a leaf is like any other.
class AccumulateGrad final : public Node {
 public:
  explicit AccumulateGrad(const Tensor& leaf);
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override;
  /// grad += gradient. The first to arrive is adopted if nobody else holds its memory, else copied.
  void accumulate(Tensor gradient);

  Tensor grad;                 ///< undefined before the first backward
  bool requires_grad = false;  ///< a frozen leaf ignores what arrives
  bool touched = false;        ///< see grad_touched()
  bool zero = false;           ///< see declare_grad_zero()
};

// ---- recording ------------------------------------------------------------------------------------------------------

/// Graph surgery behind record(); not for ops.
struct GraphBuilder {
  /// GradMode is on and some input requires grad (or AnomalyMode wants to know the op's name).
  static bool wants_node(const TensorRefs& inputs);
  /// Gives `node` an edge per input and hangs it on the floating outputs.
  static void attach(const std::shared_ptr<Node>& node, std::span<const Tensor> outputs, const TensorRefs& inputs);
  /// attach() if a gradient is wanted, after AnomalyMode's look at the outputs.
  static void connect(const std::shared_ptr<Node>& node, std::span<const Tensor> outputs, const TensorRefs& inputs);
};

/// Every differentiable op returns through record: if a gradient is wanted it makes NodeT(args...), with one edge per
/// input, and hangs it on the outputs, which are new tensors (a view of an input is one; the input itself is not).
template <class NodeT, class... Args>
std::vector<Tensor> record_all(std::vector<Tensor> outputs, const TensorRefs& inputs, Args&&... args) {
  if (GraphBuilder::wants_node(inputs)) {
    GraphBuilder::connect(std::make_shared<NodeT>(std::forward<Args>(args)...), outputs, inputs);
  }
  return outputs;
}

template <class NodeT, class... Args>
Tensor record(Tensor output, const TensorRefs& inputs, Args&&... args) {
  if (GraphBuilder::wants_node(inputs)) {
    GraphBuilder::connect(std::make_shared<NodeT>(std::forward<Args>(args)...), {&output, 1}, inputs);
  }
  return output;
}

}  // namespace aio
