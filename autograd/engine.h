#pragma once
// Engine: one run of backward over a graph. autograd.h has the function that users call.

#include <cstdint>
#include <utility>
#include <vector>

#include "autograd/node.h"

namespace aio {

/// Pops the newest node that has a gradient, runs its backward, frees what it saved, hands its results on; until none
/// is left. Creation order is a topological order, so by then all consumers of a node have run. No recursion, no
/// thread, and the order of every sum depends on the graph alone.
///
/// Runs may nest (checkpoint does) on graphs that share only leaves. One thread at a time may run a given graph.
class Engine {
 public:
  Engine() = default;
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// roots[i] receives gradients[i]; pairs where either has nothing to give are skipped. Throws Error{state} before
  /// anything has changed if some node has been freed or a saved tensor was overwritten.
  void run(const std::vector<Tensor>& roots, std::vector<Tensor> gradients);

  /// Node::take_pending.
  Tensor take_pending(const Edge& edge);
  /// Node::leave_dropped.
  void leave_dropped(const Edge& edge, const Tensor& dropped) { left_ = {edge.node.get(), dropped}; }
  /// Node::take_dropped.
  Tensor take_dropped() { return std::exchange(found_, {}); }

 private:
  /// A node that has been reached, and the gradients of its outputs so far.
  struct Task {
    Node* node = nullptr;
    std::vector<Tensor> grads;
    Tensor dropped;  ///< of grads[0]
  };
  struct Left {
    const Node* producer = nullptr;
    Tensor dropped;
  };
  /// Entry of the heap; the newest node first.
  struct Ready {
    std::uint64_t sequence;
    int task;
    bool operator<(const Ready& other) const { return sequence < other.sequence; }
  };

  void check_graph(const std::vector<Tensor>& roots);
  void deliver(const Node* from, const Edge& edge, Tensor gradient);
  int pop();
  void run_node(int task);

  std::vector<Task> tasks_;
  std::vector<int> free_tasks_;  // reused, with the memory of their vectors
  std::vector<Ready> heap_;
  Left left_;     // by the node that is running
  Tensor found_;  // for it
};

}  // namespace aio
