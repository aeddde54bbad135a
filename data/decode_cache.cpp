#include "data/decode_cache.h"

#include <algorithm>
#include <numeric>

#include "tensor/raw.h"

namespace aio {
namespace {

std::string name_of(const DecodeRequest& request) {
  return message(to_string(request.source), " ", request.start, "-", request.end, " ", request.size.width, "x",
                 request.size.height);
}

}  // namespace

DecodeCache::DecodeCache(DecodeFunction decode, std::int64_t max_bytes)
    : decode_(std::move(decode)), max_bytes_(max_bytes) {}

bool DecodeCache::find(const std::string& name, Clip& clip) {
  const std::lock_guard lock(mutex_);
  const auto found = clips_.find(name);
  if (found == clips_.end()) return false;
  clip = found->second;  // a handle: the frames stay where they are
  ++counts_.hits;
  return true;
}

DecodeResult DecodeCache::decode(const DecodeRequest& request) {
  if (request.window > 0 || request.count <= 0 || !request.indices.empty()) return decode_(request);
  const std::string name = name_of(request);
  Clip clip;
  double read_seconds = 0;
  if (!find(name, clip)) {
    DecodeRequest ask = request;
    ask.count = 0;
    const DecodeResult described = decode_(ask);
    if (!described.ok()) return described;
    const FrameSize size = request.size.width > 0 ? request.size : described.info.size;
    const std::int64_t bytes = described.range.count * size.width * size.height * 3;
    {
      const std::lock_guard lock(mutex_);
      if (counts_.bytes + bytes > max_bytes_) return decode_(request);
      counts_.bytes += bytes;  // spoken for
    }
    ask.indices.resize(static_cast<std::size_t>(described.range.count));
    std::iota(ask.indices.begin(), ask.indices.end(), described.range.first);
    const DecodeResult whole = decode_(ask);
    read_seconds = described.read_seconds + whole.read_seconds;
    const std::lock_guard lock(mutex_);
    if (!whole.ok()) {  // broken behind the frames that are wanted, or too long to be decoded at once
      counts_.bytes -= bytes;
      return decode_(request);
    }
    clip = {whole.info, described.range, whole.frames};
    if (!clips_.emplace(name, clip).second) counts_.bytes -= bytes;  // another thread was faster
    counts_.kept = static_cast<std::int64_t>(clips_.size());
  }

  DecodeResult result;
  result.info = clip.info;
  result.range = clip.range;
  result.read_seconds = read_seconds;
  try {
    result.indices = sample_frames(request.count, clip.range, request.mode, request.key, request.compat);
  } catch (const Error& error) {
    result.fault = DecodeFault::request;
    result.error = error.what();
    return result;
  }
  const auto count = static_cast<std::int64_t>(result.indices.size());
  Shape shape = clip.frames.shape();
  shape[0] = count;
  result.frames = Tensor::empty(shape, {DType::u8});
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t index = result.indices[static_cast<std::size_t>(i)] - clip.range.first;
    raw::copy_(raw::slice(result.frames, 0, i, i + 1), raw::slice(clip.frames, 0, index, index + 1));
  }
  return result;
}

DecodeCache::Counts DecodeCache::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace aio
