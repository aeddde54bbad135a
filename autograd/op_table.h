#pragma once
// The table of differentiable ops: what tests/ops and aio_gradcheck walk.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "tensor/random.h"

namespace aio {

/// One checkable instance of an op: how to draw its inputs (f64) and how to call it.
struct OpCase {
  std::string name;  ///< e.g. "broadcast [3,1,4] x [2,4]"
  std::function<std::vector<Tensor>(RngStream& rng)> inputs;
  DifferentiableFn function;
};

struct OpEntry {
  std::string op;  ///< the name in autograd/ops.h
  std::vector<OpCase> cases;
  double tolerance = 1e-6;
  std::string why_tolerance{};  ///< where it is looser than 1e-6: the reason
};

/// Every differentiable function of autograd/ops.h, in its order.
std::span<const OpEntry> op_table();

struct OpReport {
  std::string op{};
  int cases = 0;
  double max_rel_error = 0;
  double seconds = 0;
  bool ok = true;
  std::string message{};
};

OpReport check_op(const OpEntry& entry, std::uint64_t seed);

}  // namespace aio
