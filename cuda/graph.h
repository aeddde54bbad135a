#pragma once
// A recorded step as a CUDA graph: the stream is captured while the step's code runs, and replayed by one call.
//
// What the recording takes comes from memory of its own, which nothing else gets until the graph dies: in a replay the
// same addresses are written again. Tensors that came from the host lie side by side in a few blocks, and so does the
// step of dropout's keys: before a replay one copy a block brings them up to date, through the ring of pinned buffers,
// in the order of the stream. So the host does not wait for the replay before.

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "cuda/staging.h"
#include "tensor/allocator.h"
#include "tensor/recording.h"
#include "tensor/storage.h"

namespace aio::cuda {

class Graph final : public Recording {
 public:
  /// `memory` is the graph's alone until it calls `give_back`, at its end.
  Graph(Device device, Stream stream, Staging& staging, Allocator& memory, std::function<void()> give_back);
  ~Graph() override;
  std::size_t memory_bytes() const override;

  /// Captures what `body` asks for. On an Error nothing is left of it.
  void record(std::uint32_t step, const std::vector<Tensor>& inputs, const std::function<void()>& body);

  // ---- while it records
  Allocator& memory() { return memory_; }
  /// Memory that holds the elements of `x`, a tensor on the host, as they are at each replay.
  std::shared_ptr<Storage> input(const Tensor& x);
  /// Where the step of `key` lies; throws Error{state} if that is not the step which is being recorded.
  const std::uint32_t* step_of(const RngKey& key) const;

 protected:
  void launch(std::uint32_t step) override;

 private:
  /// Bytes that go over together.
  struct Block {
    std::shared_ptr<Storage> memory;
    std::vector<std::byte> image;  // as long as what is in use
  };
  struct Input {
    Tensor source;
    std::size_t block, offset;
  };
  struct Place {
    std::size_t block, offset;
  };
  Place take(std::size_t bytes);

  Device device_;
  Stream stream_;
  Staging& staging_;
  Allocator& memory_;
  std::function<void()> give_back_;
  std::uint32_t step_ = 0;  // of the recording
  std::vector<Block> blocks_;
  std::vector<Input> inputs_;
  GraphExec exec_ = nullptr;
};

}  // namespace aio::cuda
