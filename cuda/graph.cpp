#include "cuda/graph.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio::cuda {

namespace {
constexpr std::size_t kBlock = std::size_t{1} << 20;  // bytes; an input that is larger has one of its own
constexpr std::size_t kAlignment = 256;
}  // namespace

Graph::Graph(Device device, Stream stream, Staging& staging, Allocator& memory, std::function<void()> give_back)
    : device_(device), stream_(stream), staging_(staging), memory_(memory), give_back_(std::move(give_back)) {
  take(sizeof step_);  // the first place
}

Graph::~Graph() {
  if (exec_ != nullptr) {
    try {
      synchronize(stream_);   // the last replay reads what is about to be given back
    } catch (const Error&) {  // of a device that has failed, as somebody is about to be told
    }
    destroy(exec_);
  }
  inputs_.clear();
  blocks_.clear();
  give_back_();
}

std::size_t Graph::memory_bytes() const {
  const MemoryStats stats = memory_.stats();
  return stats.current + stats.cached;
}

Graph::Place Graph::take(std::size_t bytes) {
  const auto end_of = [](const Block& block) {
    return (block.image.size() + kAlignment - 1) / kAlignment * kAlignment;
  };
  if (blocks_.empty() || end_of(blocks_.back()) + bytes > blocks_.back().memory->bytes())
    blocks_.push_back({std::make_shared<Storage>(memory_, std::max(bytes, kBlock), device_), {}});
  Block& block = blocks_.back();
  const std::size_t offset = end_of(block);
  block.image.resize(offset + bytes);
  return {blocks_.size() - 1, offset};
}

void Graph::record(std::uint32_t step, const std::vector<Tensor>& inputs, const std::function<void()>& body) {
  step_ = step;
  begin_capture(stream_);
  try {
    Recording::record(inputs, body);
  } catch (...) {
    drop_capture(stream_);
    throw;
  }
  exec_ = end_capture(stream_);
}

std::shared_ptr<Storage> Graph::input(const Tensor& x) {
  check_sent(x);
  const auto bytes = static_cast<std::size_t>(x.numel() * size_of(x.dtype()));
  if (bytes == 0) return std::make_shared<Storage>(memory_, 0, device_);
  const Place place = take(bytes);
  inputs_.push_back({x, place.block, place.offset});
  const std::shared_ptr<Storage>& block = blocks_[place.block].memory;
  return std::make_shared<Storage>(static_cast<std::byte*>(block->data()) + place.offset, bytes, device_, [block] {});
}

const std::uint32_t* Graph::step_of(const RngKey& key) const {
  check(key.step == step_, ErrorCode::state, "record: step ", step_, " is recorded, a dropout key is of step ",
        key.step, ": replays could not tell which steps they belong to");
  return static_cast<const std::uint32_t*>(blocks_[0].memory->data());
}

void Graph::launch(std::uint32_t step) {
  std::memcpy(blocks_[0].image.data(), &step, sizeof step);
  for (const Input& input : inputs_) {
    const Tensor packed = raw::contiguous(input.source);
    std::memcpy(blocks_[input.block].image.data() + input.offset, packed.raw_data(),
                static_cast<std::size_t>(packed.numel() * size_of(packed.dtype())));
  }
  for (const Block& block : blocks_)
    staging_.copy(block.memory->data(), block.image.data(), block.image.size(), stream_);
  cuda::replay(exec_, stream_);
}

}  // namespace aio::cuda
