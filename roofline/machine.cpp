#include "roofline/machine.h"

#include <algorithm>

#include "tensor/error.h"

namespace aio::roofline {

const Machine& machine(std::string_view name) {
  static constexpr Machine kMachines[] = {{"h100", 798e12, 300e12, 3.0e12, 282e12, 198e12},
                                          {"h200", 788e12, 300e12, 4.3e12, 282e12, 198e12}};
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
    case Unit::own_product: computing = kernel.executed / machine.own_product; break;
    case Unit::attention_forward: computing = kernel.executed / machine.attention_forward; break;
    case Unit::attention_backward: computing = kernel.executed / machine.attention_backward; break;
  }
  return {std::max(moving, computing) + efficiency.gap, moving >= computing};
}

}  // namespace aio::roofline
