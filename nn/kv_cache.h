#pragma once
// KvCache: the keys and values of the tokens that one attention layer has seen, so that a token that comes later is
// computed alone. For generation: no history, and what is written in place is not seen by autograd.

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace aio::nn {

class KvCache {
 public:
  /// Room for `capacity` tokens of each of `sequences` sequences.
  KvCache(std::int64_t sequences, std::int64_t capacity, std::int64_t heads, std::int64_t head_dim,
          TensorOptions options);

  std::int64_t length() const { return length_; }
  Tensor keys() const;    ///< [sequences, length, heads, head_dim], a view
  Tensor values() const;  ///< likewise

  /// Behind what is there: k, v [sequences, tokens, heads, head_dim]. Throws Error{shape}, Error{value} without room.
  void append(const Tensor& k, const Tensor& v);
  /// Forgets all tokens from `length` on.
  void truncate(std::int64_t length);
  /// Tokens from `begin` on: sequence i goes on with those of sequence source[i]. The tokens before are left as they
  /// are, for sequences that share them. Throws Error{index}.
  void reorder(const std::vector<std::int64_t>& source, std::int64_t begin);
  /// A cache of source.size() sequences, sequence i a copy of source[i]. Throws Error{index}.
  KvCache select(const std::vector<std::int64_t>& source) const;

 private:
  Tensor keys_, values_;  // [sequences, capacity, heads, head_dim]
  std::int64_t length_ = 0;
};

}  // namespace aio::nn
