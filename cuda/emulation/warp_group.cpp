// wgmma: the fragments of the PTX manual, sections "Register Fragments and Shared Memory Matrix Layouts" and "Matrix
// Descriptor Format".

#include "cuda/emulation/warp_group.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "cuda/emulation/bulk_copy.h"
#include "cuda/gpu.h"

namespace aio::emulation {

namespace {

constexpr int kLanes = 32, kRows = 16, kColumns = 192, kDepth = 16, kSums = 96;  // of a warp's part of C
constexpr std::uint32_t kLine = BulkCopies::kLine;

/// Sums of a warp that products under way will change.
struct Sums {
  std::array<float*, kLanes> d;
  std::array<std::array<float, kSums>, kLanes> values;
  int products = 0;
};

struct Operation {
  GroupProduct product;  // lane 0's
  Sums* sums;
  std::set<std::uint32_t> lines;
  int group;
};

struct WarpState {
  bool fenced = false;
  int groups = 0;  // committed
  std::size_t issued = 0;
  std::deque<Operation> operations;
  std::vector<std::unique_ptr<Sums>> sums;
};

/// A descriptor's layout: a number's address by its line (of M or N) and place (of K).
struct Operand {
  std::uint32_t start, leading, stride;
  bool rows;  // of K: 64 neighbours along M or N

  Operand(std::uint64_t descriptor, bool rows_) : rows(rows_) {
    const auto field = [descriptor](int bit) { return static_cast<std::uint32_t>(descriptor >> bit & 0x3FFF) << 4; };
    start = field(0), leading = field(16), stride = field(32);
    if (descriptor >> 62 != 1) fault("multiplies by a descriptor without the swizzle of 128 bytes");
    if ((descriptor >> 49 & 7) != 0 || start % 1024 >= 128)
      fault("multiplies by a descriptor whose matrix does not begin on a multiple of 1024 bytes");
  }
  std::uint32_t address(int line, int k) const {
    const auto n = static_cast<std::uint32_t>(line), d = static_cast<std::uint32_t>(k);
    return swizzled(rows ? start + n / 64 * leading + d / 8 * stride + d % 8 * kLine + n % 64 * 2
                         : start + n / 8 * stride + n % 8 * kLine + d * 2);
  }
  float value(int line, int k) const {
    bf16 x;
    std::memcpy(&x, bulk_copies().pointer(address(line, k)), sizeof x);
    return cuda::to_float(x);
  }
};

class WarpGroups final : public Unit {
 public:
  WarpGroups() { attach(*this); }

  WarpState& warp() {
    used_ = true;
    return warps_[static_cast<std::size_t>(number())];
  }
  static int number() { return current_thread() / kLanes; }

  void begin(const void* const* ins) {
    WarpState& w = warp();
    GroupProduct product = *static_cast<const GroupProduct*>(ins[0]);
    if (!w.fenced) fault("multiplies with no wgmma_fence since its sums were its own");
    std::array<float*, kLanes> d;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const auto& own = *static_cast<const GroupProduct*>(ins[lane]);
      if (own.a != product.a || own.b != product.b || own.add != product.add)
        fault("multiplies by other descriptors than its warp");
      d[lane] = own.d;
    }
    agree(w, product);
    Operation operation{product, &sums_of(w, d), {}, w.groups};
    const int first_row = number() % 4 * kRows;
    const auto note = [&](const Operand& operand, int first, int lines) {
      for (int line = first; line < first + lines; ++line)
        for (int k = 0; k < kDepth; k += operand.rows ? 1 : 8) {
          bulk_copies().pointer(operand.address(line, k));
          operation.lines.insert(operand.address(line, k) / kLine);
        }
    };
    note(Operand(product.a, false), first_row, kRows);
    note(Operand(product.b, product.rows_of_b), 0, kColumns);
    for (const std::uint32_t line : operation.lines) bulk_copies().begin_read(line, number());
    ++operation.sums->products;
    w.operations.push_back(std::move(operation));
  }

  void wait(int left) {
    WarpState& w = warp();
    while (!w.operations.empty() && w.operations.front().group < w.groups - left) {
      multiply(w.operations.front());
      w.operations.pop_front();
    }
    std::erase_if(w.sums, [](const std::unique_ptr<Sums>& sums) {
      if (sums->products > 0) return false;
      for (std::size_t lane = 0; lane < kLanes; ++lane)
        std::copy(sums->values[lane].begin(), sums->values[lane].end(), sums->d[lane]);
      return true;
    });
    if (w.sums.empty()) w.fenced = false;
  }

