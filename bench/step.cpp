#include "bench/step.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "bench/pretrain_step.h"
#include "tensor/allocator.h"
#include "tensor/backend.h"
#include "tensor/gemm_provider.h"
#include "tensor/parallel.h"
#include "tensor/recording.h"

namespace aio::bench {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// CPU time of the process.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Best product of x [M, d] and w [d, 4 d], the model's largest, and of a cube of 4096 on a GPU, 2048 on a CPU;
/// TFLOP/s. As the peer measures it.
double gemm_peak(TensorOptions type, std::int64_t d) {
  const std::int64_t cube = type.device.kind == Device::Kind::cuda ? 4096 : 2048;
  double best = 0;
  for (const auto& [m, k, n] : {std::array<std::int64_t, 3>{cube, cube, cube}, {237 * 12, d, 4 * d}}) {
    const Tensor a = normal({m, k}, 0, 1, RngKey{3}, type), b = normal({k, n}, 0, 1, RngKey{4}, type);
    const NoGrad no_grad;
    for (int i = 0; i < 8; ++i) {
      const Clock::time_point start = Clock::now();
      const Tensor c = matmul(a, b);
      backend_for(c).synchronize();
      best = std::max(best, 2.0 * static_cast<double>(m * k * n) / seconds_since(start) / 1e12);
    }
  }
  return best;
}

/// A part of a step, as it is or, with --graph, from the second time on replayed: the first loads libraries and
/// kernels.
class Part {
 public:
  Part(const StepOptions& options, std::vector<Tensor> inputs, std::function<Tensor(int)> run)
      : inputs_(std::move(inputs)), run_(std::move(run)), graph_(options.graph) {
    if (!graph_) return;
    const Device device = parse_device(options.device);
    check(device.is_cuda(), ErrorCode::config, "--graph: ", device, " replays no steps (use --device cuda)");
    check(options.warmup >= 2, ErrorCode::config, "--graph: --warmup is ", options.warmup,
          ", expected at least 2, one to record the step");
    backend_ = &backend_for(device);
  }

  Tensor operator()(int i) {
    if (!graph_ || i == 0) return run_(i);
    const auto step = static_cast<std::uint32_t>(i);
    if (recording_ == nullptr) recording_ = backend_->record(step, inputs_, [&] { result_ = run_(i); });
    check(recording_->replay(step), ErrorCode::state, "--graph: the sizes of step ", i,
          " are not those of the recording");
    return result_;
  }

  std::size_t memory_bytes() const { return recording_ == nullptr ? 0 : recording_->memory_bytes(); }

 private:
  std::vector<Tensor> inputs_;
  std::function<Tensor(int)> run_;
  bool graph_;
  Backend* backend_ = nullptr;
  std::unique_ptr<Recording> recording_;
  Tensor result_;
};

/// Runs `step`, in which `part` takes part, and prints what the peer prints.
void measure(const StepOptions& o, const char* mode, const PretrainStep& step, const Part& part,
             const std::function<double(int)>& run) {
  std::vector<double> ms;
  double last = 0, cpu_ms = 1e30;
  for (int i = 0; i < o.warmup + o.steps; ++i) {
    const Clock::time_point start = Clock::now();
    const double cpu_start = cpu_seconds();
    last = run(i);
    if (i < o.warmup) continue;
    ms.push_back(seconds_since(start) * 1e3);
    cpu_ms = std::min(cpu_ms, (cpu_seconds() - cpu_start) * 1e3);
  }
  const auto peak_bytes = static_cast<double>(memory_stats(parse_device(o.device)).peak);
  const auto graph_bytes = static_cast<double>(part.memory_bytes());
  std::sort(ms.begin(), ms.end());
  const auto d = static_cast<double>(step.config.hidden_size);
  const auto patches = static_cast<double>(step.config.patches());
  const double L = patches + 1 + static_cast<double>(o.text);  // padded, as the reference computes it
  const double layers = step.config.layers, clips = static_cast<double>(o.batch * o.frames);
  const auto pixels = static_cast<double>(3 * o.patch * o.patch);
  const double forward = clips * (layers * L * (24 * d * d + 4 * L * d) + 2 * patches * pixels * d);
  const double flops = std::string_view(mode) == "infer" ? forward : 2 * 3 * forward;
  const auto peak_of = [&](DType dtype) {
    return o.peak ? gemm_peak({dtype, parse_device(o.device)}, step.config.hidden_size) : 0;
  };
  const double f32_peak = peak_of(DType::f32), bf16_peak = peak_of(DType::bf16);
  const double peak = o.compute() == DType::f32 ? f32_peak : bf16_peak;
  const double tflops = flops / ms[0] / 1e9;
  nlohmann::ordered_json json = {{"peer", "aio"},
                                 {"mode", mode},
                                 {"size", o.size},
                                 {"dtype", o.dtype},
                                 {"device", o.device},
                                 {"graph", o.graph},
                                 {"threads", num_threads()},
                                 {"batch", o.batch},
                                 {"frames", o.frames},
                                 {"ms_min", ms[0]},
                                 {"ms_median", ms[ms.size() / 2]},
                                 {"cpu_ms_min", cpu_ms},
                                 {"videos_per_s", static_cast<double>(o.batch) * 1e3 / ms[0]},
                                 {"tflops", tflops},
                                 {"gemm_peak_tflops", peak},
                                 {"f32_gemm_peak_tflops", f32_peak},
                                 {"bf16_gemm_peak_tflops", bf16_peak},
                                 {"fraction_of_peak", o.peak ? tflops / peak : 0},
                                 {"parameters", step.store.numel()},
                                 {"last", last},
                                 {"peak_bytes", peak_bytes},
                                 {"graph_bytes", graph_bytes},
                                 {"gemm", gemm_description()}};
  if (o.json) {
    std::printf("%s\n", json.dump().c_str());
    return;
  }
  for (const auto& item : json.items()) std::printf("%-18s %s\n", item.key().c_str(), item.value().dump().c_str());
}

}  // namespace

void run_train(const StepOptions& options) {
  PretrainStep step(options);
  StepOptimizer optimizer(step.store);
  Part gradients(options, step.host_tensors(), [&](int i) { return step.differentiate(optimizer, i); });
  measure(options, "train", step, gradients, [&](int i) {
    const Tensor loss = gradients(i);
    optimizer.adamw.step(1e-4);
    return loss.item();
  });
}

void run_infer(const StepOptions& options) {
  const PretrainStep step(options);
  Part pass(options, step.host_tensors(), [&](int) {
    const NoGrad no_grad;
    const models::Encoded out = step.infer();
    return sum(out.text) + sum(out.video);
  });
  measure(options, "infer", step, pass, [&](int i) { return pass(i).item(); });
}

}  // namespace aio::bench
