#include "autograd/gradcheck.h"

#include <algorithm>
#include <cmath>

#include "autograd/autograd.h"
#include "tensor/error.h"
#include "tensor/random.h"
#include "tensor/raw.h"

namespace aio {

namespace {

void check_inputs(const std::vector<Tensor>& inputs) {
  bool any = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& x = inputs[i];
    check(x.defined(), ErrorCode::value, "gradcheck: input ", i, " is undefined");
    check(!is_float(x.dtype()) || x.dtype() == DType::f64, ErrorCode::dtype, "gradcheck: input ", i, " is ",
          describe(x), ", expected f64 (differences in f32 have no digits left)");
    any = any || requires_grad(x);
  }
  check(any, ErrorCode::value, "gradcheck: none of the ", inputs.size(),
        " inputs requires grad (mark those to check with set_requires_grad)");
}

Tensor random_cotangent(const Tensor& y, std::uint64_t seed) {
  return normal(y.shape(), 0, 1, RngKey{seed}, {DType::f64});
}

/// The same values with a gap after each element: a backward that takes its gradient for contiguous reads the gaps.
Tensor with_gaps(const Tensor& x) {
  if (x.rank() == kMaxRank) return x;
  Shape wide = x.shape();
  wide.push_back(2);
  const Tensor gaps = raw::select(Tensor::full(wide, 1e3, x.options()), -1, 0);
  raw::copy_(gaps, x);
  return gaps;
}

/// One backward on leaves that alias the inputs, which therefore keep their own gradients.
struct Analytic {
  Tensor output;                          // values only
  std::vector<std::vector<double>> grad;  // per input; empty for constants
};

Analytic differentiate(const DifferentiableFn& f, const std::vector<Tensor>& inputs, std::uint64_t seed, bool gaps) {
  const EnableGrad enable;
  std::vector<Tensor> leaves;
  for (const Tensor& x : inputs) {
    leaves.push_back(raw::alias(x));
    if (requires_grad(x)) set_requires_grad(leaves.back());
  }
  const Tensor y = f(leaves);
  check(y.defined() && y.dtype() == DType::f64, ErrorCode::dtype, "gradcheck: the function returned ", describe(y),
        ", expected f64");
  check(requires_grad(y), ErrorCode::state, "gradcheck: the function's result does not require grad (an op did not ",
        "return through record, or its inputs were detached)");
  const Tensor cotangent = random_cotangent(y, seed);
  backward(y, gaps ? with_gaps(cotangent) : cotangent);

  Analytic result{detach(y), {}};
  for (const Tensor& leaf : leaves) {
    std::vector<double> values;
    if (requires_grad(leaf)) {
      const Tensor gradient = grad(leaf);
      values = gradient.defined() ? gradient.to_vector<double>()
                                  : std::vector<double>(static_cast<std::size_t>(leaf.numel()), 0.0);
    }
    result.grad.push_back(std::move(values));
  }
  return result;
}

/// Central differences of <cotangent, f> at packed copies of the inputs.
class Numeric {
 public:
  Numeric(const DifferentiableFn& f, const std::vector<Tensor>& inputs, const std::vector<double>& cotangent)
      : f_(f), cotangent_(cotangent) {
    for (const Tensor& x : inputs) points_.push_back(raw::clone(x));
  }

  std::vector<double> output() const {
    const NoGrad no_grad;
    return f_(points_).to_vector<double>();
  }

  double derivative(std::size_t input, std::int64_t element, double step) const {
    double& x = points_[input].data<double>()[element];
    const double middle = x;
    const double h = step * std::max(1.0, std::abs(middle));
    const double above = middle + h, below = middle - h;
    x = above;
    const std::vector<double> high = output();
    x = below;
    const std::vector<double> low = output();
    x = middle;
    // Differences before the sum: L itself may be large where its derivative is small.
    double sum = 0;
    for (std::size_t i = 0; i < high.size(); ++i) sum += cotangent_[i] * (high[i] - low[i]);
    return sum / (above - below);
  }

