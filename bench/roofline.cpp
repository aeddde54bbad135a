#include "bench/roofline.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "autograd/autograd.h"
#include "bench/pretrain_step.h"
#include "roofline/counting_backend.h"
#include "roofline/machine.h"

namespace aio::bench {
namespace {

using nlohmann::ordered_json;
using roofline::Kernel;

/// What one step asks of the device once the allocator is warm.
struct Count {
  roofline::Work work;
  std::size_t peak_bytes = 0;
  std::size_t allocations = 0;  ///< of which the device itself was asked
};

Count count_step(const RooflineOptions& options) {
  roofline::CountingBackend& device = roofline::counting_device();
  const PretrainStep step(options.step);
  Count count;
  const auto measured = [&](auto&& run) {
    for (int i = 0; i < 2; ++i) run(i);
    device.take();
    device.allocator().reset_peak();
    const MemoryStats before = device.allocator().stats();
    run(2);
    const MemoryStats after = device.allocator().stats();
    count.work = device.take();
    count.peak_bytes = after.peak;
    count.allocations = (after.allocations - after.cache_hits) - (before.allocations - before.cache_hits);
  };
  if (options.mode == "train") {
    StepOptimizer optimizer(step.store);
    measured([&](int i) { step.train(optimizer, i); });
  } else {
    const NoGrad no_grad;
    measured([&](int) { step.infer(); });
  }
  return count;
}

/// Equal kernels together.
struct Row {
  Kernel kernel;
  int launches = 0;
  double ceiling = 0, seconds = 0;
  bool memory_bound = true;
};

std::vector<Row> rows_by_time(const std::vector<Kernel>& kernels, const roofline::Machine& machine) {
  std::map<std::tuple<std::string, std::string, double>, Row> rows;
  for (const Kernel& kernel : kernels) {
    Row& row = rows[{kernel.name, kernel.shape, kernel.bytes()}];
    const roofline::Estimate good = roofline::estimate(kernel, machine, roofline::kGood);
    row.kernel = kernel;
    row.memory_bound = good.memory_bound;
    row.seconds += good.seconds;
    row.ceiling += roofline::estimate(kernel, machine, roofline::kCeiling).seconds;
    ++row.launches;
  }
  std::vector<Row> sorted;
  for (auto& [key, row] : rows) sorted.push_back(std::move(row));
  std::sort(sorted.begin(), sorted.end(), [](const Row& a, const Row& b) { return a.seconds > b.seconds; });
  return sorted;
}

/// Videos a second on one H100, one joint pass of 3 frames of 224 pixels.
struct Goal {
  const char* size;
  const char* mode;
  double first, goal, stretch;
};
constexpr Goal kGoals[] = {{"b", "train", 950, 1150, 1350},   {"b", "infer", 2900, 3600, 4200},
                           {"s", "train", 2300, 3200, 3900},  {"s", "infer", 7500, 10500, 12500},
                           {"ti", "train", 4700, 6500, 8000}, {"ti", "infer", 14500, 21000, 25000}};

ordered_json goals_reached(const RooflineOptions& options, double videos_per_s) {
  for (const Goal& goal : kGoals) {
    if (options.step.size != goal.size || options.mode != goal.mode || options.device_model != "h100") continue;
    const char* reached = videos_per_s >= goal.stretch ? "stretch"
                          : videos_per_s >= goal.goal  ? "goal"
                          : videos_per_s >= goal.first ? "first"
                                                       : "none";
    return {{"first", goal.first}, {"goal", goal.goal}, {"stretch", goal.stretch}, {"reached", reached}};
  }
  return nullptr;
}

ordered_json json_of(const Row& row, double total) {
  const Kernel& k = row.kernel;
  const double n = row.launches;
  return {{"kernel", k.name},
          {"shape", k.shape},
          {"launches", row.launches},
          {"bytes_read", n * k.read},
          {"bytes_written", n * k.written},
          {"flops", n * k.flops},
          {"executed_flops", n * k.executed},
          {"bound", row.memory_bound ? "memory" : "compute"},
          {"ceiling_us", row.ceiling * 1e6},
          {"us", row.seconds * 1e6},
          {"share", row.seconds / total}};
}

void print(const RooflineOptions& options, const ordered_json& report) {
  std::printf("%-34s %-28s %8s %9s %9s %8s %9s %9s %6s\n", "kernel", "shape", "launches", "GB", "GFLOP", "bound",
              "ceiling", "us", "share");
  int printed = 0;
  for (const ordered_json& row : report["kernels"]) {
    if (++printed > options.rows) break;
    const double bytes = row["bytes_read"].get<double>() + row["bytes_written"].get<double>();
    std::printf("%-34s %-28s %8d %9.3f %9.1f %8s %9.1f %9.1f %5.1f%%\n", row["kernel"].get<std::string>().c_str(),
                row["shape"].get<std::string>().c_str(), row["launches"].get<int>(), bytes / 1e9,
                row["flops"].get<double>() / 1e9, row["bound"].get<std::string>().c_str(),
                row["ceiling_us"].get<double>(), row["us"].get<double>(), 100 * row["share"].get<double>());
  }
  std::printf("\n");
  for (const auto& item : report.items())
    if (item.key() != "kernels") std::printf("%-24s %s\n", item.key().c_str(), item.value().dump().c_str());
}

}  // namespace

void run_roofline(RooflineOptions options) {
  options.step.device = to_string(roofline::counting_device().device());
  options.step.dtype = "bf16";
  options.step.values = false;
  if (options.mode == "infer") options.step.dropout = 0;
  const roofline::Machine& machine = roofline::machine(options.device_model);
  const Count count = count_step(options);
  const std::vector<Row> rows = rows_by_time(count.work.kernels, machine);
  Row total;
  for (const Row& row : rows) {
    total.ceiling += row.ceiling;
    total.seconds += row.seconds;
    total.launches += row.launches;
    total.kernel.read += row.launches * row.kernel.read;
    total.kernel.written += row.launches * row.kernel.written;
    total.kernel.flops += row.launches * row.kernel.flops;
    total.kernel.executed += row.launches * row.kernel.executed;
  }
  const auto videos = static_cast<double>(options.step.batch);
  const double calibrated = total.seconds / roofline::kCalibration;
  ordered_json report = {{"benchmark", "roofline"},
                         {"measured", false},
                         {"device_model", options.device_model},
                         {"mode", options.mode},
                         {"size", options.step.size},
                         {"batch", options.step.batch},
                         {"words", options.step.words},
                         {"dropout", options.step.dropout},
                         {"vtm", options.step.vtm},
                         {"launches", total.launches},
                         {"transfers_from_host", count.work.transfers.size()},
                         {"host_waits", count.work.waits},
                         {"device_allocations", count.allocations},
                         {"peak_bytes", count.peak_bytes},
                         {"gbytes_per_video", total.kernel.bytes() / videos / 1e9},
                         {"gflops_per_video", total.kernel.flops / videos / 1e9},
                         {"gflops_executed_per_video", total.kernel.executed / videos / 1e9},
                         {"ms_ceiling", total.ceiling * 1e3},
                         {"ms_model", total.seconds * 1e3},
                         {"ms_calibrated", calibrated * 1e3},
                         {"videos_per_s_ceiling", videos / total.ceiling},
                         {"videos_per_s_model", videos / total.seconds},
                         {"videos_per_s_calibrated", videos / calibrated},
                         {"calibration", roofline::kCalibration},
                         {"goals", goals_reached(options, videos / calibrated)},
                         {"kernels", ordered_json::array()}};
  for (const Row& row : rows) report["kernels"].push_back(json_of(row, total.seconds));
  if (options.step.json) {
    std::printf("%s\n", report.dump().c_str());
  } else {
    print(options, report);
  }
}

}  // namespace aio::bench
