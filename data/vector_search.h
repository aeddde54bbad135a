#pragma once
// Exact search: the rows of a gallery with the largest inner product with a query, by looking at all of them. For
// vectors of length 1 that is the cosine, as in retrieval by the contrastive head.
//
// One query is as fast as the gallery can be read: each row once, in order, by as many threads as there are. Several
// queries go together as one matrix product for each block of rows.

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace aio {

struct Neighbour {
  std::int64_t row;
  float score;
};

/// gallery f32 [rows, width], queries f32 [queries, width] -> for each query the min(k, rows) best rows, best first, of
/// equal scores the smaller row. NaN counts as the worst score. The same bits for any number of threads; one query and
/// several may differ in a score's last bit. Throws Error{shape|dtype}, Error{value} unless k is positive.
std::vector<std::vector<Neighbour>> nearest_rows(const Tensor& gallery, const Tensor& queries, std::int64_t k);

}  // namespace aio
