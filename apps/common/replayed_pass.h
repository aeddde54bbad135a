#pragma once
// A pass over batches that is recorded when sizes come again, and from then on replayed (tensor/recording.h): for steps
// whose launches take the host longer than the device takes to run them.
//
// The recording reads its batch from tensors of its own, into which each batch is copied that has the same sizes: those
// of pixels on the device, all others on the host. A batch that does not fit is passed over as it is.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tensor/device.h"
#include "tensor/tensor.h"

namespace aio {
class Recording;
}

namespace aio::apps {

class ReplayedPass {
 public:
  explicit ReplayedPass(Device device);
  ~ReplayedPass();

  enum class Ran {
    plain,     ///< `pass` was called
    recorded,  ///< `pass` was called, and what it made has the values of this step
    replayed   ///< `pass` was not called: what it made when it was recorded has the values of this step
  };
  /// pass(batch), whose dropout keys are of `step`, or its replay. `batch` has always the same tensors in one order,
  /// all of them defined. What `pass` makes belongs to the recording: the next replay writes it anew.
  Ran run(std::uint32_t step, const std::vector<Tensor>& batch,
          const std::function<void(const std::vector<Tensor>&)>& pass);

  std::int64_t passes() const { return passes_; }
  std::int64_t replays() const { return replays_; }  ///< of the passes
  /// Of the device that the recording keeps; 0 without.
  std::size_t memory_bytes() const;
  /// Why `pass` cannot be recorded; empty: it can, as far as is known.
  const std::string& obstacle() const { return obstacle_; }

  /// A copy with memory of its own.
  static Tensor copy(const Tensor& x);

 private:
  bool fits(const std::vector<Tensor>& batch) const;
  void place(const std::vector<Tensor>& batch);
  bool record(std::uint32_t step, const std::vector<Tensor>& batch,
              const std::function<void(const std::vector<Tensor>&)>& pass);

  Device device_;
  std::vector<Shape> seen_;     // of the last batch that was passed over as it is
  std::vector<Tensor> placed_;  // what the recording reads
  std::unique_ptr<Recording> recording_;
  std::string obstacle_;
  std::int64_t passes_ = 0, replays_ = 0;
};

}  // namespace aio::apps
