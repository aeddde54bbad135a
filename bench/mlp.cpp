// aio_bench mlp: one training step of an MLP block, 768 -> 3072 -> 768 over 2844 rows: forward, backward, AdamW.

#include <algorithm>

#include "autograd/autograd.h"
#include "bench/bench.h"
#include "bench/python_peer.h"
#include "nn/forward_ctx.h"
#include "nn/mlp.h"
#include "nn/optim/adamw.h"
#include "nn/param_store.h"
#include "tensor/random.h"

namespace aio::bench {

void run_mlp(const Options& options, Report& report) {
  constexpr std::int64_t kRows = 2844, kWidth = 768, kHidden = 3072;
  const auto peer = start_torch_peer(options, report);

  nn::ParamStore store(1);
  const nn::Mlp mlp(nn::ParamScope(store), kWidth, kHidden);
  nn::FlatParams params(store);
  nn::AdamW optimizer(params, {});
  const Tensor x = normal({kRows, kWidth}, 0, 1, {1});
  const Tensor dy = normal({kRows, kWidth}, 0, 1, {2});
  const std::function<void()> step[] = {[&] {
    nn::ForwardCtx ctx = nn::ForwardCtx::eval();
    params.zero_grad();
    backward(mlp.forward(x, ctx), dy);
    optimizer.step(1e-4);
  }};

  double ours = 1e30, eager = 1e30, compiled = 1e30;
  for (int turn = 0; turn < 3; ++turn) {
    ours = std::min(ours, time_in_turns(step, options)[0].best);
    if (!peer) continue;
    const auto theirs = [&](const char* variant) {
      return peer->seconds(std::string("mlp/") + variant + "/2844x768x3072", 2.0).value_or(1e30);
    };
    eager = std::min(eager, theirs("eager"));
    compiled = std::min(compiled, theirs("compile"));
  }
  const double flops = 5 * 2.0 * kRows * kWidth * kHidden;  // two forward, two for weights, one for the hidden layer
  Report::Fields row{{"case", "mlp/2844x768x3072"}, {"ms", ours * 1e3}, {"gflops", flops / ours * 1e-9}};
  if (peer) {
    row.emplace_back("eager_ms", eager * 1e3);
    row.emplace_back("vs_eager", eager / ours);
    row.emplace_back("compile_ms", compiled * 1e3);
    row.emplace_back("vs_compile", compiled / ours);
  }
  report.row(std::move(row));
}

}  // namespace aio::bench
