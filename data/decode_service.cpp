#include "data/decode_service.h"

#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "data/decode_protocol.h"
#include "data/media_file.h"
#include "data/picture_folder.h"
#include "data/stopwatch.h"
#include "data/worker_process.h"
#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio {
namespace {

/// Beside the running program, where building and installing put it.
std::string worker_program(const std::string& chosen) {
  if (!chosen.empty()) return chosen;
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / "aio_decode_worker").string();
}

DecodeResult failed(DecodeFault fault, std::string text) {
  DecodeResult result;
  result.fault = fault;
  result.error = std::move(text);
  return result;
}

decode_protocol::Request request_of(const DecodeRequest& request, const MediaLimits& limits) {
  return {limits,
          request.source.offset,
          request.source.bytes,
          request.count,
          request.mode,
          request.compat,
          request.key,
          request.start,
          request.end,
          request.window,
          request.window_centre,
          request.size,
          0,
          0};
}

}  // namespace

std::string_view to_string(DecodeFault fault) {
  switch (fault) {
    case DecodeFault::none: return "none";
    case DecodeFault::request: return "request";
    case DecodeFault::io: return "io";
    case DecodeFault::format: return "format";
    case DecodeFault::limit: return "limit";
    case DecodeFault::timeout: return "timeout";
    case DecodeFault::crash: return "crash";
    case DecodeFault::banned: return "banned";
  }
  return "unknown";
}

struct DecodeService::Impl {
  DecodeServiceOptions options;
  std::string program;
  mutable std::mutex mutex;  // for all below
  std::condition_variable freed;
  std::vector<std::unique_ptr<WorkerProcess>> idle;
  std::vector<int> busy;  // their processes
  std::map<std::string, int> deaths;
  Counts counts;

  DecodeResult decode_file(const DecodeRequest& request);
  DecodeResult decode_folder(const DecodeRequest& request);
};

DecodeService::DecodeService(const DecodeServiceOptions& options) : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
  impl_->program = worker_program(options.program);
  check(options.workers >= 1 && options.workers <= 1024, ErrorCode::config, "decode service: ", options.workers,
        " workers, expected 1 to 1024");
  check(access(impl_->program.c_str(), X_OK) == 0, ErrorCode::config, "decode service: there is no ", impl_->program,
        ", the program that decodes; it is built and installed beside the others");
  for (int i = 0; i < options.workers; ++i) {
    impl_->idle.push_back(std::make_unique<WorkerProcess>(impl_->program, options.limits));
  }
}

DecodeService::~DecodeService() = default;

DecodeResult DecodeService::Impl::decode_file(const DecodeRequest& request) {
  if (request.indices.size() > decode_protocol::kMaxIndices ||
      request.count > static_cast<std::int64_t>(decode_protocol::kMaxIndices)) {
    return failed(DecodeFault::request, message(request.source.path, ": more than ", decode_protocol::kMaxIndices,
                                                " frames are asked for at once"));
  }
  const std::string name = to_string(request.source);
  std::unique_ptr<WorkerProcess> worker;
  {
    std::unique_lock lock(mutex);
    const auto found = deaths.find(name);
    if (found != deaths.end() && found->second > options.deaths_allowed) {
      return failed(DecodeFault::banned,
                    message(name, ": not tried again, for ", found->second, " decoders died of it"));
    }
    freed.wait(lock, [&] { return !idle.empty(); });
    worker = std::move(idle.back());
    idle.pop_back();
    busy.push_back(worker->process());
  }
  const int process = worker->process();
  DecodeResult result;
  try {
    if (worker->dead()) worker = std::make_unique<WorkerProcess>(program, options.limits);
    Stopwatch watch;
    const MediaFile file(request.source);
    const double opening = watch.lap();
    // A second more than the worker gives itself, for opening and for the frames.
    const double seconds = 2 * options.limits.wall_seconds + 1;
    result = worker->ask(request_of(request, options.limits), request.indices, name, file.descriptor(), seconds);
    result.read_seconds += opening;
  } catch (const Error& error) {
    result = failed(error.code() == ErrorCode::io ? DecodeFault::io : DecodeFault::crash, error.what());
  }
  const bool died = worker->dead();
  if (died) {
    try {
      worker = std::make_unique<WorkerProcess>(program, options.limits);
    } catch (const Error& error) {  // the next request tries again
      result.error += message("; ", error.what());
    }
  }
  const std::lock_guard lock(mutex);
  if (died) {
    ++counts.restarts;
    if (++deaths[name] == options.deaths_allowed + 1) ++counts.banned;
  }
  std::erase(busy, process);
  idle.push_back(std::move(worker));
  freed.notify_one();
  return result;
}

