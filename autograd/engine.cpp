#include "autograd/engine.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "autograd/anomaly.h"
#include "autograd/autograd.h"
#include "autograd/thread_state.h"
#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio {

namespace {

OutputMeta* meta_of(const Tensor& x) { return static_cast<OutputMeta*>(x.autograd().get()); }

bool writable(const Tensor& x) { return x.defined() && x.is_sole_owner() && x.is_contiguous(); }

/// sum += gradient, in the memory of whichever of the two nobody else can see.
void add_into(Tensor& sum, Tensor gradient) {
  if (!sum.defined()) {
    sum = std::move(gradient);
    return;
  }
  // a + b is b + a to the last bit, so which one is written makes no difference to the result.
  if (!writable(sum)) {
    std::swap(sum, gradient);
    if (!writable(sum)) sum = raw::clone(sum);
  }
  raw::axpby_(sum, 1, raw::contiguous(gradient), 1);
}

}  // namespace

// A backward that threw leaves nodes in the heap: they must forget this engine.
Engine::~Engine() {
  for (const Ready& ready : heap_) tasks_[static_cast<std::size_t>(ready.task)].node->task_ = -1;
}

void Engine::run(const std::vector<Tensor>& roots, std::vector<Tensor> gradients) {
  check_graph(roots);
  const NoGrad no_grad;
  for (std::size_t i = 0; i < roots.size(); ++i) {
    if (!gradients[i].defined() || !requires_grad(roots[i])) continue;
    const OutputMeta* meta = meta_of(roots[i]);
    const Edge edge{std::shared_ptr<Node>(roots[i].autograd(), meta->node), meta->output};
    deliver(nullptr, edge, std::move(gradients[i]));
  }
  while (!heap_.empty()) run_node(pop());
}

// Walks the graph once before touching it (about 15 ns a node), so that a second backward, also one through a part
// shared with another loss, and a saved tensor overwritten anywhere are found while every gradient is as it was.
void Engine::check_graph(const std::vector<Tensor>& roots) {
  static std::atomic<std::uint64_t> runs{0};
  const std::uint64_t run = ++runs;
  std::vector<Node*> pending;
  const auto visit = [&](Node* node) {
    if (node->is_leaf_ || node->visited_by_ == run) return;
    node->visited_by_ = run;
    check(!node->released_, ErrorCode::state, "backward: the graph was freed at ", node->name_,
          " by an earlier backward through it (run the forward pass again, or add the losses and run backward once; "
          "second derivatives are not supported)");
    check(node->task_ < 0, ErrorCode::state, "backward: ", node->name_,
          " belongs to a graph whose backward is running (detach what a recomputation takes from outside)");
    node->check_saved();
    pending.push_back(node);
  };
  for (const Tensor& root : roots) {
    if (root.defined() && requires_grad(root)) visit(meta_of(root)->node);
  }
  while (!pending.empty()) {
    const Node* node = pending.back();
    pending.pop_back();
    for (const Edge& edge : node->edges_) {
      if (edge) visit(edge.node.get());
    }
  }
}

void Engine::deliver(const Node* from, const Edge& edge, Tensor gradient) {
  Node& node = *edge.node;
  const OutputMeta& expected = node.output(edge.output);
  check(expected.matches(gradient), ErrorCode::state, from == nullptr ? "backward" : from->name(), ": gradient is ",
        describe(gradient), ", expected ", expected.dtype, expected.shape, " on ", expected.device, " as ", node.name(),
        " made it");
  if (node.is_leaf_) {  // at once: waiting for a parameter's other uses would keep every gradient to the end
    static_cast<AccumulateGrad&>(node).accumulate(std::move(gradient));
    return;
  }
  if (node.task_ < 0) {
    if (free_tasks_.empty()) {
      free_tasks_.push_back(static_cast<int>(tasks_.size()));
      tasks_.emplace_back();
    }
    node.task_ = free_tasks_.back();
    free_tasks_.pop_back();
    Task& task = tasks_[static_cast<std::size_t>(node.task_)];
    task.node = &node;
    task.grads.resize(static_cast<std::size_t>(node.output_count()));
    heap_.push_back({node.sequence_, node.task_});
    std::push_heap(heap_.begin(), heap_.end());
  }
  Task& task = tasks_[static_cast<std::size_t>(node.task_)];
  Tensor& sum = task.grads[static_cast<std::size_t>(edge.output)];
  // What was left is of this gradient alone: good while it is the whole sum.
  const bool whole = edge.output == 0 && left_.producer == &node && !sum.defined();
  if (edge.output == 0) task.dropped = whole ? std::exchange(left_, {}).dropped : Tensor{};
  add_into(sum, std::move(gradient));
}

