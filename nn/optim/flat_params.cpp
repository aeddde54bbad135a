#include "nn/optim/flat_params.h"

#include "autograd/autograd.h"
#include "tensor/allocator.h"
#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/storage.h"

namespace aio::nn {

FlatParams::FlatParams(const ParamStore& store) {
  constexpr std::int64_t kAlignment = 16;  // elements: 64 bytes of f32, a cache line and an AVX-512 register
  std::int64_t size = 0;
  for (const Parameter& parameter : store.parameters()) {
    if (!parameter.trainable) continue;
    const std::int64_t end = size + parameter.value.numel();
    const std::int64_t next = (end + kAlignment - 1) / kAlignment * kAlignment;
    slots_.push_back({parameter.name, parameter.value, size, end, next});
    size = next;
  }
  check(!slots_.empty(), ErrorCode::state, "FlatParams: no parameter is trainable, expected at least one");
  values_ = Tensor::zeros({size}, store.options());
  grads_ = Tensor::zeros({size}, store.options());
  for (const Slot& slot : slots_) raw::copy_(view_of(values_, slot), slot.value);
  attach(values_);
  backend_for(values_).allocator().trim();  // where the values were: a step can hardly use blocks of their sizes
  for (const Slot& slot : slots_) {
    set_grad(slot.value, view_of(grads_, slot));
    clear_grad_touched(slot.value);
  }
}

void FlatParams::attach(const Tensor& buffer) {
  for (const Slot& slot : slots_) {
    TensorImpl& impl = slot.value.impl();  // shared by all handles: they all follow
    impl.storage = buffer.storage_ptr();
    impl.offset = buffer.offset() + slot.begin;
    impl.strides = contiguous_strides(impl.shape);
  }
}

Tensor FlatParams::make_buffer() const { return raw::zeros_like(values_); }

Tensor FlatParams::view_of(const Tensor& buffer, const Slot& slot) {
  return raw::reshape(raw::slice(buffer, 0, slot.begin, slot.end), slot.value.shape());
}

std::vector<NamedTensor> FlatParams::named_views(const std::string& prefix, const Tensor& buffer) const {
  std::vector<NamedTensor> views;
  for (const Slot& slot : slots_) views.emplace_back(message(prefix, ".", slot.name), view_of(buffer, slot));
  return views;
}

void FlatParams::zero_grad(bool one_pass) {
  raw::fill_(grads_, 0);
  for (const Slot& slot : slots_) {
    if (one_pass) {
      declare_grad_zero(slot.value);
    } else {
      clear_grad_touched(slot.value);
    }
  }
}

std::vector<bool> FlatParams::touched() const {
  std::vector<bool> touched;
  for (const Slot& slot : slots_) touched.push_back(grad_touched(slot.value));
  return touched;
}

void FlatParams::set_touched(const std::vector<bool>& touched) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (touched[i]) {
      mark_grad_touched(slots_[i].value);
    } else {
      clear_grad_touched(slots_[i].value);
    }
  }
}

GradStats FlatParams::grad_stats() const {
  const ParamSegment all{.begin = 0, .end = grads_.numel()};
  return backend_for(grads_).grad_stats(grads_.view(), {&all, 1});
}

void FlatParams::exchange_values(Tensor& buffer) {
  check(buffer.shape() == values_.shape() && buffer.dtype() == values_.dtype() && buffer.device() == values_.device(),
        ErrorCode::shape, "FlatParams: buffer is ", describe(buffer), ", expected ", describe(values_));
  check_ownership();
  std::swap(buffer, values_);
  attach(values_);
  exchanged_ = !exchanged_;
}

void FlatParams::check_ownership() const {
  for (const Slot& slot : slots_) {
    check(slot.value.storage_ptr() == values_.storage_ptr(), ErrorCode::state, "FlatParams: ", slot.name,
          " has been moved to another FlatParams, expected one per model (make a new optimizer with the new one)");
    const Tensor gradient = grad(slot.value);
    check(gradient.defined() && gradient.storage_ptr() == grads_.storage_ptr(), ErrorCode::state,
          "FlatParams: ", slot.name, " has lost its place in the flat gradient, expected no set_grad() on it");
  }
}

void append_segment(std::vector<ParamSegment>& segments, const FlatParams::Slot& slot, double lr, double weight_decay) {
  if (!segments.empty()) {
    ParamSegment& last = segments.back();
    if (last.end == slot.begin && last.lr == lr && last.weight_decay == weight_decay) {
      last.end = slot.next;
      return;
    }
  }
  segments.push_back({slot.begin, slot.next, lr, weight_decay});
}

}  // namespace aio::nn