/// Each picture of a folder is a request of its own.
DecodeResult DecodeService::Impl::decode_folder(const DecodeRequest& request) {
  DecodeResult result;
  PictureFolder folder;
  Stopwatch watch;
  try {
    folder = list_pictures(request.source);
    result.read_seconds = watch.lap();
    result.indices = request.indices;
    const bool sampled = request.indices.empty() && request.count > 0;
    if (request.indices.empty() && request.window == 0) result.range = folder.clip(request.start, request.end);
    if (sampled && request.window > 0) {
      result.indices = sample_window(request.count, request.window_centre, request.window, folder.frames(),
                                     request.mode, request.key, request.compat);
    } else if (sampled) {
      result.indices = sample_frames(request.count, result.range, request.mode, request.key, request.compat);
    }
    for (const std::int64_t index : result.indices) {
      check(index >= 0 && index < folder.frames(), ErrorCode::index, request.source.path, ": there is no picture ",
            index, " of ", folder.frames());
    }
  } catch (const Error& error) {
    return failed(error.code() == ErrorCode::io ? DecodeFault::io : DecodeFault::request, error.what());
  }
  result.info.frames = folder.frames();
  result.info.fps = folder.fps;
  result.info.seconds = static_cast<double>(folder.frames()) / folder.fps;

  std::map<std::int64_t, Tensor> pictures;
  for (const std::int64_t index : result.indices) {
    if (pictures.contains(index)) continue;
    DecodeRequest one;
    one.source = folder.pictures[static_cast<std::size_t>(index)];
    one.indices = {0};
    one.size = request.size;
    DecodeResult picture = decode_file(one);
    if (!picture.ok()) return picture;
    result.read_seconds += picture.read_seconds;
    result.info.size = picture.info.size;
    pictures[index] = picture.frames;
    const Tensor& first = pictures.begin()->second;
    if (picture.frames.shape() != first.shape()) {
      return failed(DecodeFault::format, message(to_string(one.source), ": ", describe(picture.frames),
                                                 ", but others of the folder are ", describe(first)));
    }
  }
  if (pictures.empty()) return result;
  Shape shape = pictures.begin()->second.shape();
  const auto count = static_cast<std::int64_t>(result.indices.size());
  result.frames = Tensor::empty({count, shape[1], shape[2], 3}, {DType::u8});
  for (std::int64_t i = 0; i < count; ++i) {
    raw::copy_(raw::slice(result.frames, 0, i, i + 1), pictures[result.indices[static_cast<std::size_t>(i)]]);
  }
  return result;
}

DecodeResult DecodeService::decode(const DecodeRequest& request) {
  std::error_code error;
  const bool folder = request.source.in_shard || std::filesystem::is_directory(request.source.path, error);
  DecodeResult result = folder ? impl_->decode_folder(request) : impl_->decode_file(request);
  const std::lock_guard lock(impl_->mutex);
  ++impl_->counts.requests;
  if (!result.ok()) ++impl_->counts.failures;
  return result;
}

DecodeService::Counts DecodeService::counts() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->counts;
}

std::vector<int> DecodeService::processes() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<int> result = impl_->busy;
  for (const auto& worker : impl_->idle) result.push_back(worker->process());
  return result;
}

}  // namespace aio
