#include "tensor/recording.h"

#include <optional>
#include <utility>

#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/storage.h"

namespace aio {

namespace {

/// `variable` is `value` for as long as this lives.
template <class T>
class ScopedValue {
 public:
  ScopedValue(T& variable, T value) : variable_(variable), before_(std::exchange(variable, value)) {}
  ~ScopedValue() { variable_ = before_; }
  ScopedValue(const ScopedValue&) = delete;
  ScopedValue& operator=(const ScopedValue&) = delete;

 private:
  T& variable_;
  T before_;
};

thread_local Recording* recorded = nullptr;                 // whose body runs
thread_local bool making = false;                           // in host_tensor() or host_number()
thread_local std::optional<std::uint32_t> replayed_step{};  // whose host part is made again

template <class T>
T made(const std::function<T()>& make) {
  const ScopedValue<bool> in_make(making, true);
  return make();
}

}  // namespace

void Recording::record(const std::vector<Tensor>& inputs, const std::function<void()>& body) {
  known_ = inputs;
  for (const Tensor& x : inputs) known_memory_.insert(&x.storage());
  const ScopedValue<Recording*> in_body(recorded, this);
  body();
}

void Recording::check_read(const Tensor& x) {
  check(recorded == nullptr || making || !x.device().is_cpu(), ErrorCode::state, "record: ", describe(x),
        " is read on the host, where replays would not read it again (do that in host_tensor() or host_number())");
}

void Recording::check_sent(const Tensor& x) const {
  check(known_memory_.count(&x.storage()) > 0, ErrorCode::state, "record: ", describe(x),
        " is sent to the device, but neither an input of the recording nor made by host_tensor(): replays could not ",
        "make it again");
}

bool Recording::replay(std::uint32_t step) {
  {
    const ScopedValue<std::optional<std::uint32_t>> in_replay(replayed_step, step);
    for (const auto& part : host_part_) {
      if (!part()) return false;
    }
  }
  launch(step);
  return true;
}

bool Recording::under_way() { return recorded != nullptr; }

Tensor Recording::keep_tensor(const std::function<Tensor()>& make) {
  const Tensor x = made(make);
  check(x.device().is_cpu(), ErrorCode::device, "host_tensor: got ", describe(x), ", expected a tensor on the host");
  recorded->known_.push_back(x);
  recorded->known_memory_.insert(&x.storage());
  recorded->host_part_.emplace_back([x, make] {
    const Tensor fresh = make();
    if (fresh.shape() != x.shape()) return false;
    raw::copy_(x, fresh);
    return true;
  });
  return x;
}

std::int64_t Recording::keep_number(const std::function<std::int64_t()>& make) {
  const std::int64_t number = made(make);
  recorded->host_part_.emplace_back([number, make] { return make() == number; });
  return number;
}

RngKey host_key(RngKey key) {
  if (replayed_step) key.step = *replayed_step;
  return key;
}

}  // namespace aio
