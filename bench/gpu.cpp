// aio_bench gpu: what the device does at best (a copy, a large product) and what the kernels reach at the model's
// shapes, on the first CUDA device.
//
// A kernel is called as often as takes 20 ms, then the host waits: a kernel that is shorter than its launch (about 3
// us) shows the launch, as it would in a step. Data are random: zeros use less power, and the clock rises. A case is
// called family/kernel/size; sizes are the model's at 64 videos of 3 frames. bf16, sums and optimizer in f32.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "bench/bench.h"
#include "cuda/cudnn_attention.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace aio::bench {

namespace {

using std::int64_t;

constexpr Device kGpu{Device::Kind::cuda, 0};
constexpr DType kWide = DType::f32, kNarrow = DType::bf16;

/// Takes its tensors along.
using Call = std::function<void(Backend&)>;

struct Case {
  std::string name;
  double flops;
  double bytes;  ///< least traffic: every operand once in or out
  std::function<Call()> make;
  bool optional = false;  ///< make() may throw Error: then the case is left out, and the report says why
};

Tensor empty(const Shape& shape, DType dtype = kNarrow) { return Tensor::empty(shape, {dtype, kGpu}); }

/// Random numbers; beyond 4 Mi they repeat, since the host draws them.
Tensor random(const Shape& shape, DType dtype = kNarrow) {
  constexpr int64_t kPeriod = int64_t{4} << 20;
  const Tensor drawn = normal({std::min(shape.numel(), kPeriod)}, 0, 1, RngKey{1}, {dtype, kGpu});
  const Tensor result = empty(shape, dtype);
  for (int64_t begin = 0; begin < shape.numel(); begin += kPeriod) {
    View to = drawn.view(), from = drawn.view();
    to.dim[0] = from.dim[0] = std::min(kPeriod, shape.numel() - begin);
    to.data = result.view().as<char>() + begin * size_of(dtype);
    backend_for(kGpu).copy_strided(to, from);
  }
  return result;
}

View transposed(View v) {
  std::swap(v.dim[0], v.dim[1]);
  std::swap(v.stride[0], v.stride[1]);
  return v;
}

/// One size of the model, and the vocabulary's part of a step.
struct Size {
  const char* name;
  int64_t hidden, heads, frames, tokens, vocabulary, labelled, parameters;
  int64_t rows() const { return frames * tokens; }
};

constexpr Size kSizes[] = {{"ti", 192, 3, 192, 237, 30522, 384, 11'000'000},
                           {"s", 384, 6, 192, 237, 30522, 384, 33'000'000},
                           {"b", 768, 12, 192, 237, 30522, 384, 110'000'000}};
/// For the emulation, to see that everything runs.
constexpr Size kSmall[] = {{"small", 64, 1, 2, 24, 100, 6, 5000}};

using Cases = std::vector<Case>;

/// C [M, N] = A B as a linear layer x [rows, in], weight [out, in] has it: Y = X W^T, dX = dY W, dW = dY^T X (f32).
void add_products(Cases& cases, const std::string& name, const std::string& size, int64_t rows, int64_t in,
                  int64_t out) {
  const double flops = 2.0 * double(rows) * double(in) * double(out);
  const double x = double(rows * in), w = double(in * out), y = double(rows * out);
  cases.push_back({name + "forward/" + size, flops, 2 * (x + w + y), [=]() -> Call {
                     const Tensor a = random({rows, in}), b = random({out, in}), c = empty({rows, out});
                     return [=](Backend& k) { k.gemm(c.view(), a.view(), transposed(b.view()), {}); };
                   }});
  cases.push_back({name + "dgrad/" + size, flops, 2 * (x + w + y), [=]() -> Call {
                     const Tensor a = random({rows, out}), b = random({out, in}), c = empty({rows, in});
                     return [=](Backend& k) { k.gemm(c.view(), a.view(), b.view(), {}); };
                   }});
  cases.push_back({name + "wgrad/" + size, flops, 2 * (x + y) + 4 * w, [=]() -> Call {
                     const Tensor a = random({rows, out}), b = random({rows, in}), c = empty({out, in}, kWide);
                     return [=](Backend& k) { k.gemm(c.view(), transposed(a.view()), b.view(), {}); };
                   }});
}

/// The two products of an MLP with what GELU adds to them, to put beside fc1-forward and fc2-dgrad without.
void add_finished_products(Cases& cases, const Size& s) {
  const int64_t R = s.rows(), d = s.hidden, wide = 4 * d;
  const double flops = 2.0 * double(R) * double(d) * double(wide);
  const double bytes = 2.0 * double(R * d + d * wide + 2 * R * wide);
  cases.push_back({message("kernel/gemm/fc1-forward-gelu/", s.name), flops, bytes, [=]() -> Call {
                     const Tensor x = random({R, d}), w = random({wide, d}), bias = random({wide});
                     const Tensor y = empty({R, wide}), before = empty({R, wide});
                     return [=](Backend& k) {
                       const View of_bias = bias.view(), of_before = before.view();
                       GemmEpilogue e;
                       e.bias = &of_bias;
                       e.preactivation_out = &of_before;
                       e.gelu = true;
                       k.gemm(y.view(), x.view(), transposed(w.view()), e);
                     };
                   }});
  cases.push_back({message("kernel/gemm/fc2-dgrad-slope/", s.name), flops, bytes, [=]() -> Call {
                     const Tensor dy = random({R, d}), w = random({d, wide}), x = random({R, wide});
                     const Tensor dx = empty({R, wide});
                     return [=](Backend& k) {
                       const View of_x = x.view();
                       GemmEpilogue e;
                       e.gelu_backward_of = &of_x;
                       k.gemm(dx.view(), dy.view(), w.view(), e);
                     };
                   }});
}

void add_ceilings(Cases& cases, bool small) {
  const int64_t n = small ? 1 << 14 : int64_t{1} << 29, cube = small ? 64 : 8192;
  cases.push_back({"ceiling/copy", 0, 4.0 * double(n), [=]() -> Call {
                     const Tensor x = random({n}), y = empty({n});
                     return [=](Backend& k) { k.copy_strided(y.view(), x.view()); };
                   }});
  add_products(cases, "ceiling/product-", std::to_string(cube), cube, cube, cube);
}

void add_rows(Cases& cases, const Size& s) {
  const int64_t R = s.rows(), d = s.hidden;
  const std::string size = std::string("/") + s.name;
  const double row_bytes = 2.0 * double(R * d);
  cases.push_back({"kernel/layer_norm/forward" + size, 0, 2 * row_bytes, [=]() -> Call {
                     const Tensor x = random({R, d}), y = empty({R, d}), gamma = random({d}, kWide);
                     const Tensor mean = empty({R}, kWide), rstd = empty({R}, kWide);
                     return [=](Backend& k) {
                       k.layer_norm_forward(y.view(), mean.view(), rstd.view(), x.view(), gamma.view(), gamma.view(),
                                            1e-6);
                     };
                   }});
  cases.push_back({"kernel/layer_norm/backward" + size, 0, 3 * row_bytes, [=]() -> Call {
                     const Tensor x = random({R, d}), dy = random({R, d}), dx = empty({R, d});
                     const Tensor gamma = random({d}, kWide), dgamma = empty({d}, kWide), dbeta = empty({d}, kWide);
                     const Tensor mean = random({R}, kWide), rstd = random({R}, kWide);
                     return [=](Backend& k) {
                       k.layer_norm_backward(dx.view(), dgamma.view(), dbeta.view(), dy.view(), x.view(), mean.view(),
                                             rstd.view(), gamma.view(), nullptr);
                     };
                   }});
  cases.push_back({"kernel/gelu/forward" + size, 0, 8 * row_bytes, [=]() -> Call {
                     const Tensor x = random({R, 4 * d}), y = empty({R, 4 * d});
                     return [=](Backend& k) { k.gelu_forward(y.view(), x.view()); };
                   }});
  cases.push_back({"kernel/gelu/backward" + size, 0, 12 * row_bytes, [=]() -> Call {
                     const Tensor x = random({R, 4 * d}), dy = random({R, 4 * d}), dx = empty({R, 4 * d});
                     return [=](Backend& k) { k.gelu_backward(dx.view(), dy.view(), x.view()); };
                   }});
  cases.push_back({"kernel/dropout/forward" + size, 0, 2 * row_bytes, [=]() -> Call {
                     const Tensor x = random({R, d}), y = empty({R, d});
                     return [=](Backend& k) { k.dropout(y.view(), x.view(), 0.1, RngKey{1}); };
                   }});
  cases.push_back({"kernel/temporal_roll/forward" + size, 0, 2 * row_bytes, [=]() -> Call {
                     const int64_t clips = s.frames / 3 > 0 ? s.frames / 3 : 1, frames = s.frames / clips;
                     const Shape shape{clips, frames, s.tokens, d};
                     const Tensor x = random(shape), y = empty(shape);
                     const Tensor shift = random_integers({s.tokens}, -1, 2, RngKey{2}).to(kGpu);
                     return [=](Backend& k) { k.temporal_roll(y.view(), x.view(), shift.view(), 1); };
                   }});
}

/// q, k, v [frames, tokens, heads, 64] of one packed qkv, the padding of the captions masked by length.
void add_attention(Cases& cases, const Size& s) {
  const int64_t B = s.frames, L = s.tokens, H = s.heads, D = s.hidden / s.heads;
  const double scores = 2.0 * double(B * H) * double(L * L) * double(D), part = 2.0 * double(B * L * s.hidden);
  struct Packed {
    Tensor all;
    int64_t heads;
    View part(int64_t i) const {
      const int64_t width = all.shape()[2] / 3;
      View v = all.view();
      v.rank = 4;
      v.dim[2] = heads, v.dim[3] = width / heads;
      v.stride[2] = width / heads, v.stride[3] = 1;
      v.data = v.as<char>() + i * width * size_of(v.dtype);
      return v;
    }
  };
  const auto attention = [=](bool backward) -> Call {
    const Packed in{random({B, L, 3 * s.hidden}), H}, gradient{empty({B, L, 3 * s.hidden}), H};
    const Tensor out = empty({B, L, H, D}), dout = random({B, L, H, D}), lse = empty({B, H, L}, kWide);
    const Tensor lengths = Tensor::full({B}, double(L - 3), {DType::i64, kGpu});
    const double scale = 1 / std::sqrt(double(D));
    const auto forward = [=](Backend& k) {
      const View valid = lengths.view();
      k.attention_forward(out.view(), lse.view(), in.part(0), in.part(1), in.part(2), {&valid, false, nullptr}, scale);
    };
    if (!backward) return forward;
    forward(backend_for(kGpu));
    return [=](Backend& k) {
      const View valid = lengths.view();
      k.attention_backward(gradient.part(0), gradient.part(1), gradient.part(2), dout.view(), in.part(0), in.part(1),
                           in.part(2), out.view(), lse.view(), {&valid, false, nullptr}, scale);
    };
  };
  const auto by_cudnn = [=]() -> Call {
    const Packed in{random({B, L, 3 * s.hidden}), H};
    const Tensor out = empty({B, L, H, D}), lse = empty({B, H, L}, kWide);
    const std::vector<std::int32_t> lengths(static_cast<std::size_t>(B), static_cast<std::int32_t>(L - 3));
    const auto run = cuda::cudnn_attention(backend_for(kGpu), out.view(), lse.view(), in.part(0), in.part(1),
                                           in.part(2), lengths, 1 / std::sqrt(double(D)));
    return [in, out, lse, run](Backend&) { run(); };
  };
  cases.push_back(
      {message("kernel/attention/forward/", s.name), 2 * scores, 4 * part, [=] { return attention(false); }});
  cases.push_back({message("kernel/attention/forward-cudnn/", s.name), 2 * scores, 4 * part, by_cudnn, true});
  cases.push_back(
      {message("kernel/attention/backward/", s.name), 5 * scores, 8 * part, [=] { return attention(true); }});
}

void add_vocabulary(Cases& cases, const Size& s) {
  const int64_t R = s.labelled, V = s.vocabulary, N = s.frames / 3 * 40 + 1, d = s.hidden;
  const double logits = 2.0 * double(R * V), rows = 2.0 * double(N * d);
  const auto ids = [V](int64_t n) { return random_integers({n}, 0, V, RngKey{3}).to(kGpu); };
  cases.push_back({message("kernel/cross_entropy/forward/", s.name), 0, logits, [=]() -> Call {
                     const Tensor x = random({R, V}), loss = empty({R}, kWide), lse = empty({R}, kWide), t = ids(R);
                     return [=](Backend& k) {
                       k.cross_entropy_forward(loss.view(), lse.view(), x.view(), t.view(), -100);
                     };
                   }});
  cases.push_back({message("kernel/softmax/forward/", s.name), 0, 2 * logits, [=]() -> Call {
                     const Tensor x = random({R, V}), y = empty({R, V});
                     return [=](Backend& k) { k.softmax_forward(y.view(), x.view()); };
                   }});
  cases.push_back({message("kernel/gather/forward/", s.name), 0, 2 * rows, [=]() -> Call {
                     const Tensor x = random({1, V, d}), y = empty({1, N, d}), index = ids(N);
                     return [=](Backend& k) { k.gather_rows(y.view(), x.view(), index.view()); };
                   }});
  cases.push_back({message("kernel/gather/backward/", s.name), 0, 3 * rows, [=]() -> Call {
                     const Tensor dx = random({1, V, d}), dy = random({1, N, d}), index = ids(N);
                     return [=](Backend& k) { k.scatter_add_rows(dx.view(), dy.view(), index.view()); };
                   }});
}

void add_optimizer(Cases& cases, const Size& s) {
  const int64_t n = s.parameters;
  cases.push_back({message("kernel/adamw/update/", s.name), 0, 30.0 * double(n), [=]() -> Call {
                     const Tensor p = random({n}, kWide), g = random({n}, kWide), m = Tensor::zeros({n}, g.options()),
                                  v = Tensor::zeros({n}, g.options()), shadow = empty({n});
                     return [=](Backend& k) {
                       const View copy = shadow.view();
                       const ParamSegment all[] = {{0, n, 1e-4, 0.01}};
                       k.adamw(p.view(), g.view(), m.view(), v.view(), &copy, all, {});
                     };
                   }});
  cases.push_back({message("kernel/adamw/grad_stats/", s.name), 0, 4.0 * double(n), [=]() -> Call {
                     const Tensor g = random({n}, kWide);
                     return [=](Backend& k) {
                       const ParamSegment all[] = {{0, n, 0, 0}};
                       k.grad_stats(g.view(), all);
                     };
                   }});
}

/// Seconds for one call.
Time time_on_device(const Call& call, int rounds) {
  Backend& gpu = backend_for(kGpu);
  const auto seconds = [&](int calls) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) call(gpu);
    gpu.synchronize();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  seconds(1);  // the kernel is loaded, the library chooses its algorithm
  const int calls = static_cast<int>(std::clamp(0.02 / std::max(seconds(1), 1e-9), 1.0, 1e4));
  std::vector<double> turns;
  for (int round = 0; round < rounds; ++round) turns.push_back(seconds(calls) / calls);
  std::sort(turns.begin(), turns.end());
  return {turns.front(), turns[turns.size() / 2]};
}

}  // namespace

