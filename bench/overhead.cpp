// aio_bench overhead: 10,000 additions of 8 x 8 tensors with autograd, forward and backward: what an op costs beside
// its arithmetic.

#include <algorithm>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "bench/bench.h"
#include "bench/python_peer.h"
#include "tensor/random.h"

namespace aio::bench {

void run_overhead(const Options& options, Report& report) {
  constexpr int kOps = 10'000;
  const auto peer = start_torch_peer(options, report);
  const Tensor x = normal({8, 8}, 0, 1, {1});
  const Tensor y = normal({8, 8}, 0, 1, {2});
  const Tensor ones = Tensor::full({8, 8}, 1);
  set_requires_grad(x);
  const auto chain = [&] {
    Tensor z = x;
    for (int i = 0; i < kOps; ++i) z = add(z, y);
    return z;
  };
  const std::function<void()> contenders[] = {[&] {
                                                const NoGrad no_grad;
                                                chain();
                                              },
                                              [&] {
                                                set_grad(x, {});
                                                backward(chain(), ones);
                                              }};
  double forward_only = 1e30, both = 1e30, theirs = 1e30;
  for (int turn = 0; turn < 3; ++turn) {
    const auto times = time_in_turns(contenders, options);
    forward_only = std::min(forward_only, times[0].best);
    both = std::min(both, times[1].best);
    if (peer) theirs = std::min(theirs, peer->seconds("tiny_adds/" + std::to_string(kOps), 0.5).value_or(1e30));
  }
  Report::Fields row{
      {"case", "tiny_adds/10000"}, {"forward_ns", forward_only / kOps * 1e9}, {"both_ns", both / kOps * 1e9}};
  if (peer) {
    row.emplace_back("pytorch_ns", theirs / kOps * 1e9);
    row.emplace_back("vs_pytorch", theirs / both);
  }
  report.row(std::move(row));
}

}  // namespace aio::bench
