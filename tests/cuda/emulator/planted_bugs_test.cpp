// The emulator finds the mistakes that it is there for: each kernel here has one, and a twin without it passes.
#include <doctest/doctest.h>

#include <numeric>
#include <vector>

#include "cuda/gpu.h"
#include "tests/expect_error.h"

namespace aio::cuda {
namespace {

constexpr int kThreads = 96;

/// The sum of a block's numbers, by a tree in shared memory.
template <bool barrier>
__global__ void block_sum(float* y, const float* x) {
  AIO_SHARED(float, sums, kThreads);
  const int i = thread_id();
  sums[i] = x[i];
  if (barrier) __syncthreads();
  if (i == 0) {
    float total = 0;
    for (int j = 0; j < kThreads; ++j) total += sums[j];
    *y = total;
  }
}

std::vector<float> numbers(int n) {
  std::vector<float> x(static_cast<std::size_t>(n));
  std::iota(x.begin(), x.end(), 1.0F);
  return x;
}

TEST_CASE("a missing barrier") {
  const std::vector<float> x = numbers(kThreads);
  float y = 0;
  for (const auto order : {emulation::Order::forward, emulation::Order::reverse, emulation::Order::shuffled}) {
    emulation::set_order(order);
    launch("block_sum", nullptr, {1, kThreads}, block_sum<true>, &y, x.data());
    CHECK(y == kThreads * (kThreads + 1) / 2);
    CHECK_THROWS_AS(launch("block_sum", nullptr, {1, kThreads}, block_sum<false>, &y, x.data()), Error);
  }
  emulation::set_order(emulation::Order::forward);
  EXPECT_ERROR(launch("block_sum", nullptr, {1, kThreads}, block_sum<false>, &y, x.data()), cuda,
               "kernel block_sum, block (0, 0, 0), thread (0, 0, 0) reads shared memory that no thread has written");
}

/// Each thread passes its number on to the next one, `steps` times, through one array.
template <bool second_barrier>
__global__ void pass_on(float* y, int steps) {
  AIO_SHARED(float, slots, kThreads);
  const int i = thread_id();
  float own = static_cast<float>(i);
  for (int step = 0; step < steps; ++step) {
    slots[i] = own;
    __syncthreads();
    own = slots[(i + 1) % kThreads];
    if (second_barrier) __syncthreads();
  }
  y[i] = own;
}

TEST_CASE("a barrier that is missing only in the next round of a loop") {
  std::vector<float> y(kThreads);
  launch("pass_on", nullptr, {1, kThreads}, pass_on<true>, y.data(), 3);
  for (int i = 0; i < kThreads; ++i) CHECK(y[static_cast<std::size_t>(i)] == static_cast<float>((i + 3) % kThreads));
  launch("pass_on", nullptr, {1, kThreads}, pass_on<false>, y.data(), 1);
  EXPECT_ERROR(launch("pass_on", nullptr, {1, kThreads}, pass_on<false>, y.data(), 2), cuda,
               "shared memory that another thread reads, with no barrier between");
}

/// Neighbouring lanes swap through shared memory.
template <bool barrier>
__global__ void swap_lanes(float* y) {
  AIO_SHARED(float, slots, kWarp);
  const int i = thread_id();
  slots[i] = static_cast<float>(i);
  if (barrier) __syncwarp();
  y[i] = slots[i ^ 1];
}

TEST_CASE("a missing __syncwarp") {
  std::vector<float> y(kWarp);
  launch("swap_lanes", nullptr, {1, kWarp}, swap_lanes<true>, y.data());
  CHECK(y[4] == 5);
  EXPECT_ERROR(launch("swap_lanes", nullptr, {1, kWarp}, swap_lanes<false>, y.data()), cuda, "shared memory");
}

/// A barrier in a branch, and one that some threads do not live to see.
__global__ void divergent(int where) {
  if (where == 0 && thread_id() < 32) __syncthreads();
  if (where == 0 && thread_id() >= 32) __syncthreads();
  if (where == 1 && thread_id() == 40) return;
  if (where == 1) __syncthreads();
}

TEST_CASE("barriers that not all threads reach") {
  EXPECT_ERROR(launch("divergent", nullptr, {1, 64}, divergent, 0), cuda, "waits at the __syncthreads of line");
  EXPECT_ERROR(launch("divergent", nullptr, {1, 64}, divergent, 1), cuda, "__syncthreads");
}

__global__ void exchange_in_branch(float* y, int where) {
  const int lane = lane_id();
  float x = static_cast<float>(lane);
  if (where == 0 && lane < 16) x = __shfl_xor_sync(kAllLanes, x, 1);
  if (where == 1 && lane == 31) return;
  if (where == 1) x = __shfl_xor_sync(kAllLanes, x, 1);
  if (where == 2 && lane < 16) x = __shfl_xor_sync(0xFFFFU, x, 1);
  if (where == 3 && lane < 16) x = __shfl_xor_sync(0xFFU, x, 1);
  if (where == 4 && lane < 16) x = __shfl_down_sync(0xFFFFU, x, 8);
  y[lane] = x;
}

TEST_CASE("warp exchanges that not all lanes of the mask reach") {
  std::vector<float> y(kWarp);
  const auto run = [&](int where) { launch("exchange", nullptr, {1, kWarp}, exchange_in_branch, y.data(), where); };
  EXPECT_ERROR(run(0), cuda, "exchange, block (0, 0, 0), thread");
  EXPECT_ERROR(run(1), cuda, "__shfl_xor_sync");
  run(2);
  CHECK(y[3] == 2);
  CHECK(y[20] == 20);
  EXPECT_ERROR(run(3), cuda, "leaves out its own lane");
  EXPECT_ERROR(run(4), cuda, "a lane outside of the mask");
}

/// Copies 16 bytes a thread through shared memory.
template <bool wait, bool barrier>
__global__ void copy_through(float* y, const float* x) {
  AIO_SHARED(float, tile, 4 * kThreads);
  const int i = thread_id();
  cp_async16(tile + i * 4, x + i * 4);
  cp_async_commit();
  if (wait) cp_async_wait<0>();
  if (barrier) __syncthreads();
  const int other = barrier ? kThreads - 1 - i : i;
  for (int j = 0; j < 4; ++j) y[other * 4 + j] = tile[other * 4 + j];
}

TEST_CASE("a forgotten wait for an asynchronous copy") {
  alignas(16) float x[4 * kThreads];
  std::iota(x, x + 4 * kThreads, 0.0F);
  std::vector<float> y(4 * kThreads);
  launch("copy", nullptr, {1, kThreads}, copy_through<true, true>, y.data(), x);
  CHECK(y == std::vector<float>(x, x + 4 * kThreads));
  launch("copy", nullptr, {1, kThreads}, copy_through<false, true>, y.data(), x);
  CHECK(y[0] != y[0]);                                                             // not a number
  launch("copy", nullptr, {1, kThreads}, copy_through<true, false>, y.data(), x);  // each thread reads its own
  CHECK(y == std::vector<float>(x, x + 4 * kThreads));
  EXPECT_ERROR(launch("copy", nullptr, {1, kThreads}, copy_through<true, true>, y.data(), x + 1), cuda, "misaligned");
}

__global__ void write_at(int index) {
  AIO_SHARED(float, a, 32);
  AIO_SHARED(float, b, 32);
  b[thread_id()] = 0;
  if (thread_id() == 0) a[index] = 1;
}

TEST_CASE("an index one past a shared array") {
  launch("write_at", nullptr, {1, 32}, write_at, 31);
  EXPECT_ERROR(launch("write_at", nullptr, {1, 32}, write_at, 32), cuda,
               "writes 4 bytes at byte 128 of a shared array of 128 bytes");
  EXPECT_ERROR(launch("write_at", nullptr, {1, 32}, write_at, -1), cuda, "at byte -4 of");
}

__global__ void nothing() {}

TEST_CASE("launches that no GPU takes") {
  EXPECT_ERROR(launch("nothing", nullptr, {1, 1025}, nothing), cuda, "no GPU takes");
  EXPECT_ERROR(launch("nothing", nullptr, {1, 0}, nothing), cuda, "no GPU takes");
  EXPECT_ERROR(launch("nothing", nullptr, {{1, 65536}, 32}, nothing), cuda, "no GPU takes");
  EXPECT_ERROR(launch("nothing", nullptr, {1, 32, 240 << 10}, nothing), cuda, "no GPU takes");
  launch("nothing", nullptr, {0, 32}, nothing);  // an empty grid is none
}

}  // namespace
}  // namespace aio::cuda
