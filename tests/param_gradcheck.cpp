#include "tests/param_gradcheck.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "autograd/autograd.h"
#include "autograd/ops.h"

namespace aio::test {
namespace {

using Values = std::vector<double>;

/// <cotangent, f(p + h) - f(p - h)> / 2h for one element; the differences come before the sum, which may be large.
double difference(double& x, double step, const std::function<Tensor()>& f, const Values& cotangent) {
  const NoGrad no_grad;
  const double middle = x, h = step * std::max(1.0, std::abs(middle));
  x = middle + h;
  const Values high = f().to_vector<double>();
  x = middle - h;
  const Values low = f().to_vector<double>();
  x = middle;
  double sum = 0;
  for (std::size_t i = 0; i < high.size(); ++i) sum += cotangent[i] * (high[i] - low[i]);
  return sum / (2 * h);
}

bool smaller(double a, double b) { return std::abs(a) < std::abs(b); }

}  // namespace

ParamGradcheck gradcheck_parameters(const nn::ParamStore& store, const std::function<Tensor()>& f,
                                    const ParamGradcheckOptions& options) {
  for (const nn::Parameter& p : store.parameters()) set_grad(p.value, {});
  const Tensor y = f();
  const Tensor cotangent = normal(y.shape(), 0, 1, RngKey{options.seed}, y.options());
  backward(y, cotangent);
  const Values weights = cotangent.to_vector<double>();

  ParamGradcheck result;
  for (const nn::Parameter& p : store.parameters()) {
    if (!p.trainable) continue;
    const std::int64_t n = p.value.numel(), count = std::min<std::int64_t>(n, options.max_elements);
    const Values analytic =
        grad(p.value).defined() ? grad(p.value).to_vector<double>() : Values(static_cast<std::size_t>(n), 0.0);
    const std::int64_t largest = std::max_element(analytic.begin(), analytic.end(), smaller) - analytic.begin();
    const double peak = std::abs(analytic[static_cast<std::size_t>(largest)]), scale = std::max(1e-3, peak);
    if (peak == 0) result.without_gradient.push_back(p.name);
    // One element in each of `count` equal ranges.
    const Values where = uniform({count}, 0, 1, {options.seed, 1, 0}, {DType::f64, {}}).to_vector<double>();
    for (std::int64_t k = 0; k < count; ++k) {
      const double range = static_cast<double>(n) / static_cast<double>(count);
      const auto place =
          static_cast<std::int64_t>((static_cast<double>(k) + where[static_cast<std::size_t>(k)]) * range);
      const std::int64_t i = k == 0 ? largest : std::min(place, n - 1);
      const double numeric = difference(p.value.data<double>()[i], options.step, f, weights);
      const double backward_says = analytic[static_cast<std::size_t>(i)];
      const double error = std::abs(backward_says - numeric) / std::max(scale, std::abs(numeric));
      if (error <= result.max_rel_error) continue;  // NaN is not
      result.max_rel_error = std::isnan(error) ? HUGE_VAL : error;
      result.worst = message(p.name, " element ", i, ": backward says ", backward_says, ", differences say ", numeric);
    }
  }
  return result;
}

void randomize(nn::ParamStore& store, double stddev, std::uint64_t seed) {
  std::map<std::string, Tensor> values;
  std::uint32_t call = 0;
  for (const nn::Parameter& p : store.parameters()) {
    const bool norm = p.value.rank() == 1 && p.name.ends_with("weight");
    values[p.name] = normal(p.value.shape(), norm ? 1 : 0, stddev, {seed, 0, call++}, store.options());
  }
  store.load(values);
}

}  // namespace aio::test
