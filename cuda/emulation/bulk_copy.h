#pragma once
// Barriers in shared memory and the copies that arrive at them (PTX: mbarrier, cp.async.bulk.tensor), for hopper.h.
//
// A copy lands as late as it can: when no thread can go on without it, in an order that Order chooses. Until then its
// lines are NaN. Who may touch what when follows from the barriers alone: a line may be read by a thread that has
// waited for the phase in which its copy arrived, and overwritten by one that knows, by way of barriers, of all that
// read it. Besides that faults: barriers used before they are ready for other threads or for copies, arrivals beyond
// the count, waits that never end, misaligned boxes, copies that are under way when the block ends.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "cuda/emulation/emulator.h"
#include "tensor/bf16.h"

namespace aio::emulation {

/// What CUtensorMap is on a GPU: a bf16 matrix taken in boxes of box_rows x 64 with the swizzle of 128 bytes.
struct TileMap {
  const bf16* data = nullptr;
  std::int64_t rows = 0, columns = 0, stride = 0;
  int box_rows = 0;
};
/// Throws Error{cuda} for what cuTensorMapEncodeTiled refuses.
TileMap make_tile_map(const bf16* data, std::int64_t rows, std::int64_t columns, std::int64_t stride, int box_rows);

/// Where the byte of an address lies: 16 bytes c of line r are at c ^ r % 8.
inline std::uint32_t swizzled(std::uint32_t address) { return address ^ (address >> 3 & 0x70); }

class BulkCopies final : public Unit {
 public:
  static constexpr int kWarps = 32;
  static constexpr std::uint32_t kLine = 128;

  BulkCopies() { attach(*this); }

  /// Of the block's shared memory. It does not begin on a multiple of the swizzle: a kernel has to see to that.
  std::uint32_t address(const void* p);
  const std::byte* pointer(std::uint32_t address);

  void init(const SharedRange& range, void* barrier, int arrivals);
  void init_fence();
  void arrive(const void* barrier, std::int64_t bytes);
  void wait(const void* barrier, int parity);
  void load(const SharedRange& range, bf16* to, const TileMap& map, int column, int row, const void* barrier);

  /// A product that `warp` has begun reads the line; faults unless its copy has arrived and the calling thread knows.
  void begin_read(std::uint32_t line, int warp);
  void end_read(std::uint32_t line, int warp);
  /// Whether thread `thread` knows that the line's copy has arrived.
  bool sees(std::uint32_t line, int thread);

  void begin_block() override;
  bool work(const std::function<std::size_t(std::size_t)>& pick) override;
  void end_block() override;

 private:
  using Clock = std::array<std::uint32_t, kWarps>;  // of each warp, how many of its arrivals are known of

  struct Barrier {
    int arrivals = 0, pending = 0;
    std::int64_t bytes = 0;   // that copies still have to bring
    std::uint32_t phase = 0;  // that is under way
    Clock known{};            // to those who arrived
    int maker = 0;            // thread
    std::uint32_t made = 0;   // after how many __syncthreads
    bool fenced = false;
  };
  struct Line {
    enum { empty, under_way, arrived } state = empty;
    const void* barrier = nullptr;  // of the copy, and its phase
    std::uint32_t phase = 0;
    std::array<int, kWarps> reading{};         // products under way
    std::array<std::uint32_t, kWarps> read{};  // 1 + the warp's arrivals before the last one ended
  };
  struct Copy {
    TileMap map;
    std::byte* to;
    int column, row;
    const void* barrier;
  };
  struct Knowledge {
    Clock clock{};
    std::map<const void*, std::uint32_t> phases;  // over, by barrier
  };

  Barrier& usable(const void* barrier);
  void complete(Barrier& barrier);
  Line& line(std::uint32_t number);
  Knowledge& known_to(int thread);

  std::byte* base_ = nullptr;
  std::map<const void*, Barrier> barriers_;
  std::vector<Line> lines_;
  std::vector<Copy> copies_;
  std::vector<Knowledge> threads_;
  Clock arrivals_{};
};

BulkCopies& bulk_copies();

}  // namespace aio::emulation
