#include "data/vector_search.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include "tensor/backend.h"
#include "tensor/cpu/simd.h"
#include "tensor/parallel.h"
#include "tensor/raw.h"

namespace aio {
namespace {

constexpr float kWorst = -std::numeric_limits<float>::infinity();

bool better(const Neighbour& a, const Neighbour& b) { return a.score != b.score ? a.score > b.score : a.row < b.row; }

/// The best k of what it was shown: a heap with the worst of them on top.
class Best {
 public:
  explicit Best(std::int64_t k) : k_(static_cast<std::size_t>(k)) {}

  void show(std::int64_t row, float score) {
    if (score < floor_) return;  // the common case
    show(Neighbour{row, score == score ? score : kWorst});
  }
  void show(const Neighbour& candidate) {
    if (heap_.size() == k_ && !better(candidate, heap_.front())) return;
    if (heap_.size() == k_) {
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.pop_back();
    }
    heap_.push_back(candidate);
    std::push_heap(heap_.begin(), heap_.end(), better);
    if (heap_.size() == k_) floor_ = heap_.front().score;
  }
  const std::vector<Neighbour>& heap() const { return heap_; }
  std::vector<Neighbour> sorted() && {
    std::sort_heap(heap_.begin(), heap_.end(), better);
    return std::move(heap_);
  }

 private:
  std::size_t k_;  // at least 1
  std::vector<Neighbour> heap_;
  float floor_ = kWorst;
};

/// out[r] = <query, row r> for Rows rows, each read once.
template <int Rows>
void products(const float* query, const float* rows, std::int64_t width, float* out) {
  using V = cpu::Vec<float>;
  V sums[Rows];
  for (V& sum : sums) sum = V::zero();
  cpu::for_lanes<V::kWidth>(width, [&](std::int64_t i, int n) {
    const V q = n == V::kWidth ? V::load(query + i) : V::load_n(query + i, n);
    for (int r = 0; r < Rows; ++r) {
      const float* const at = rows + r * width + i;
      sums[r] = fma(q, n == V::kWidth ? V::load(at) : V::load_n(at, n), sums[r]);
    }
  });
  for (int r = 0; r < Rows; ++r) out[r] = sums[r].sum();
}

/// Shows rows begin..end-1 to `best`.
void scan(const float* query, const float* gallery, std::int64_t width, std::int64_t begin, std::int64_t end,
          Best& best) {
  constexpr int kRows = 4;
  float scores[kRows];
  std::int64_t row = begin;
  for (; row + kRows <= end; row += kRows) {
    products<kRows>(query, gallery + row * width, width, scores);
    for (int r = 0; r < kRows; ++r) best.show(row + r, scores[r]);
  }
  for (; row < end; ++row) {
    products<1>(query, gallery + row * width, width, scores);
    best.show(row, scores[0]);
  }
}

std::vector<Neighbour> nearest_of_one(const Tensor& gallery, const float* query, std::int64_t k) {
  const std::int64_t rows = gallery.dim(0), width = gallery.dim(1);
  const float* const data = gallery.data<float>();
  Best all(k);
  std::mutex mutex;
  // Which rows a piece holds depends on the threads, which of all rows are the best does not: no two are equal.
  parallel_for(rows, 1024, [&](std::int64_t begin, std::int64_t end) {
    Best part(k);
    scan(query, data, width, begin, end, part);
    const std::lock_guard lock(mutex);
    for (const Neighbour& candidate : part.heap()) all.show(candidate);
  });
  return std::move(all).sorted();
}

/// The products of all queries with a block of rows at a time.
std::vector<std::vector<Neighbour>> nearest_of_many(const Tensor& gallery, const Tensor& queries, std::int64_t k) {
  constexpr std::int64_t kScores = 1 << 22;  // of a block: 16 MB
  const std::int64_t rows = gallery.dim(0), Q = queries.dim(0);
  const std::int64_t block = std::clamp<std::int64_t>(kScores / Q, 1, std::max<std::int64_t>(rows, 1));
  std::vector<Best> best(static_cast<std::size_t>(Q), Best(k));
  // [rows, queries]: the product packs its right side, which is the small one so.
  const Tensor scores = Tensor::empty({block, Q});
  const View asked = raw::transpose(queries, 0, 1).view();
  for (std::int64_t begin = 0; begin < rows; begin += block) {
    const std::int64_t count = std::min(block, rows - begin);
    const Tensor part = raw::slice(scores, 0, 0, count);
    backend_for(part).gemm(part.view(), raw::slice(gallery, 0, begin, begin + count).view(), asked, {});
    const float* const data = part.data<float>();
    parallel_for(Q, 16, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t row = 0; row < count; ++row) {
        for (std::int64_t q = first; q < last; ++q)
          best[static_cast<std::size_t>(q)].show(begin + row, data[row * Q + q]);
      }
    });
  }
  std::vector<std::vector<Neighbour>> found;
  for (Best& one : best) found.push_back(std::move(one).sorted());
  return found;
}

}  // namespace

std::vector<std::vector<Neighbour>> nearest_rows(const Tensor& gallery, const Tensor& queries, std::int64_t k) {
  check(gallery.rank() == 2 && queries.rank() == 2 && gallery.dim(1) == queries.dim(1), ErrorCode::shape,
        "nearest_rows: gallery ", describe(gallery), ", queries ", describe(queries),
        ", expected [rows, width] and [queries, width]");
  check(gallery.dtype() == DType::f32 && queries.dtype() == DType::f32, ErrorCode::dtype, "nearest_rows: gallery ",
        describe(gallery), ", queries ", describe(queries), ", expected f32");
  check(k > 0, ErrorCode::value, "nearest_rows: k is ", k, ", expected a positive number");
  const Tensor rows = raw::contiguous(gallery.to(Device{})), asked = raw::contiguous(queries.to(Device{}));
  if (asked.dim(0) == 0) return {};
  if (asked.dim(0) > 1) return nearest_of_many(rows, asked, k);
  return {nearest_of_one(rows, asked.data<float>(), k)};
}

}  // namespace aio
