#include "cuda/emulation/bulk_copy.h"

#include <algorithm>
#include <cstring>

#include "tensor/error.h"

namespace aio::emulation {

namespace {

constexpr std::uint32_t kWindow =
    1152;  // address of the first byte of dynamic shared memory: 128 off the swizzle's 1024
constexpr int kBoxColumns = 64;
constexpr std::int64_t kMostBytes = (1 << 20) - 1;  // that a phase can wait for

}  // namespace

TileMap make_tile_map(const bf16* data, std::int64_t rows, std::int64_t columns, std::int64_t stride, int box_rows) {
  check(reinterpret_cast<std::uintptr_t>(data) % 16 == 0 && stride * 2 % 16 == 0 && rows > 0 && columns > 0 &&
            rows <= 0xFFFFFFFF && columns <= 0xFFFFFFFF && stride * 2 < std::int64_t{1} << 40 && box_rows > 0 &&
            box_rows <= 256,
        ErrorCode::cuda, "emulation: no tensor map of ", rows, " x ", columns, ", rows ", stride,
        " apart, in boxes of ", box_rows, " rows");
  return {data, rows, columns, stride, box_rows};
}

BulkCopies& bulk_copies() {
  static BulkCopies instance;
  return instance;
}

std::uint32_t BulkCopies::address(const void* p) {
  if (base_ == nullptr) base_ = shared_range(nullptr, 0).begin;
  return kWindow + static_cast<std::uint32_t>(static_cast<const std::byte*>(p) - base_);
}
const std::byte* BulkCopies::pointer(std::uint32_t address) {
  const SharedRange range = shared_range(nullptr, 0);
  const std::byte* const p = range.begin + (static_cast<std::int64_t>(address) - kWindow);
  if (p < range.begin || p >= range.end) fault("takes an operand from outside of its dynamic shared memory");
  return p;
}

// ---- barriers

void BulkCopies::init(const SharedRange& range, void* barrier, int arrivals) {
  shared_write(range, barrier, sizeof(std::uint64_t));
  if (reinterpret_cast<std::uintptr_t>(barrier) % 8 != 0 || arrivals < 1) fault("makes no mbarrier of this");
  Barrier made;
  made.arrivals = made.pending = arrivals;
  made.maker = current_thread();
  made.made = barriers_passed();
  barriers_[barrier] = made;
}

void BulkCopies::init_fence() {
  for (auto& [address, barrier] : barriers_)
    if (barrier.maker == current_thread()) barrier.fenced = true;
}

BulkCopies::Barrier& BulkCopies::usable(const void* barrier) {
  const auto found = barriers_.find(barrier);
  if (found == barriers_.end()) fault("uses an mbarrier that no thread has made");
  Barrier& b = found->second;
  if (!b.fenced) fault("uses an mbarrier with no mbarrier_init_fence after its mbarrier_init");
  if (b.maker != current_thread() && b.made == barriers_passed())
    fault("uses an mbarrier that another thread has made, with no barrier between");
  return b;
}

BulkCopies::Knowledge& BulkCopies::known_to(int thread) {
  if (threads_.size() <= static_cast<std::size_t>(thread)) threads_.resize(static_cast<std::size_t>(thread) + 1);
  return threads_[static_cast<std::size_t>(thread)];
}

void BulkCopies::complete(Barrier& barrier) {
  if (barrier.pending > 0 || barrier.bytes != 0) return;
  ++barrier.phase;
  barrier.pending = barrier.arrivals;
}

void BulkCopies::arrive(const void* barrier, std::int64_t bytes) {
  Barrier& b = usable(barrier);
  if (b.pending == 0) fault("arrives at an mbarrier once more than its phase takes");
  if (bytes < 0 || b.bytes + bytes > kMostBytes) fault("has an mbarrier expect more bytes than it can count");
  b.bytes += bytes;
  --b.pending;
  const auto warp = static_cast<std::size_t>(current_thread() / 32);
  const Clock& own = known_to(current_thread()).clock;
  for (std::size_t w = 0; w < kWarps; ++w) b.known[w] = std::max(b.known[w], own[w]);
  b.known[warp] = ++arrivals_[warp];
  complete(b);
}

void BulkCopies::wait(const void* barrier, int parity) {
  Barrier& b = usable(barrier);
  wait_until("an mbarrier", [&b, parity] { return static_cast<int>(b.phase % 2) != parity; });
  Knowledge& known = known_to(current_thread());
  known.phases[barrier] = b.phase;
  for (std::size_t w = 0; w < kWarps; ++w) known.clock[w] = std::max(known.clock[w], b.known[w]);
}

// ---- copies

BulkCopies::Line& BulkCopies::line(std::uint32_t number) {
  if (lines_.size() <= number) lines_.resize(number + 1);
  return lines_[number];
}

void BulkCopies::load(const SharedRange& range, bf16* to, const TileMap& map, int column, int row,
                      const void* barrier) {
  usable(barrier);
  const std::size_t bytes = static_cast<std::size_t>(map.box_rows) * kLine;
  const std::uint32_t at = address(to);
  auto* const place = reinterpret_cast<std::byte*>(to);
  if (at % 1024 != 0) fault("copies a swizzled box to an address that is no multiple of 1024 bytes");
  if (place < range.begin || place + bytes > range.end) fault("copies a box past the end of a shared array");
  const Knowledge& known = known_to(current_thread());
  for (std::uint32_t i = 0; i < bytes / kLine; ++i) {
    Line& l = line(at / kLine + i);
    if (l.state == Line::under_way) fault("copies a box over one that is under way");
    for (std::size_t w = 0; w < kWarps; ++w) {
      if (l.reading[w] > 0) fault("copies a box over one that a product may still read");
      if (l.read[w] > known.clock[w]) fault("copies a box over one that a product has read, with no mbarrier between");
    }
    l.state = Line::under_way;
  }
  std::memset(place, 0xFF, bytes);
  copies_.push_back({map, place, column, row, barrier});
}

bool BulkCopies::work(const std::function<std::size_t(std::size_t)>& pick) {
  if (copies_.empty()) return false;
  const auto chosen = copies_.begin() + static_cast<std::ptrdiff_t>(pick(copies_.size()));
  const Copy copy = *chosen;
  copies_.erase(chosen);
  Barrier& barrier = barriers_.at(copy.barrier);
  const std::uint32_t at = address(copy.to);
  for (int i = 0; i < copy.map.box_rows; ++i) {
    for (int j = 0; j < kBoxColumns; ++j) {
      const std::int64_t row = copy.row + i, column = copy.column + j;
      const bool inside = row >= 0 && row < copy.map.rows && column >= 0 && column < copy.map.columns;
      const bf16 x = inside ? copy.map.data[row * copy.map.stride + column] : bf16(0.0F);
      const std::uint32_t to = at + static_cast<std::uint32_t>(i) * kLine + static_cast<std::uint32_t>(j) * 2;
      std::memcpy(copy.to + (swizzled(to) - at), &x, sizeof x);
    }
    Line& l = line(at / kLine + static_cast<std::uint32_t>(i));
    l.state = Line::arrived;
    l.barrier = copy.barrier;
    l.phase = barrier.phase;
  }
  barrier.bytes -= copy.map.box_rows * static_cast<std::int64_t>(kLine);
  complete(barrier);
  return true;
}

bool BulkCopies::sees(std::uint32_t number, int thread) {
  const Line& l = line(number);
  if (l.state != Line::arrived) return false;
  const auto& phases = known_to(thread).phases;
  const auto known = phases.find(l.barrier);
  return known != phases.end() && known->second > l.phase;
}

void BulkCopies::begin_read(std::uint32_t number, int warp) {
  Line& l = line(number);
  if (l.state == Line::empty) fault("multiplies what no copy has brought");
  if (l.state == Line::under_way) fault("multiplies a box that is under way");
  for (int lane = 0; lane < 32; ++lane)
    if (!sees(number, warp * 32 + lane)) fault("multiplies a box without having waited for it");
  ++l.reading[static_cast<std::size_t>(warp)];
}

void BulkCopies::end_read(std::uint32_t number, int warp) {
  const auto w = static_cast<std::size_t>(warp);
  --line(number).reading[w];
  line(number).read[w] = arrivals_[w] + 1;  // known to whoever knows of the warp's next arrival
}

// ---- blocks

void BulkCopies::begin_block() {
  base_ = nullptr;
  barriers_.clear();
  lines_.clear();
  copies_.clear();
  threads_.clear();
  arrivals_ = {};
}

void BulkCopies::end_block() {
  if (!copies_.empty()) fault("and all others have ended while bulk copies are under way");
  base_ = nullptr;
}

}  // namespace aio::emulation
