#pragma once
// TorchPeer: bench/torch_peer.py in a process of its own, asked for one timing at a time, so that our runs and
// PyTorch's alternate on the same machine in the same minute.

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "bench/bench.h"

namespace aio::bench {

class TorchPeer {
 public:
  /// Starts `python` (an interpreter that has torch) on bench/torch_peer.py. Throws Error{io} if it does not answer.
  TorchPeer(const std::string& python, int threads);
  ~TorchPeer();
  TorchPeer(const TorchPeer&) = delete;
  TorchPeer& operator=(const TorchPeer&) = delete;

  /// "PyTorch 2.x, N threads".
  const std::string& description() const { return description_; }
  /// The fastest call of the peer's benchmark `name` within about `budget` seconds; nothing if it does not know it.
  std::optional<double> seconds(const std::string& name, double budget);

 private:
  std::string read_line();

  std::string description_;
  pid_t process_ = -1;
  FILE* requests_ = nullptr;
  FILE* answers_ = nullptr;
};

/// The peer that --peer asks for, named in the report; null without one.
std::unique_ptr<TorchPeer> start_peer(const Options& options, Report& report);

}  // namespace aio::bench
