#include "autograd/node.h"

#include <atomic>
#include <utility>

#include "autograd/anomaly.h"
#include "autograd/autograd.h"
#include "autograd/engine.h"
#include "autograd/thread_state.h"
#include "tensor/error.h"
#include "tensor/storage.h"

namespace aio {

namespace {

std::uint64_t next_sequence() {
  static std::atomic<std::uint64_t> counter{0};
  return counter.fetch_add(1, std::memory_order_relaxed) + 1;
}

OutputMeta* meta_of(const Tensor& tensor) { return static_cast<OutputMeta*>(tensor.autograd().get()); }

/// What an op sees while checkpoint() runs it without recording.
void probe_inputs(CheckpointProbe& probe, const TensorRefs& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!requires_grad(inputs[i])) continue;
    const Node& producer = *meta_of(inputs[i])->node;
    if (producer.is_leaf()) {
      probe.leaves.push_back(inputs[i]);
    } else {
      probe.saw_history = producer.name();
    }
  }
}

bool any_requires_grad(const TensorRefs& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (requires_grad(inputs[i])) return true;
  }
  return false;
}

}  // namespace

// ---- OutputMeta -----------------------------------------------------------------------------------------------------

void OutputMeta::describe_as(Node* producer, int index, const Tensor& tensor) {
  node = producer;
  output = index;
  dtype = tensor.dtype();
  device = tensor.device();
  shape = tensor.shape();
}

bool OutputMeta::matches(const Tensor& gradient) const {
  return gradient.dtype() == dtype && gradient.device() == device && gradient.shape() == shape;
}

// ---- Node -----------------------------------------------------------------------------------------------------------

Node::Node(const char* name) : name_(name), sequence_(next_sequence()) {}

// A chain of shared_ptr members would be destroyed by recursion, one stack frame a node: 120,000 nodes overflow 8 MiB.
// Here a dying node takes over the edges of every node that only it keeps alive before it lets go of that node, so
// the depth of the recursion is one.
Node::~Node() {
  std::vector<Edge> pending = std::move(edges_);
  while (!pending.empty()) {
    const std::shared_ptr<Node> next = std::move(pending.back().node);
    pending.pop_back();
    if (next.use_count() == 1) {
      for (Edge& edge : next->edges_) pending.push_back(std::move(edge));
      next->edges_.clear();
    }
  }
}

void Node::release() {
  for (SavedTensor* saved = first_saved_; saved != nullptr; saved = saved->next_) saved->tensor_ = Tensor{};
  released_ = true;
}

void Node::check_saved() const {
  for (const SavedTensor* saved = first_saved_; saved != nullptr; saved = saved->next_) saved->check_version();
}

Node::GradientSink Node::gradient_sink(int input, DType dtype) const {
  const Edge* edge = &edges_[static_cast<std::size_t>(input)];
  while (*edge && edge->node->is_cast()) edge = &edge->node->edges_[0];
  if (!*edge || !edge->node->is_leaf_ || thread_state.anomaly || dtype == DType::bf16) return {};
  auto& leaf = static_cast<AccumulateGrad&>(*edge->node);
  if (!leaf.requires_grad || !leaf.grad.defined() || leaf.grad.dtype() != dtype) return {};
  const bool zero = std::exchange(leaf.zero, false) && !leaf.touched;
  leaf.touched = true;
  leaf.grad.storage().bump_version();  // the caller writes through a View, which does not
  return {leaf.grad, zero};
}

Tensor Node::take_pending(int input) const {
  if (thread_state.engine == nullptr || thread_state.anomaly) return {};
  return thread_state.engine->take_pending(edges_[static_cast<std::size_t>(input)]);
}

const DropoutMask* Node::producer_dropout(int input) const {
  const Edge& edge = edges_[static_cast<std::size_t>(input)];
  return edge && edge.output == 0 ? edge.node->gradient_dropout() : nullptr;
}

void Node::leave_dropped(int input, const Tensor& dropped) const {
  if (thread_state.engine != nullptr)
    thread_state.engine->leave_dropped(edges_[static_cast<std::size_t>(input)], dropped);
}

Tensor Node::take_dropped() const {
  return thread_state.engine != nullptr ? thread_state.engine->take_dropped() : Tensor{};
}

// ---- recording ------------------------------------------------------------------------------------------------------

bool GraphBuilder::wants_node(const TensorRefs& inputs) {
  if (thread_state.probe != nullptr) probe_inputs(*thread_state.probe, inputs);
  return (thread_state.grad_enabled && any_requires_grad(inputs)) || thread_state.anomaly;
}

void GraphBuilder::connect(const std::shared_ptr<Node>& node, std::span<const Tensor> outputs,
                           const TensorRefs& inputs) {
  if (thread_state.anomaly) {
    for (const Tensor& output : outputs) check_finite(node->name(), "an output", output);
    if (!thread_state.grad_enabled || !any_requires_grad(inputs)) return;
  }
  attach(node, outputs, inputs);
}

void GraphBuilder::attach(const std::shared_ptr<Node>& node, std::span<const Tensor> outputs,
                          const TensorRefs& inputs) {
  node->edges_.resize(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!requires_grad(inputs[i])) continue;
    const OutputMeta* producer = meta_of(inputs[i]);
    // Shares ownership of the producer through the pointer that the input already has.
    node->edges_[i].node = std::shared_ptr<Node>(inputs[i].autograd(), producer->node);
    node->edges_[i].output = producer->output;
  }
  if (outputs.size() > 1) node->more_outputs_ = std::vector<OutputMeta>(outputs.size() - 1);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& output = outputs[i];
    if (!output.defined() || !is_float(output.dtype())) continue;  // an argmax beside a maximum has no gradient
    check(output.autograd() == nullptr, ErrorCode::state, node->name(),
          ": the output of record() has a history already (return a new tensor, or raw::alias of an input)");
    // A saved output must not own this node through its history: that would be a cycle. It is saved as an alias.
    for (SavedTensor* saved = node->first_saved_; saved != nullptr; saved = saved->next_) {
      if (saved->tensor_.is_same(output)) saved->detach_output();
    }
    OutputMeta& meta = i == 0 ? node->first_output_ : node->more_outputs_[i - 1];
    meta.describe_as(node.get(), static_cast<int>(i), output);
    output.impl().autograd = std::shared_ptr<AutogradMetaBase>(node, &meta);
  }
}

}  // namespace aio
