#pragma once
// A step that a device is asked for once and then repeats at one call (a CUDA graph).
//
//   Tensor loss;
//   const auto recording = backend.record(7, inputs, [&] { loss = forward_backward(batch, /*step=*/7); });
//   for (std::uint32_t i = 7; i < n && (fill(inputs), recording->replay(i)); ++i) use(loss.item());
//
// While `body` runs, the device does nothing. A replay does what it was asked for, to the same memory: what `body`
// reads must stay where it is, what it makes stays with the recording, and the next replay writes it anew. From replay
// to replay may change
//  * what tensors hold that lay on the device before;
//  * what `inputs` hold, tensors on the host that `body` sends over (Tensor::to), and what host_tensor() makes of them;
//  * the step that dropout's keys belong to.
// Sizes, branches and the numbers that operations are given are the recording's. host_number() watches over those that
// follow the inputs.
//
// Nothing of the host gets into a recording by accident: reading a tensor outside of host_tensor() and host_number(),
// and sending one over that neither is an input nor comes from there, are errors, as are reading from the device and an
// optimizer's update, whose numbers change. So a body that can be recorded is one whose replays do what it would do.
// While it runs, its thread alone uses the device.

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace aio {

class Recording {
 public:
  Recording() = default;
  virtual ~Recording() = default;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  /// Everything again, with dropout keys of `step`. False if the host's part comes out in other sizes than those of the
  /// recording: then the device has not been asked for anything, and the step has to be done without.
  [[nodiscard]] bool replay(std::uint32_t step);
  /// Bytes of the device that it keeps.
  virtual std::size_t memory_bytes() const = 0;

  /// Whether this thread runs a body.
  static bool under_way();
  /// Tensor calls it before it shows what it holds on the host: Error{state} if that would get into a recording.
  static void check_read(const Tensor& x);

 protected:
  /// Runs `body`, keeping the host's part of it.
  void record(const std::vector<Tensor>& inputs, const std::function<void()>& body);
  /// For x, which goes over: Error{state} unless each replay can send it again.
  void check_sent(const Tensor& x) const;
  /// Asks the device; the host's part is up to date.
  virtual void launch(std::uint32_t step) = 0;

 private:
  template <class Make>
  friend Tensor host_tensor(const Make& make);
  template <class Make>
  friend std::int64_t host_number(const Make& make);
  static Tensor keep_tensor(const std::function<Tensor()>& make);
  static std::int64_t keep_number(const std::function<std::int64_t()>& make);

  std::vector<std::function<bool()>> host_part_;  // in order; false: the recording does not fit
  std::vector<Tensor> known_;                     // inputs, and what host_tensor() made
  std::set<const Storage*> known_memory_;
};

/// make(), a tensor on the host. In a recorded step it is made again before each replay, from what its sources hold by
/// then: `make` keeps tensors and numbers by value, never references to what ends with the body.
template <class Make>
Tensor host_tensor(const Make& make) {
  return Recording::under_way() ? Recording::keep_tensor(make) : make();
}
/// make(), a number that sizes, branches or arguments of operations follow: a recording fits while it is the same. What
/// `make` checks, each replay does.
template <class Make>
std::int64_t host_number(const Make& make) {
  return Recording::under_way() ? Recording::keep_number(make) : make();
}
/// `key`, of the step that is being replayed if host_tensor() or host_number() call for a replay.
RngKey host_key(RngKey key);

}  // namespace aio
