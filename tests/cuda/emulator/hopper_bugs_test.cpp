// The emulator of an H100's own instructions finds the mistakes that it is there for: one kernel, right without a bug
// and wrong with any of them.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "cuda/hopper.h"
#include "tests/expect_error.h"

namespace aio::cuda {
namespace {

constexpr int M = 64, N = 192, K = 128, kPieces = K / kBoxColumns;
constexpr int kThreads = kWarpGroup + kWarp;

enum class Bug {
  none,
  no_init_fence,
  no_block_barrier,
  unmade_barrier,
  no_wait_for_copy,
  wrong_parity,
  too_few_bytes,
  too_many_bytes,
  one_arrival_more,
  box_over_box,
  box_over_operand,
  stage_given_back_early,
  misaligned_box,
  box_past_the_end,
  no_group_fence,
  sums_read_early,
  no_wait_for_product,
  no_swizzle,
  misaligned_operand,
  wrong_stride,
  operand_outside,
  a_warp_stays_away,
  a_warp_of_other_operands,
  copy_left_under_way,
};

/// C [64, 192] = A [64, 128] B: a warp copies two pieces of K through one stage, a group multiplies.
template <bool kRowsOfB>
__global__ void one_tile(const AIO_GRID_CONSTANT TensorMap a, const AIO_GRID_CONSTANT TensorMap b, float* c, Bug bug) {
  AIO_DYNAMIC_SHARED(bf16, memory);
  AIO_SHARED(std::uint64_t, barriers, 3);
  const SharedPointer<std::uint64_t> full = barriers, empty = barriers + 1;
  const int misaligned = static_cast<int>(shared_address(memory) % kSwizzledAlign);
  const SharedPointer<bf16> left = memory + (bug == Bug::misaligned_box ? 0 : (kSwizzledAlign - misaligned) / 2);
  const SharedPointer<bf16> right = left + M * kBoxColumns;
  const int lane = lane_id(), warp = thread_id() / kWarp;
  if (thread_id() == 0) {
    mbarrier_init(full, 1);
    mbarrier_init(empty, 4);
    if (bug != Bug::no_init_fence) mbarrier_init_fence();
  }
  if (bug != Bug::no_block_barrier) __syncthreads();

  if (warp == 4) {
    if (lane != 0) return;
    for (int piece = 0; piece < kPieces + (bug == Bug::copy_left_under_way ? 1 : 0); ++piece) {
      if (bug != Bug::box_over_operand) {
        mbarrier_wait(empty, 1 - piece % 2);
      } else if (piece > 0) {
        mbarrier_wait(full, 1 - piece % 2);
      }
      int bytes = (M + N) * 128;
      if (bug == Bug::too_few_bytes) bytes = M * 128;
      if (bug == Bug::too_many_bytes) bytes += 16;
      mbarrier_expect(full, bytes);
      if (bug == Bug::one_arrival_more) mbarrier_arrive(full);
      if (bug == Bug::one_arrival_more) mbarrier_arrive(full);
      bulk_load(left, a, piece * kBoxColumns, 0, full);
      if (bug == Bug::box_over_box) bulk_load(left, a, piece * kBoxColumns, 0, full);
      const SharedPointer<bf16> to = right + (bug == Bug::box_past_the_end ? 8 * 512 : 0);
      if constexpr (kRowsOfB) {
        for (int j = 0; j < N; j += 64) bulk_load(to + j * 64, b, j, piece * 64, full);
      } else {
        bulk_load(to, b, piece * 64, 0, full);
      }
    }
    return;
  }

  float sums[96];
  for (float& sum : sums) sum = 1;  // of no use: the first product does not add
  for (int piece = 0; piece < kPieces; ++piece) {
    if (bug == Bug::unmade_barrier) mbarrier_wait(barriers + 2, 0);
    if (bug != Bug::no_wait_for_copy) mbarrier_wait(full, bug == Bug::wrong_parity ? 1 - piece % 2 : piece % 2);
    if (bug != Bug::no_group_fence) wgmma_fence();
    for (int k = 0; k < 64; k += 16) {
      if (bug == Bug::a_warp_stays_away && warp == 3 && piece == 1 && k == 48) break;
      const std::uint32_t stride = bug == Bug::wrong_stride ? 512 : 1024;
      std::uint32_t from = shared_address(left) + static_cast<std::uint32_t>(k) * 2;
      if (bug == Bug::misaligned_operand) from += 128;
      if (bug == Bug::operand_outside) from = 200 << 10;
      if (bug == Bug::a_warp_of_other_operands && warp == 2) from ^= 32;
      std::uint64_t fa = tile_descriptor(from, 16, stride);
      if (bug == Bug::no_swizzle) fa &= ~(std::uint64_t{3} << 62);
      const std::uint32_t at = shared_address(right);
      const auto step = static_cast<std::uint32_t>(k);
      const std::uint64_t fb =
          kRowsOfB ? tile_descriptor(at + step * 128, 64 * 128, 1024) : tile_descriptor(at + step * 2, 16, 1024);
      wgmma_m64n192k16<kRowsOfB>(sums, fa, fb, piece + k > 0);
    }
    wgmma_commit();
    if (bug == Bug::stage_given_back_early && lane == 0) mbarrier_arrive(empty);
    if (bug == Bug::sums_read_early && piece + 1 == kPieces) c[thread_id()] = sums[0];
    if (bug != Bug::no_wait_for_product || piece + 1 < kPieces) wgmma_wait<0>();
    if (bug != Bug::stage_given_back_early && lane == 0) mbarrier_arrive(empty);
  }
  if (bug == Bug::sums_read_early) return;
  for (int s = 0; s < 96; ++s)
    c[(warp * 16 + lane / 4 + s / 2 % 2 * 8) * N + s / 4 * 8 + lane % 4 * 2 + s % 2] = sums[s];
}

/// Small whole numbers, of which all sums are exact.
std::vector<bf16> numbers(int n, int seed) {
  std::vector<bf16> x;
  for (int i = 0; i < n; ++i) x.emplace_back(static_cast<float>((i * 7 + i / 13 * 5 + seed) % 9 - 4));
  return x;
}

struct Operands {
  alignas(16) bf16 a[M * K];
  alignas(16) bf16 b[N * K];
  std::vector<float> c = std::vector<float>(M * N);
};

/// `columns`: of K, that there are; the others count as zeros.
template <bool kRowsOfB>
void run(Operands& x, Bug bug, int columns = K) {
  const std::vector<bf16> a = numbers(M * K, 1), b = numbers(N * K, 3);
  std::copy(a.begin(), a.end(), x.a);
  std::copy(b.begin(), b.end(), x.b);
  const std::size_t shared = 1024 + (M + N) * 128;
  launch("one_tile", nullptr, {1, kThreads, shared}, one_tile<kRowsOfB>, tile_map(x.a, M, columns, K, M),
         kRowsOfB ? tile_map(x.b, columns, N, N, 64) : tile_map(x.b, N, columns, K, N), x.c.data(), bug);
}

float expected(const Operands& x, bool rows_of_b, int i, int j, int columns) {
  float sum = 0;
  for (int k = 0; k < columns; ++k)
    sum += static_cast<float>(x.a[i * K + k]) * static_cast<float>(rows_of_b ? x.b[k * N + j] : x.b[j * K + k]);
  return sum;
}

TEST_CASE("a product of a warp group, both layouts of B, with a tail of K") {
  Operands x;
  for (const auto order : {emulation::Order::forward, emulation::Order::reverse, emulation::Order::shuffled}) {
    emulation::set_order(order);
    for (const int columns : {K, 72}) {
      for (const bool rows_of_b : {false, true}) {
        x.c.assign(x.c.size(), -1);
        rows_of_b ? run<true>(x, Bug::none, columns) : run<false>(x, Bug::none, columns);
        int wrong = 0;
        for (int i = 0; i < M; ++i)
          for (int j = 0; j < N; ++j)
            wrong += x.c[static_cast<std::size_t>(i * N + j)] != expected(x, rows_of_b, i, j, columns);
        CHECK(wrong == 0);
      }
    }
  }
  emulation::set_order(emulation::Order::forward);
}

TEST_CASE("planted in a product of a warp group") {
  const struct {
    Bug bug;
    std::string text;
  } cases[] = {
      {Bug::no_init_fence, "no mbarrier_init_fence"},
      {Bug::no_block_barrier, "uses an mbarrier that"},
      {Bug::unmade_barrier, "uses an mbarrier that no thread has made"},
      {Bug::no_wait_for_copy, "multiplies"},
      {Bug::wrong_parity, "multiplies"},
      {Bug::too_few_bytes, "multiplies a box that is under way"},
      {Bug::too_many_bytes, "waits for ever at an mbarrier"},
      {Bug::one_arrival_more, "once more than its phase takes"},
      {Bug::box_over_box, "over one that is under way"},
      {Bug::box_over_operand, "over one that a product has read, with no mbarrier between"},
      {Bug::stage_given_back_early, "copies a box over one that a product"},
      {Bug::misaligned_box, "no multiple of 1024"},
      {Bug::box_past_the_end, "past the end of a shared array"},
      {Bug::no_group_fence, "no wgmma_fence"},
      {Bug::no_wait_for_product, "while a product is under way"},
      {Bug::no_swizzle, "without the swizzle"},
      {Bug::misaligned_operand, "does not begin on a multiple of 1024"},
      {Bug::operand_outside, "outside of its dynamic shared memory"},
      {Bug::a_warp_stays_away, "without a product of their group"},
      {Bug::a_warp_of_other_operands, "other descriptors than its warp group"},
      {Bug::copy_left_under_way, "bulk copies are under way"},
  };
  Operands x;
  for (const auto& one : cases) {
    CAPTURE(one.text);
    EXPECT_ERROR(run<false>(x, one.bug), cuda, one.text);
  }
}

TEST_CASE("planted in a product of a warp group, seen in the numbers") {
  Operands x;
  run<false>(x, Bug::sums_read_early);
  CHECK(x.c[5] != x.c[5]);  // not a number
  run<false>(x, Bug::wrong_stride);
  CHECK(x.c[20 * N] != expected(x, false, 20, 0, K));
}

TEST_CASE("matrices that bulk copies do not take") {
  alignas(16) bf16 x[64] = {};
  EXPECT_ERROR(tile_map(x + 1, 4, 8, 8, 4), cuda, "no tensor map");
  EXPECT_ERROR(tile_map(x, 4, 8, 9, 4), cuda, "no tensor map");
  EXPECT_ERROR(tile_map(x, 4, 8, 8, 257), cuda, "no tensor map");
}

}  // namespace
}  // namespace aio::cuda