 private:
  const DifferentiableFn& f_;
  const std::vector<double>& cotangent_;
  std::vector<Tensor> points_;
};

std::string position(const Shape& shape, std::int64_t element) {
  Shape index = shape;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    index[i] = element % shape[i];
    element /= shape[i];
  }
  return to_string(index);
}

/// `count` of n positions: one in each of `count` equal ranges, where `seed` says.
std::int64_t sample(std::int64_t k, std::int64_t count, std::int64_t n, std::uint64_t seed) {
  if (count == n) return k;
  const std::int64_t begin = k * n / count, end = (k + 1) * n / count;
  const std::uint64_t bits = random_bits(RngKey{seed, 0, 1}, static_cast<std::uint64_t>(k)).v[0];
  return begin + static_cast<std::int64_t>(bits % static_cast<std::uint64_t>(end - begin));
}

double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double v : values) result = std::isnan(v) ? v : std::max(result, std::abs(v));
  return result;
}

/// "" if both are equal up to rounding, else where they first differ.
std::string difference(const std::vector<double>& a, const std::vector<double>& b, const Shape& shape) {
  if (a.size() != b.size()) return message(a.size(), " elements against ", b.size());
  const double bound = 1e-10 * std::max(1.0, largest(a));
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(std::abs(a[i] - b[i]) <= bound) && !(std::isnan(a[i]) && std::isnan(b[i]))) {
      return message("element ", position(shape, static_cast<std::int64_t>(i)), " is ", a[i], " against ", b[i]);
    }
  }
  return {};
}

GradcheckResult failure(std::string text) { return {false, INFINITY, std::move(text)}; }

}  // namespace

GradcheckResult gradcheck(const DifferentiableFn& f, const std::vector<Tensor>& inputs,
                          const GradcheckOptions& options) {
  check_inputs(inputs);
  std::vector<std::uint64_t> versions;
  for (const Tensor& x : inputs) versions.push_back(x.version());

  Analytic analytic, strided;
  try {
    analytic = differentiate(f, inputs, options.seed, false);
    strided = differentiate(f, inputs, options.seed, true);
  } catch (const Error& error) {  // a gradient of the wrong shape is a finding, not the end of a table of checks
    return failure(error.what());
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].version() != versions[i]) return failure(message("input ", i, " was changed in place"));
    const std::string text = difference(analytic.grad[i], strided.grad[i], inputs[i].shape());
    if (!text.empty()) return failure(message("input ", i, ": a strided output gradient gives another result: ", text));
  }

  const std::vector<double> cotangent = random_cotangent(analytic.output, options.seed).to_vector<double>();
  const Numeric numeric(f, inputs, cotangent);
  const std::string text = difference(analytic.output.to_vector<double>(), numeric.output(), analytic.output.shape());
  if (!text.empty()) return failure(message("packed copies of the inputs give another output: ", text));

  GradcheckResult result{true, 0, {}};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!requires_grad(inputs[i])) continue;
    const std::int64_t n = inputs[i].numel();
    const std::int64_t count = std::min<std::int64_t>(n, options.max_elements);
    double worst = -1, worst_analytic = 0, worst_numeric = 0, scale = 1e-3;
    std::int64_t where = 0;
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t element = sample(k, count, n, options.seed);
      const double a = analytic.grad[i][static_cast<std::size_t>(element)];
      const double d = numeric.derivative(i, element, options.step);
      scale = std::max({scale, std::abs(a), std::abs(d)});
      if (!(std::abs(a - d) <= worst) && !std::isnan(worst)) {  // a nan is the worst and stays it
        worst = std::abs(a - d), worst_analytic = a, worst_numeric = d, where = element;
      }
    }
    if (count == 0) continue;
    const double error = worst / scale;
    if (!(error <= result.max_rel_error)) result.max_rel_error = error;
    if (!(error <= options.tolerance) && result.ok) {
      result.ok = false;
      result.message = message("input ", i, " ", describe(inputs[i]), ", element ", position(inputs[i].shape(), where),
                               ": backward says ", worst_analytic, ", differences say ", worst_numeric,
                               " (relative error ", error, ", allowed ", options.tolerance, ")");
    }
  }
  return result;
}

}  // namespace aio
