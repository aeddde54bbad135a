#pragma once
// PythonPeer: a script of bench/ in a Python process of its own, asked for one timing at a time, so that our runs and
// those of PyTorch or Hugging Face alternate on the same machine in the same minute.

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/bench.h"

namespace aio::bench {

/// What a peer runs, and the package that its interpreter must have.
struct PeerScript {
  const char* file;
  const char* package;
};
inline constexpr PeerScript kTorchPeer{"torch_peer.py", "torch"};
inline constexpr PeerScript kTokenizerPeer{"tokenizer_peer.py", "tokenizers"};
inline constexpr PeerScript kPicturePeer{"picture_peer.py", "PIL"};
inline constexpr PeerScript kVideoPeer{"video_peer.py", "decord and av"};
inline constexpr PeerScript kFaissPeer{"faiss_peer.py", "faiss"};

class PythonPeer {
 public:
  /// Starts the interpreter `python` on the script. Throws Error{io} if it does not answer.
  PythonPeer(const std::string& python, const PeerScript& script, const std::vector<std::string>& arguments);
  ~PythonPeer();
  PythonPeer(const PythonPeer&) = delete;
  PythonPeer& operator=(const PythonPeer&) = delete;

  /// "PyTorch 2.x, N threads".
  const std::string& description() const { return description_; }
  /// The fastest call of the peer's benchmark `name` within about `budget` seconds; nothing if it does not know it.
  std::optional<double> seconds(const std::string& name, double budget);

 private:
  std::string read_line();

  std::string package_;
  std::string description_;
  pid_t process_ = -1;
  FILE* requests_ = nullptr;
  FILE* answers_ = nullptr;
};

/// The peer that --peer asks for, named in the report; null without one.
std::unique_ptr<PythonPeer> start_peer(const Options& options, Report& report, const PeerScript& script,
                                       const std::vector<std::string>& arguments);
/// PyTorch on as many threads as we have.
std::unique_ptr<PythonPeer> start_torch_peer(const Options& options, Report& report);

}  // namespace aio::bench
