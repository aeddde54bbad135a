#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "apps/common/device.h"
#include "apps/common/output.h"
#include "apps/trainer/learner.h"
#include "apps/trainer/probes.h"
#include "apps/trainer/run_data.h"
#include "tensor/atomic_file.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

constexpr double kFirst = 1e-7, kLast = 10;  // learning rates
constexpr double kMemory = 0.8;              // of the running mean that says when the loss explodes
constexpr double kExploded = 4;              // times the smallest running mean: no use to go on
constexpr std::size_t kReach = 3;            // steps to either side that the smoothed loss is a mean of

struct Curve {
  std::vector<double> lr, loss, smoothed;
};

/// A mean to both sides: a running mean lags behind, and a step here is a factor of the learning rate.
std::vector<double> smoothed(const std::vector<double>& loss) {
  std::vector<double> means;
  for (std::size_t i = 0; i < loss.size(); ++i) {
    const std::size_t reach = std::min({kReach, i, loss.size() - 1 - i});
    double sum = 0;
    for (std::size_t j = i - reach; j <= i + reach; ++j) sum += loss[j];
    means.push_back(sum / static_cast<double>(2 * reach + 1));
  }
  return means;
}

Curve ramp(Learner& learner, BatchSource& batches, int steps) {
  Curve curve;
  double mean = 0, smallest = 0;
  for (int i = 0; i < steps; ++i) {
    const double lr = kFirst * std::pow(kLast / kFirst, static_cast<double>(i) / std::max(1, steps - 1));
    const StepResult result = learner.step(batches, i, lr);
    if (!result.finite) break;
    curve.lr.push_back(lr);
    curve.loss.push_back(result.loss);
    mean = i == 0 ? result.loss : kMemory * mean + (1 - kMemory) * result.loss;
    smallest = i == 0 ? mean : std::min(smallest, mean);
    if (mean > kExploded * smallest) break;
  }
  curve.smoothed = smoothed(curve.loss);
  return curve;
}

/// Where the smoothed loss falls fastest by step, that is by log(lr), before its minimum.
double steepest(const Curve& curve) {
  const std::vector<double>& loss = curve.smoothed;
  const auto lowest = static_cast<std::size_t>(std::min_element(loss.begin(), loss.end()) - loss.begin());
  std::size_t best = 0;
  double fall = 0;
  for (std::size_t i = 1; i + 1 <= lowest && i + 1 < loss.size(); ++i) {
    const double slope = loss[i + 1] - loss[i - 1];
    if (slope < fall) fall = slope, best = i;
  }
  check(fall < 0, ErrorCode::value, "lr-find: the loss never fell; is the ramp too short, or the data set too small?");
  return curve.lr[best];
}

}  // namespace

int find_lr(const TrainConfig& config, const ProbeOptions& options) {
  make_output_folder(config.run.dir);
  const Device device = choose_device(config.run.device);
  RunData data(config);
  Feed feed(data.train(), data.images(), config.train.accumulate);
  Learner learner(config, device, data.tokenizer().size(), data.labels());
  feed.seek(0);
  const Curve curve = ramp(learner, feed, options.lr_steps);
  check(curve.lr.size() >= 3, ErrorCode::value, "lr-find: the loss was not finite at learning rate ", kFirst);
  const double suggestion = steepest(curve);
  const auto lowest = std::min_element(curve.smoothed.begin(), curve.smoothed.end()) - curve.smoothed.begin();
  const double at_minimum = curve.lr[static_cast<std::size_t>(lowest)];

  const nlohmann::ordered_json json = {{"suggestion", suggestion},
                                       {"at_minimum", at_minimum},
                                       {"lr", curve.lr},
                                       {"loss", curve.loss},
                                       {"smoothed", curve.smoothed}};
  const std::string text = json.dump() + "\n";
  on_disk([&] { write_atomically(config.run.dir + "/lr_find.json", text); });
  if (options.json) {
    std::printf("%s", text.c_str());
    return 0;
  }
  std::printf("optim.lr = %.2g: there the loss fell fastest (its minimum was at %.2g, from %.4f to %.4f)\n", suggestion,
              at_minimum, curve.smoothed.front(), curve.smoothed[static_cast<std::size_t>(lowest)]);
  std::printf("%s/lr_find.json has the curve\n", config.run.dir.c_str());
  return 0;
}

}  // namespace aio::apps