  void begin_block() override {
    if (!std::exchange(used_, false)) return;
    warps_ = std::vector<WarpState>(BulkCopies::kWarps);
    asked_.assign(BulkCopies::kWarps / 4, {});
  }
  bool work(const std::function<std::size_t(std::size_t)>&) override { return false; }
  void end_block() override {
    for (std::size_t w = 0; w < warps_.size(); ++w) {
      if (!warps_[w].operations.empty()) fault("and all others have ended while a product is under way");
      if (warps_[w].issued != asked_[w / 4].size())
        fault("and all others have ended, some without a product of their group");
    }
  }

 private:
  /// The four warps of a group ask for the same products in the same order.
  void agree(WarpState& w, const GroupProduct& product) {
    auto& asked = asked_[static_cast<std::size_t>(number() / 4)];
    const std::array<std::uint64_t, 3> bits{product.a, product.b, product.add};
    if (w.issued == asked.size()) asked.push_back(bits);
    if (asked[w.issued++] != bits) fault("multiplies by other descriptors than its warp group");
  }

  static Sums& sums_of(WarpState& w, const std::array<float*, kLanes>& d) {
    for (const auto& sums : w.sums)
      if (sums->d == d) return *sums;
    auto& made = *w.sums.emplace_back(std::make_unique<Sums>());
    made.d = d;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      std::copy_n(d[lane], kSums, made.values[lane].begin());
      std::memset(d[lane], 0xFF, kSums * sizeof(float));
    }
    return made;
  }

  static void multiply(Operation& operation) {
    const GroupProduct& product = operation.product;
    const Operand left(product.a, false), right(product.b, product.rows_of_b);
    static float a[kRows][kDepth], b[kDepth][kColumns], c[kRows][kColumns];
    const int first_row = number() % 4 * kRows;
    for (int k = 0; k < kDepth; ++k) {
      for (int i = 0; i < kRows; ++i) a[i][k] = left.value(first_row + i, k);
      for (int j = 0; j < kColumns; ++j) b[k][j] = right.value(j, k);
    }
    const auto each = [&](const auto& use) {
      for (std::size_t lane = 0; lane < kLanes; ++lane)
        for (std::size_t s = 0; s < kSums; ++s)
          use(operation.sums->values[lane][s], c[lane / 4 + s / 2 % 2 * 8][s / 4 * 8 + lane % 4 * 2 + s % 2]);
    };
    each([&](float& sum, float& element) { element = product.add ? sum : 0; });
    for (int i = 0; i < kRows; ++i)
      for (int k = 0; k < kDepth; ++k)
        for (int j = 0; j < kColumns; ++j) c[i][j] += a[i][k] * b[k][j];
    each([](float& sum, float& element) { sum = element; });
    --operation.sums->products;
    for (const std::uint32_t line : operation.lines) bulk_copies().end_read(line, number());
  }

  bool used_ = false;
  std::vector<WarpState> warps_ = std::vector<WarpState>(BulkCopies::kWarps);
  std::vector<std::vector<std::array<std::uint64_t, 3>>> asked_ =
      std::vector<std::vector<std::array<std::uint64_t, 3>>>(BulkCopies::kWarps / 4);
};

WarpGroups& groups() {
  static WarpGroups instance;
  return instance;
}

/// `action` once for the warp, when all its lanes are here.
void together(const char* name, const void* in, Exchange action) { exchange(0xFFFFFFFFU, name, in, nullptr, action); }

}  // namespace

void warp_group_fence() {
  together("wgmma.fence", nullptr, [](const void* const*, void* const*) { groups().warp().fenced = true; });
}

void warp_group_product(const GroupProduct& product) {
  together("wgmma", &product, [](const void* const* ins, void* const*) { groups().begin(ins); });
}

void warp_group_commit() {
  together("wgmma.commit_group", nullptr, [](const void* const*, void* const*) { ++groups().warp().groups; });
}

void warp_group_wait(int left) {
  together("wgmma.wait_group", &left,
           [](const void* const* ins, void* const*) { groups().wait(*static_cast<const int*>(ins[0])); });
}

}  // namespace aio::emulation
