#include "bench/torch_peer.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "tensor/error.h"
#include "tensor/parallel.h"

namespace aio::bench {

TorchPeer::TorchPeer(const std::string& python, int threads) {
  int requests[2];
  int answers[2];
  check(pipe2(requests, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0, ErrorCode::io, "peer: cannot make a pipe");
  signal(SIGPIPE, SIG_IGN);  // a peer that died is an error of ours to report
  const std::string count = std::to_string(threads);
  process_ = fork();
  check(process_ >= 0, ErrorCode::io, "peer: cannot start a process");
  if (process_ == 0) {
    dup2(requests[0], STDIN_FILENO);
    dup2(answers[1], STDOUT_FILENO);
    execl(python.c_str(), python.c_str(), AIO_BENCH_DIR "/torch_peer.py", count.c_str(), nullptr);
    _exit(127);
  }
  close(requests[0]);
  close(answers[1]);
  requests_ = fdopen(requests[1], "w");
  answers_ = fdopen(answers[0], "r");
  description_ = read_line();
}

TorchPeer::~TorchPeer() {
  std::fclose(requests_);  // the end of its input ends the peer
  std::fclose(answers_);
  waitpid(process_, nullptr, 0);
}

std::optional<double> TorchPeer::seconds(const std::string& name, double budget) {
  std::fprintf(requests_, "%s %.3f\n", name.c_str(), budget);
  std::fflush(requests_);
  const std::string line = read_line();
  if (line == "unknown") return std::nullopt;
  return std::strtod(line.c_str(), nullptr);
}

std::string TorchPeer::read_line() {
  std::string line;
  for (int c = std::fgetc(answers_); c != '\n'; c = std::fgetc(answers_)) {
    check(c != EOF, ErrorCode::io, "peer: the Python process ended (does this interpreter have torch?)");
    line += static_cast<char>(c);
  }
  return line;
}

std::unique_ptr<TorchPeer> start_peer(const Options& options, Report& report) {
  if (options.peer.empty()) return nullptr;
  auto peer = std::make_unique<TorchPeer>(options.peer, num_threads());
  report.fact("peer", peer->description());
  return peer;
}

}  // namespace aio::bench
