#include "roofline/machine.h"

#include <algorithm>
#include <cmath>

#include "tensor/error.h"

namespace aio::roofline {

const Machine& machine(std::string_view name) {
  static constexpr Machine kMachines[] = {{"h100", 798e12, 500e12, 3.0e12, 282e12, 198e12, 17e12},
                                          {"h200", 788e12, 500e12, 4.3e12, 282e12, 198e12, 17e12}};
  for (const Machine& one : kMachines)
    if (one.name == name) return one;
  fail(ErrorCode::config, "roofline: no device model \"", name, "\", expected h100 or h200");
}

Estimate estimate(const Kernel& kernel, const Machine& machine, const Efficiency& efficiency) {
  const double moving = kernel.bytes() / (machine.copy * efficiency.memory);
  double computing = 0;
  switch (kernel.unit) {
    case Unit::memory: break;
    case Unit::product: computing = kernel.executed / (machine.product * efficiency.product); break;
    case Unit::own_product: {
      // Two groups of warps take turns with a multiprocessor's tiles: one makes the sums of its tile while the other
      // finishes one. The last end has nothing beside it; ends that take longer than sums wait for their own group; and
      // both groups together issue no more than 90 % of what there is, where one alone issues 60.
      const double each = kernel.executed / machine.own_product / kernel.rounds;
      const double end = kernel.finishing / machine.finishing / kernel.rounds;
      const double waits =
          std::floor(kernel.rounds / 2) * (each + end) + std::max(each, std::fmod(kernel.rounds, 2) * (each + end));
      computing = std::max({kernel.rounds * each + end, waits, kernel.rounds * end * 0.6 / 0.9});
      break;
    }
    case Unit::attention_forward: computing = kernel.executed / machine.attention_forward; break;
    case Unit::attention_backward: computing = kernel.executed / machine.attention_backward; break;
  }
  return {std::max(moving, computing) + efficiency.gap, moving >= computing};
}

}  // namespace aio::roofline