void run_gpu(const Options& options, Report& report) {
  Cases cases;
  add_ceilings(cases, options.small);
  for (const Size& size : options.small ? std::span<const Size>(kSmall) : std::span<const Size>(kSizes)) {
    const int64_t d = size.hidden;
    add_products(cases, "kernel/gemm/qkv-", size.name, size.rows(), d, 3 * d);
    add_products(cases, "kernel/gemm/proj-", size.name, size.rows(), d, d);
    add_products(cases, "kernel/gemm/fc1-", size.name, size.rows(), d, 4 * d);
    add_products(cases, "kernel/gemm/fc2-", size.name, size.rows(), 4 * d, d);
    add_finished_products(cases, size);
    add_rows(cases, size);
    add_attention(cases, size);
    add_vocabulary(cases, size);
    add_optimizer(cases, size);
  }
  report.fact("device", backend_for(kGpu).info());
  for (const Case& c : cases) {
    if (!options.selects(c.name)) continue;
    Call call;
    try {
      call = c.make();
    } catch (const Error& error) {
      if (!c.optional) throw;
      report.fact(c.name, error.what());
      continue;
    }
    const Time time = time_on_device(call, options.rounds);
    report.row({{"case", c.name},
                {"us", time.best * 1e6},
                {"us_median", time.median * 1e6},
                {"tflops", c.flops / time.best * 1e-12},
                {"tb_per_s", c.bytes / time.best * 1e-12}});
  }
}

}  // namespace aio::bench
