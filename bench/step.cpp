#include "bench/step.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/labelled_rows.h"
#include "models/objectives/pretrain.h"
#include "nn/optim/adamw.h"
#include "tensor/allocator.h"
#include "tensor/backend.h"
#include "tensor/gemm_provider.h"
#include "tensor/parallel.h"

namespace aio::bench {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The peer's batch: random pixels, captions of which `words` tokens are real, two of them to be predicted; every other
/// video is replaced by the one from the other end of the batch.
models::PretrainBatch step_batch(const StepOptions& o) {
  const std::vector<std::int64_t> ids =
      random_integers({o.batch, o.text}, 5, o.vocab, RngKey{2}).to_vector<std::int64_t>();
  std::vector<std::int64_t> mask(ids.size()), labels(ids.size(), models::kIgnored), reversed, match;
  for (std::int64_t b = 0; b < o.batch; ++b) {
    const auto first = static_cast<std::size_t>(b * o.text);
    std::fill_n(mask.begin() + b * o.text, std::min(o.words, o.text), 1);
    for (const std::int64_t position : {2, 7}) {
      if (position >= std::min(o.words, o.text)) continue;
      labels[first + static_cast<std::size_t>(position)] = ids[first + static_cast<std::size_t>(position)];
    }
    reversed.push_back(o.batch - 1 - b);
    match.push_back(b % 2);
  }
  const Device device = parse_device(o.device);
  const auto integers = [&](const std::vector<std::int64_t>& values, const Shape& shape) {
    return Tensor::from(values, shape).to(device);
  };
  models::PretrainBatch batch;
  batch.frames = normal({o.batch, o.frames, 3, o.image, o.image}, 0, 1, RngKey{1}, {DType::f32, device});
  batch.false_frames = index_select(batch.frames, 0, integers(reversed, {o.batch}));
  batch.text = {integers(ids, {o.batch, o.text}), integers(mask, {o.batch, o.text})};
  batch.mlm_ids = batch.text.ids;
  batch.mlm_labels = integers(labels, {o.batch, o.text});
  batch.vtm_labels = integers(match, {o.batch});
  return batch;
}

struct Step {
  explicit Step(const StepOptions& o)
      : options(o),
        config(make_config(o)),
        store(1, {DType::f32, parse_device(o.device)}),
        model(store, config),
        batch(step_batch(o)) {}

  static models::AioConfig make_config(const StepOptions& o) {
    models::AioConfig config = models::config_for_size(o.size);
    config.frames = o.frames;
    config.image_size = o.image;
    config.patch_size = o.patch;
    config.max_text_len = o.text;
    config.vocab_size = o.vocab;
    config.dropout = o.dropout;
    config.drop_path = 0;
    return config;
  }

  /// Forward and backward; the loss.
  Tensor forward_backward(nn::ForwardCtx& ctx) const {
    models::PretrainOptions weights;
    weights.differentiate = true;
    weights.wpa = 0;
    weights.vtc = options.vtc ? 1 : 0;
    return models::pretrain(model, batch, weights, ctx).total;
  }

  StepOptions options;
  models::AioConfig config;
  nn::ParamStore store;
  models::AllInOne model;
  models::PretrainBatch batch;
};

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

/// Runs `step` and prints what the peer prints.
void measure(const StepOptions& o, const char* mode, const Step& step, const std::function<double(int)>& run) {
  std::vector<double> ms;
  double last = 0;
  for (int i = 0; i < o.warmup + o.steps; ++i) {
    const Clock::time_point start = Clock::now();
    last = run(i);
    if (i >= o.warmup) ms.push_back(seconds_since(start) * 1e3);
  }
  const auto peak_bytes = static_cast<double>(memory_stats(parse_device(o.device)).peak);
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
  const double peak = parse_dtype(o.dtype) == DType::f32 ? f32_peak : bf16_peak;
  const double tflops = flops / ms[0] / 1e9;
  nlohmann::ordered_json json = {{"peer", "aio"},
                                 {"mode", mode},
                                 {"size", o.size},
                                 {"dtype", o.dtype},
                                 {"device", o.device},
                                 {"threads", num_threads()},
                                 {"batch", o.batch},
                                 {"frames", o.frames},
                                 {"ms_min", ms[0]},
                                 {"ms_median", ms[ms.size() / 2]},
                                 {"videos_per_s", static_cast<double>(o.batch) * 1e3 / ms[0]},
                                 {"tflops", tflops},
                                 {"gemm_peak_tflops", peak},
                                 {"f32_gemm_peak_tflops", f32_peak},
                                 {"bf16_gemm_peak_tflops", bf16_peak},
                                 {"fraction_of_peak", o.peak ? tflops / peak : 0},
                                 {"parameters", step.store.numel()},
                                 {"last", last},
                                 {"peak_bytes", peak_bytes},
                                 {"gemm", gemm_description()}};
  if (o.json) {
    std::printf("%s\n", json.dump().c_str());
    return;
  }
  for (const auto& item : json.items()) std::printf("%-18s %s\n", item.key().c_str(), item.value().dump().c_str());
}

}  // namespace

void run_train(const StepOptions& options) {
  Step step(options);
  nn::FlatParams params(step.store);
  nn::ParamGroups groups;  // all parameters decay, as in the peer
  groups.weight_decay = 0.01;
  nn::AdamWOptions adamw;
  adamw.variant = nn::AdamWOptions::Variant::torch;
  nn::AdamW optimizer(params, groups, adamw);
  measure(options, "train", step, [&](int i) {
    nn::ForwardCtx ctx = nn::ForwardCtx::train(1, static_cast<std::uint32_t>(i), parse_dtype(options.dtype));
    params.zero_grad();
    const Tensor loss = step.forward_backward(ctx);
    optimizer.step(1e-4);
    return loss.item();
  });
}

void run_infer(const StepOptions& options) {
  Step step(options);
  measure(options, "infer", step, [&](int) {
    const NoGrad no_grad;
    nn::ForwardCtx ctx = nn::ForwardCtx::eval(parse_dtype(options.dtype));
    const models::Encoded out = step.model.encode(step.model.embed_text(step.batch.text, ctx),
                                                  step.model.embed_video(step.batch.frames, ctx), ctx);
    return sum(out.text).item() + sum(out.video).item();
  });
}

}  // namespace aio::bench
