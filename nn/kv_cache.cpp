#include "nn/kv_cache.h"

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tensor/raw.h"

namespace aio::nn {
namespace {

/// Rows `source` of dimension 0, copied.
Tensor rows(const Tensor& x, const std::vector<std::int64_t>& source) {
  const NoGrad no_grad;
  const Tensor index = Tensor::from(source, {static_cast<std::int64_t>(source.size())});
  return index_select(x, 0, index);
}

}  // namespace

KvCache::KvCache(std::int64_t sequences, std::int64_t capacity, std::int64_t heads, std::int64_t head_dim,
                 TensorOptions options)
    : keys_(Tensor::zeros({sequences, capacity, heads, head_dim}, options)),
      values_(Tensor::zeros({sequences, capacity, heads, head_dim}, options)) {}

Tensor KvCache::keys() const { return raw::slice(keys_, 1, 0, length_); }
Tensor KvCache::values() const { return raw::slice(values_, 1, 0, length_); }

void KvCache::append(const Tensor& k, const Tensor& v) {
  const std::int64_t tokens = k.dim(1);
  check(length_ + tokens <= keys_.dim(1), ErrorCode::value, "KvCache: ", tokens, " more tokens after ", length_,
        ", but there is room for ", keys_.dim(1));
  raw::copy_(raw::slice(keys_, 1, length_, length_ + tokens), k);
  raw::copy_(raw::slice(values_, 1, length_, length_ + tokens), v);
  length_ += tokens;
}

void KvCache::truncate(std::int64_t length) {
  check(length >= 0 && length <= length_, ErrorCode::value, "KvCache: cannot cut ", length_, " tokens to ", length);
  length_ = length;
}

void KvCache::reorder(const std::vector<std::int64_t>& source, std::int64_t begin) {
  check(static_cast<std::int64_t>(source.size()) == keys_.dim(0), ErrorCode::shape, "KvCache: an order of ",
        source.size(), " sequences, but there are ", keys_.dim(0));
  if (begin >= length_) return;
  for (const Tensor& all : {keys_, values_}) {
    const Tensor part = raw::slice(all, 1, begin, length_);
    raw::copy_(part, rows(part, source));  // rows() has copied them before any is overwritten
  }
}

KvCache KvCache::select(const std::vector<std::int64_t>& source) const {
  KvCache chosen = *this;
  chosen.keys_ = rows(keys_, source);
  chosen.values_ = rows(values_, source);
  return chosen;
}

}  // namespace aio::nn
