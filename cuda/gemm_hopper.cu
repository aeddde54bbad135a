// A product on an H100's own instructions, with its epilogue: for sm_90a alone.
//
// Dtypes:   bf16, sums and epilogue in f32.
// Order:    a sum runs over K in steps of 16, from first to last, whatever the grid.
//
// A block has three groups of four warps and stays for as long as there are tiles of C, 128 x 192 each: every width of
// the model is a multiple of 192. One thread of the first group copies pieces of A and B, 64 of K, into four stages of
// shared memory. The other two groups make the products of every second tile: while one finishes its tile (GELU costs
// about as much as the product of 768 terms), the other's products keep the tensor cores busy.
//
//   full[stage]   the piece has come                   1 arrival, the copying thread's, and its bytes
//   empty[stage]  the piece is used up                 4 arrivals, one of each warp that has multiplied by it
//   turn[group]   the other has asked for the last     4 arrivals, one of each of its warps
//                 product of its tile
//
// A wait tells a phase from the one before it, but not from the one after: hence the turns, without which a group could
// take an earlier piece for the first of its tile.
//
// Tiles of one row of C follow each other, so that the blocks at work share rows of A and all of B, a layer's weight,
// in the L2 cache. At the end a warp takes its sums through shared memory, 16 x 64 at a time, so that a thread has
// eight neighbours of a row.

#include "cuda/gemm_hopper.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "cuda/hopper.h"

namespace aio::cuda {

namespace {

constexpr int kRows = 128, kColumns = 192, kDepth = kBoxColumns;  // of a tile, and of a piece of K
constexpr int kStages = 4;
constexpr int kThreads = 3 * kWarpGroup;
constexpr int kLeft = kRows * kDepth, kRight = kColumns * kDepth, kStage = kLeft + kRight;  // elements
constexpr int kStageBytes = kStage * static_cast<int>(sizeof(bf16));
constexpr int kBlock = 64 * kDepth;              // elements of a box of 64 rows
constexpr int kOctet = 8 * 64 * 2;               // bytes of eight rows of a box
constexpr int kPart = 64, kPartRow = kPart + 8;  // columns that a warp finishes at a time, and its rows' distance
constexpr int kParts = 16 * kPartRow;            // floats of a warp
constexpr std::size_t kPartsBegin = kSwizzledAlign + kStages * std::size_t{kStageBytes};
constexpr std::size_t kShared = kPartsBegin + 8 * kParts * sizeof(float);

struct Shape {
  std::int64_t M, N;
  int pieces;  // of K
  int column_tiles, tiles;
};

/// Where a round of the stages stands after `step` pieces.
__device__ inline int stage_of(int step) { return step % kStages; }
__device__ inline int parity_of(int step) { return step / kStages % 2; }

template <bool kByColumn>
__global__ void __launch_bounds__(kThreads, 1)
    gemm_hopper_kernel(const AIO_GRID_CONSTANT TensorMap a, const AIO_GRID_CONSTANT TensorMap b, Shape shape,
                       const AIO_GRID_CONSTANT Epilogue<bf16, float> finish) {
  AIO_DYNAMIC_SHARED(bf16, memory);
  AIO_SHARED(std::uint64_t, barriers, 2 * kStages + 2);
  const auto misaligned = static_cast<int>(shared_address(memory) % kSwizzledAlign);
  const SharedPointer<bf16> stages = memory + (misaligned == 0 ? 0 : kSwizzledAlign - misaligned) / 2;
  const auto full = [&](int step) { return barriers + stage_of(step); };
  const auto empty = [&](int step) { return barriers + (kStages + stage_of(step)); };
  const auto turn = [&](int group) { return barriers + (2 * kStages + group); };
  if (thread_id() == 0) {
    for (int group = 0; group < 2; ++group) mbarrier_init(turn(group), kWarpGroup / kWarp);
    for (int stage = 0; stage < kStages; ++stage) {
      mbarrier_init(full(stage), 1);
      mbarrier_init(empty(stage), kWarpGroup / kWarp);
    }
    mbarrier_init_fence();
  }
  __syncthreads();

  const int group = thread_id() / kWarpGroup - 1, block = static_cast<int>(blockIdx.x),
            blocks = static_cast<int>(gridDim.x);
  if (group < 0) {
    give_registers<24>();
    if (thread_id() != 0) return;
    int step = 0;
    for (int tile = block; tile < shape.tiles; tile += blocks) {
      const int row = tile / shape.column_tiles * kRows, column = tile % shape.column_tiles * kColumns;
      for (int piece = 0; piece < shape.pieces; ++piece, ++step) {
        mbarrier_wait(empty(step), 1 - parity_of(step));  // in the first round the stages are empty
        mbarrier_expect(full(step), kStageBytes);
        const SharedPointer<bf16> left = stages + stage_of(step) * kStage, right = left + kLeft;
        bulk_load(left, a, piece * kDepth, row, full(step));
        if constexpr (kByColumn) {
          for (int j = 0; j < kColumns; j += kBoxColumns)
            bulk_load(right + j * kDepth, b, column + j, piece * kDepth, full(step));
        } else {
          bulk_load(right, b, piece * kDepth, column, full(step));
        }
      }
    }
    return;
  }

  take_registers<240>();
  const bool speaks = lane_id() == 0;                   // for its warp
  int step = group * shape.pieces, parity = 1 - group;  // group 0 begins
  for (int tile = block + group * blocks; tile < shape.tiles; tile += 2 * blocks, step += shape.pieces) {
    float sums[2][96];  // of rows 0 .. 63 and 64 .. 127
    mbarrier_wait(turn(group), parity);
    parity = 1 - parity;
    for (int piece = 0; piece < shape.pieces; ++piece, ++step) {
      mbarrier_wait(full(step), parity_of(step));
      const std::uint32_t left = shared_address(stages) + static_cast<std::uint32_t>(stage_of(step) * kStageBytes);
      const std::uint32_t right = left + kLeft * sizeof(bf16);
      wgmma_fence();
#pragma unroll
      for (int k = 0; k < kDepth; k += 16) {
        const auto at = static_cast<std::uint32_t>(k);
        const std::uint64_t fb = kByColumn ? tile_descriptor(right + at * 128, kBlock * sizeof(bf16), kOctet)
                                           : tile_descriptor(right + at * 2, 16, kOctet);
#pragma unroll
        for (std::uint32_t half = 0; half < 2; ++half) {
          const std::uint64_t fa = tile_descriptor(left + half * kBlock * 2 + at * 2, 16, kOctet);
          wgmma_m64n192k16<kByColumn>(sums[half], fa, fb, piece > 0 || k > 0);
        }
      }
      wgmma_commit();
      wgmma_wait<1>();
      if (piece > 0 && speaks) mbarrier_arrive(empty(step - 1));
    }
    if (speaks) mbarrier_arrive(turn(1 - group));
    wgmma_wait<0>();
    wgmma_settle(sums[0]);
    wgmma_settle(sums[1]);
    if (speaks) mbarrier_arrive(empty(step - 1));

    const int thread = made_anew(thread_id()), warp = thread / kWarp - 4, lane = thread % kWarp;
    const int row = tile / shape.column_tiles * kRows + warp % 4 * 16, column = tile % shape.column_tiles * kColumns;
    AIO_DYNAMIC_SHARED(float, all);
    const SharedPointer<float> part = all + (static_cast<int>(kPartsBegin / sizeof(float)) + warp * kParts);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
#pragma unroll
      for (int first = 0; first < kColumns; first += kPart) {
        __syncwarp();
#pragma unroll
        for (int n = 0; n < kPart / 8; ++n) {
#pragma unroll
          for (int h = 0; h < 2; ++h) {
            const float* const pair = &sums[half][(first / 8 + n) * 4 + h * 2];
            store_shared(part + ((lane / 4 + h * 8) * kPartRow + n * 8 + lane % 4 * 2), pair[0], pair[1]);
          }
        }
        __syncwarp();
#pragma unroll 1
        for (int unit = lane; unit < 16 * kPart / 8; unit += kWarp) {
          const int at_row = unit / (kPart / 8), at_column = unit % (kPart / 8) * 8;
          const std::int64_t i = row + half * 64 + at_row, j = column + first + at_column;
          if (i >= shape.M || j >= shape.N) continue;
          float t[8];
          load_shared(t, part + (at_row * kPartRow + at_column));
          finish(t, i, j);
        }
      }
    }
  }
}

std::atomic<bool> wanted{true};

bool allowed() {
  static const bool allowed = [] {
    const char* const value = std::getenv("AIO_HOPPER_PRODUCTS");
    return value == nullptr || std::strcmp(value, "0") != 0;
  }();
  return allowed;
}

/// Asked for once: the runtime takes a millisecond.
const DeviceInfo& info_of(int index) {
  static const std::vector<DeviceInfo> all = [] {
    std::vector<DeviceInfo> list;
    for (int i = 0; i < device_count(); ++i) list.push_back(device_info(i));
    return list;
  }();
  return all.at(static_cast<std::size_t>(index));
}

}  // namespace

