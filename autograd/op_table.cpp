#include "autograd/op_table.h"

#include <chrono>
#include <limits>

#include "autograd/op_cases/op_cases.h"
#include "tensor/error.h"

namespace aio {

std::span<const OpEntry> op_table() {
  static const std::vector<OpEntry> table = [] {
    std::vector<OpEntry> all;
    for (const auto family : {arithmetic_cases, elementwise_cases, random_cases, shape_cases, reduce_cases,
                              product_cases, norm_cases, attention_cases, index_cases, image_cases, loss_cases}) {
      for (OpEntry& entry : family()) all.push_back(std::move(entry));
    }
    return all;
  }();
  return table;
}

OpReport check_op(const OpEntry& entry, std::uint64_t seed) {
  const auto start = std::chrono::steady_clock::now();
  OpReport report{.op = entry.op};
  for (const OpCase& op_case : entry.cases) {
    // Each case has its own stream, so that adding one leaves the numbers of the others alone.
    RngStream rng(seed, static_cast<std::uint32_t>(report.cases));
    GradcheckOptions options;
    options.tolerance = entry.tolerance;
    options.seed = seed;
    GradcheckResult result;
    try {
      result = gradcheck(op_case.function, op_case.inputs(rng), options);
    } catch (const Error& error) {  // an op that does not run has failed; the others are still worth a line each
      result.max_rel_error = std::numeric_limits<double>::infinity();
      result.message = error.what();
    }
    ++report.cases;
    // Written so that a NaN stays: std::max would drop it.
    if (!(result.max_rel_error <= report.max_rel_error)) report.max_rel_error = result.max_rel_error;
    if (!result.ok && report.ok) {
      report.ok = false;
      report.message = entry.op + ", " + op_case.name + ": " + result.message;
    }
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return report;
}

}  // namespace aio
