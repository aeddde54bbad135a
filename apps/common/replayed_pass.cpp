#include "apps/common/replayed_pass.h"

#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/recording.h"

namespace aio::apps {
namespace {

/// Pixels [B, T, 3, H, W] go to the device; everything else is read on the host, too.
Device place_of(const Tensor& x, Device device) { return x.rank() == 5 ? device : Device{}; }

std::vector<Shape> shapes_of(const std::vector<Tensor>& batch) {
  std::vector<Shape> shapes;
  for (const Tensor& x : batch) shapes.push_back(x.shape());
  return shapes;
}

}  // namespace

ReplayedPass::ReplayedPass(Device device) : device_(device) {}
ReplayedPass::~ReplayedPass() = default;

Tensor ReplayedPass::copy(const Tensor& x) { return raw::clone(x); }

std::size_t ReplayedPass::memory_bytes() const { return recording_ == nullptr ? 0 : recording_->memory_bytes(); }

bool ReplayedPass::fits(const std::vector<Tensor>& batch) const { return shapes_of(batch) == shapes_of(placed_); }

void ReplayedPass::place(const std::vector<Tensor>& batch) {
  for (std::size_t i = 0; i < batch.size(); ++i) raw::copy_(placed_[i], batch[i].to(placed_[i].device()));
}

ReplayedPass::Ran ReplayedPass::run(std::uint32_t step, const std::vector<Tensor>& batch,
                                    const std::function<void(const std::vector<Tensor>&)>& pass) {
  ++passes_;
  if (recording_ != nullptr && fits(batch)) {
    place(batch);
    if (recording_->replay(step)) {
      ++replays_;
      return Ran::replayed;
    }
  }
  // The first batch loads libraries and kernels, which no recording may: the second of its sizes is recorded.
  const bool again = shapes_of(batch) == seen_;
  if (recording_ == nullptr && again && obstacle_.empty() && record(step, batch, pass)) return Ran::recorded;
  seen_ = shapes_of(batch);
  pass(batch);
  return Ran::plain;
}

bool ReplayedPass::record(std::uint32_t step, const std::vector<Tensor>& batch,
                          const std::function<void(const std::vector<Tensor>&)>& pass) {
  placed_.clear();
  std::vector<Tensor> on_host;
  for (const Tensor& x : batch) {
    placed_.push_back(Tensor::empty(x.shape(), {x.dtype(), place_of(x, device_)}));
    if (placed_.back().device().is_cpu()) on_host.push_back(placed_.back());
  }
  place(batch);
  try {
    recording_ = backend_for(device_).record(step, on_host, [&] { pass(placed_); });
    if (recording_ == nullptr) obstacle_ = message(device_, " replays nothing");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::state && error.code() != ErrorCode::oom) throw;
    obstacle_ = error.what();
  }
  if (recording_ == nullptr) placed_.clear();
  const bool recorded = recording_ != nullptr && recording_->replay(step);
  if (recorded) ++replays_;
  return recorded;
}

}  // namespace aio::apps
