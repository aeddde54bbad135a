#include "data/dataset_check.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "data/data_file.h"
#include "data/manifest_check.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::uint64_t kMaxSkipListBytes = std::uint64_t{1} << 30;

void check_row(const Manifest& manifest, const DecodeFunction& decode, std::int64_t frames, std::int64_t row,
               std::vector<SampleFault>& faults) {
  SampleFault fault{row, manifest.where(row), {}, {}, true};
  try {
    const Sample sample = manifest.sample(row);
    fault.id = sample.id;
    DecodeRequest request;
    request.source = manifest.media_source(sample);
    request.count = frames;
    request.start = sample.start.value_or(0);
    request.end = sample.end.value_or(0);
    const auto expect_frames = [&] {
      const DecodeResult result = decode(request);
      check(result.ok(), ErrorCode::io, result.error);
      return result.info;
    };
    const FrameSourceInfo info = expect_frames();
    if (!sample.media2.empty()) {
      request.source = manifest.media_source(second_of_pair(sample));
      expect_frames();
    }
    fault.unreadable = false;
    // It is read all the same, as the last frame; a list in milliseconds would be nothing but last frames.
    if (info.frames > 1 && request.start > info.seconds) {
      fault.reason = message("start is second ", request.start, ", the file ends at ", info.seconds);
      faults.push_back(fault);
    }
    for (std::string& problem : sample_problems(manifest, sample)) {
      fault.reason = std::move(problem);
      faults.push_back(fault);
    }
  } catch (const Error& error) {
    fault.reason = error.what();
    const std::string place = fault.where + ": ";  // an error of the line itself names it, too
    if (fault.reason.starts_with(place)) fault.reason.erase(0, place.size());
    faults.push_back(fault);
  }
}

}  // namespace

std::vector<SampleFault> check_dataset(const Manifest& manifest, const DecodeFunction& decode,
                                       const CheckOptions& options) {
  std::vector<SampleFault> faults;
  std::atomic<std::int64_t> next = 0;
  std::mutex mutex;  // guards faults and done
  std::int64_t done = 0;
  std::exception_ptr error;
  const auto work = [&] {
    try {
      for (std::int64_t row = next++; row < manifest.size(); row = next++) {
        std::vector<SampleFault> found;
        check_row(manifest, decode, options.frames, row, found);
        const std::lock_guard lock(mutex);
        faults.insert(faults.end(), found.begin(), found.end());
        if (options.progress) options.progress(++done);
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      error = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < std::max(1, options.threads); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
  for (const DuplicateId& twin : duplicate_ids(manifest)) {
    faults.push_back({twin.row, manifest.where(twin.row), twin.id,
                      message("id \"", twin.id, "\" is there already, on ", manifest.where(twin.first_row)), false});
  }
  std::stable_sort(faults.begin(), faults.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  return faults;
}

std::string skip_list(const std::vector<SampleFault>& faults) {
  std::string text;
  for (const SampleFault& fault : faults) {
    if (!fault.unreadable || fault.id.empty()) continue;
    std::string reason = fault.reason;
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    text += fault.id + "\t" + reason + "\n";
  }
  return text;
}

std::set<std::string> read_skip_list(const std::string& path) {
  const std::string text = read_file(path, kMaxSkipListBytes);
  std::set<std::string> ids;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    line.erase(std::min(line.find_first_of("\t\r"), line.size()));
    if (!line.empty()) ids.insert(std::move(line));
    begin = end + 1;
  }
  return ids;
}

}  // namespace aio
