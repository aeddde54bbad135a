// The most that any product can reach: independent fused multiply-adds in registers, nothing else.

#include <benchmark/benchmark.h>

#include "bench/bench.h"
#include "tensor/cpu/simd.h"
#include "tensor/parallel.h"

namespace aio::bench {

namespace {

using V = cpu::Vec<float>;
constexpr int kChains = 12;  // latency 4 x 2 units, half as many again
constexpr int kSteps = 100'000;

}  // namespace

double fma_peak_flops() { return 2.0 * V::kWidth * kChains * kSteps * num_threads(); }

void fma_peak_call() {
  parallel_for(num_threads(), 1, [](std::int64_t begin, std::int64_t end) {
    for (std::int64_t thread = begin; thread < end; ++thread) {
      V chain[kChains];
      for (V& c : chain) {
        c = V::all(1);
        benchmark::DoNotOptimize(c);  // else equal chains are computed once
      }
      V factor = V::all(0.999F), summand = V::all(0.001F);
      benchmark::DoNotOptimize(factor);
      benchmark::DoNotOptimize(summand);
      for (int step = 0; step < kSteps; ++step) {
#pragma GCC unroll 16
        for (V& c : chain) c = fma(c, factor, summand);
      }
      for (V& c : chain) benchmark::DoNotOptimize(c);
    }
  });
}

}  // namespace aio::bench