Tensor Engine::take_pending(const Edge& edge) {
  if (!edge || edge.node->task_ < 0) return {};
  Tensor& sum = tasks_[static_cast<std::size_t>(edge.node->task_)].grads[static_cast<std::size_t>(edge.output)];
  if (!writable(sum)) return {};
  return std::exchange(sum, {});
}

int Engine::pop() {
  std::pop_heap(heap_.begin(), heap_.end());
  const int task = heap_.back().task;
  heap_.pop_back();
  return task;
}

void Engine::run_node(int index) {
  Task& task = tasks_[static_cast<std::size_t>(index)];
  Node& node = *task.node;
  node.task_ = -1;
  std::vector<Tensor> results;
  {
    const ThreadStateGuard guard;  // backward may run an engine of its own
    thread_state.engine = this;
    left_ = {};
    found_ = std::exchange(task.dropped, {});
    results = node.backward(task.grads);
    found_ = {};
  }
  node.release();
  task.grads.clear();  // before handing on: a gradient that backward passed through has one owner again
  free_tasks_.push_back(index);
  check(results.size() == node.edges_.size(), ErrorCode::state, node.name(), ": backward returned ", results.size(),
        " gradients for ", node.edges_.size(), " inputs");
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!node.edges_[i] || !results[i].defined()) continue;
    if (thread_state.anomaly) check_finite(node.name(), "the gradient of an input", results[i]);
    deliver(&node, node.edges_[i], std::move(results[i]));
  }
}

void backward(const Tensor& loss, const Tensor& gradient) {
  check(loss.defined(), ErrorCode::value, "backward: the loss is undefined");
  check(requires_grad(loss), ErrorCode::state, "backward: the loss ", describe(loss),
        " does not require grad (mark a leaf with set_requires_grad before the forward pass and run it outside NoGrad; "
        "gradients themselves carry no history: second derivatives are not supported)");
  Tensor seed = gradient;
  if (gradient.defined()) {
    check(gradient.shape() == loss.shape(), ErrorCode::shape, "backward: the gradient has shape ", gradient.shape(),
          ", expected ", loss.shape(), " as the loss has");
    check(gradient.dtype() == loss.dtype(), ErrorCode::dtype, "backward: the gradient is ", gradient.dtype(),
          ", expected ", loss.dtype(), " as the loss is (cast it)");
    check(gradient.device() == loss.device(), ErrorCode::device, "backward: the gradient is on ", gradient.device(),
          ", expected ", loss.device(), " where the loss is");
  } else {
    check(loss.numel() == 1, ErrorCode::shape, "backward: the loss ", describe(loss), " has ", loss.numel(),
          " elements, expected 1 (reduce it with sum or mean, or pass the gradient of its shape)");
    seed = Tensor::full(loss.shape(), 1, loss.options());
  }
  if (thread_state.anomaly) check_finite("backward", "the given gradient", seed);
  Engine engine;
  std::vector<Tensor> seeds;
  seeds.push_back(std::move(seed));
  engine.run({loss}, std::move(seeds));
}

}  // namespace aio
