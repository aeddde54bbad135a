// aio_bench ops: memory-bound operations at the model's shapes, through the public ops, against a copy that moves the
// same bytes and (with --peer) against PyTorch's op. "both" is forward and backward.

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "bench/bench.h"
#include "bench/python_peer.h"
#include "tensor/backend.h"
#include "tensor/parallel.h"
#include "tensor/random.h"

namespace aio::bench {

namespace {

using Call = std::function<void()>;

struct Case {
  std::string op;
  Shape shape;
  bool both = false;
  /// Least traffic: every operand once in or out, nothing kept in cache between forward and backward.
  double bytes = 0;
  std::function<Call()> make;

  std::string name() const {
    std::string text = op + (both ? "/both/" : "/forward/");
    for (int i = 0; i < shape.rank(); ++i) {
      if (i > 0) text += 'x';
      text += std::to_string(shape[i]);
    }
    return text;
  }
};

Tensor random_tensor(const Shape& shape, std::uint64_t seed) { return normal(shape, 0, 1, {seed}); }

/// f(leaves) without a graph, or with one and a backward of a fixed random gradient.
Call call_of(bool both, std::function<Tensor(const std::vector<Tensor>&)> f, std::vector<Tensor> inputs) {
  if (!both) {
    return [f = std::move(f), inputs = std::move(inputs)] {
      const NoGrad no_grad;
      f(inputs);
    };
  }
  for (const Tensor& input : inputs) set_requires_grad(input);
  const Tensor dy = random_tensor(f(inputs).shape(), 9);
  return [f = std::move(f), inputs = std::move(inputs), dy] {
    for (const Tensor& input : inputs) set_grad(input, {});
    backward(f(inputs), dy);
  };
}

std::vector<Case> op_cases() {
  std::vector<Case> cases;
  const auto add_case = [&](const char* op, const Shape& shape, bool both, double bytes_per_element,
                            std::function<Tensor(const std::vector<Tensor>&)> f,
                            std::function<std::vector<Tensor>()> inputs) {
    cases.push_back({op, shape, both, bytes_per_element * static_cast<double>(shape.numel()),
                     [=] { return call_of(both, f, inputs()); }});
  };
  // 12 frames of 237 tokens (40 of text, 197 of the frame) at the widths of the Ti and B models.
  for (const std::int64_t width : {192, 768}) {
    const Shape shape{2844, width};
    for (const bool both : {false, true}) {
      const double bytes = both ? 20 : 8;  // forward x -> y; backward dy, x -> dx
      add_case(
          "layer_norm", shape, both, bytes, [](const auto& in) { return layer_norm(in[0], in[1], in[2], 1e-6); },
          [=] {
            return std::vector{random_tensor(shape, 1), Tensor::full({width}, 1), Tensor::zeros({width})};
          });
      add_case(
          "gelu", shape, both, bytes, [](const auto& in) { return gelu(in[0]); },
          [=] { return std::vector{random_tensor(shape, 1)}; });
    }
    add_case(
        "add", shape, false, 12, [](const auto& in) { return add(in[0], in[1]); },
        [=] {
          return std::vector{random_tensor(shape, 1), random_tensor(shape, 2)};
        });
    add_case(
        "dropout", shape, false, 8,
        [](const auto& in) {
          return dropout(in[0], 0.1, {1, 2, 3});
        },
        [=] { return std::vector{random_tensor(shape, 1)}; });
  }
  const Shape scores{12 * 12 * 237, 237};
  for (const bool both : {false, true}) {
    add_case(
        "softmax", scores, both, both ? 20 : 8, [](const auto& in) { return softmax(in[0]); },
        [=] { return std::vector{random_tensor(scores, 1)}; });
  }
  const Shape vocabulary{168, 30522};  // 14 words of 12 texts
  const Tensor targets = random_integers({vocabulary[0]}, 0, vocabulary[1], {5});
  add_case(
      "cross_entropy", vocabulary, true, 12, [=](const auto& in) { return cross_entropy(in[0], targets); },
      [=] { return std::vector{random_tensor(vocabulary, 1)}; });
  const Shape heads{12, 237, 12, 64};
  for (const bool both : {false, true}) {
    add_case(
        "attention", heads, both, both ? 48 : 16, [](const auto& in) { return attention(in[0], in[1], in[2]); },
        [=] {
          return std::vector{random_tensor(heads, 1), random_tensor(heads, 2), random_tensor(heads, 3)};
        });
  }
  return cases;
}

/// The optimizer's pass over the parameters of the B model.
Case adamw_case() {
  constexpr std::int64_t kParameters = 110'000'000;
  return {"adamw", {kParameters}, false, 28.0 * kParameters, [] {
            const Tensor p = uniform({kParameters}, -1, 1, {1});
            const Tensor g = uniform({kParameters}, -0.01, 0.01, {2});
            const Tensor m = Tensor::zeros({kParameters});
            const Tensor v = Tensor::zeros({kParameters});
            return [=, step = std::make_shared<std::int64_t>(0)] {
              AdamWStep options;
              options.variant = AdamWStep::Variant::torch;
              options.step = ++*step;
              const ParamSegment all{0, kParameters, 1e-4, 0.01};
              backend_for(p).adamw(p.view(), g.view(), m.view(), v.view(), nullptr, {&all, 1}, options);
            };
          }};
}

/// Moves `bytes` bytes in all, half of them read and half written, by the arena's threads.
Call copy_of(double bytes) {
  const auto half = static_cast<std::int64_t>(bytes / 2);
  const Tensor from = Tensor::full({half}, 1, {DType::u8, {}});
  const Tensor to = Tensor::full({half}, 0, {DType::u8, {}});
  return [=] {
    auto* const out = static_cast<char*>(to.raw_data());
    const auto* const in = static_cast<const char*>(from.raw_data());
    parallel_for(half, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
      std::memcpy(out + begin, in + begin, static_cast<std::size_t>(end - begin));
    });
  };
}

}  // namespace

void run_ops(const Options& options, Report& report) {
  const auto peer = start_torch_peer(options, report);
  std::vector<Case> cases = op_cases();
  cases.push_back(adamw_case());
  for (const Case& item : cases) {
    const std::string name = item.op == "adamw" ? "adamw/" + std::to_string(item.shape[0]) : item.name();
    if (!options.selects(name)) continue;
    const Call contenders[] = {item.make(), copy_of(item.bytes)};
    double ours = 1e30, copy = 1e30, theirs = 1e30;
    for (int turn = 0; turn < 3; ++turn) {  // and the peer in between
      const auto times = time_in_turns(contenders, options);
      ours = std::min(ours, times[0].best);
      copy = std::min(copy, times[1].best);
      if (const auto seconds = peer ? peer->seconds(name, 0.3) : std::nullopt) theirs = std::min(theirs, *seconds);
    }
    Report::Fields row{
        {"case", name}, {"ms", ours * 1e3}, {"gb_per_s", item.bytes / ours * 1e-9}, {"of_copy", copy / ours}};
    if (peer && theirs < 1e30) {
      row.emplace_back("pytorch_ms", theirs * 1e3);
      row.emplace_back("vs_pytorch", theirs / ours);
    }
    report.row(std::move(row));
  }
}

}  // namespace aio::bench