bool hopper_products(int index) {
  return wanted && allowed() && info_of(index).major == 9 && info_of(index).minor == 0;
}
void use_hopper_products(bool on) { wanted = on; }

void gemm_hopper(Stream stream, int index, const TensorCoreOperand& a, const TensorCoreOperand& b, bool by_column,
                 std::int64_t M, std::int64_t N, std::int64_t K, const Epilogue<bf16, float>& epilogue) {
  // The distance of a single row from the next means nothing, but the map wants a regular one.
  const auto map = [](const TensorCoreOperand& m, std::int64_t rows, std::int64_t columns, int box_rows) {
    return tile_map(m.data, rows, columns, rows == 1 ? (columns + 7) / 8 * 8 : m.stride, box_rows);
  };
  const TensorMap left = map(a, M, K, kRows), right = by_column ? map(b, K, N, kDepth) : map(b, N, K, kColumns);
  const auto count = [](std::int64_t n, int each) { return static_cast<int>((n + each - 1) / each); };
  Shape shape{M, N, count(K, kDepth), count(N, kColumns), 0};
  shape.tiles = count(M, kRows) * shape.column_tiles;
  const int blocks = std::min(shape.tiles, info_of(index).multiprocessors);
  launch("gemm_hopper", stream, {static_cast<unsigned>(blocks), kThreads, kShared},
         by_column ? gemm_hopper_kernel<true> : gemm_hopper_kernel<false>, left, right, shape, epilogue);
}

}  // namespace aio::cuda
