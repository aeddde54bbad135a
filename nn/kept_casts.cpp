#include "nn/kept_casts.h"

#include "tensor/raw.h"
#include "tensor/storage.h"

namespace aio::nn {

Tensor KeptCasts::get(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  Kept& kept = kept_[{&x.impl(), dtype}];
  if (!kept.cast.defined() || kept.storage != &x.storage() || kept.version != x.version())
    kept = {x, &x.storage(), x.version(), raw::cast(x, dtype)};
  return kept.cast;
}

}  // namespace aio::nn
