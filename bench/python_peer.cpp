#include "bench/python_peer.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "tensor/error.h"
#include "tensor/parallel.h"

namespace aio::bench {

PythonPeer::PythonPeer(const std::string& python, const PeerScript& script, const std::vector<std::string>& arguments)
    : package_(script.package) {
  int requests[2];
  int answers[2];
  check(pipe2(requests, O_CLOEXEC) == 0 && pipe2(answers, O_CLOEXEC) == 0, ErrorCode::io, "peer: cannot make a pipe");
  signal(SIGPIPE, SIG_IGN);  // a peer that died is an error of ours to report
  std::vector<std::string> words{python, std::string(AIO_BENCH_DIR "/") + script.file};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  process_ = fork();
  check(process_ >= 0, ErrorCode::io, "peer: cannot start a process");
  if (process_ == 0) {
    dup2(requests[0], STDIN_FILENO);
    dup2(answers[1], STDOUT_FILENO);
    execv(python.c_str(), pointers.data());
    _exit(127);
  }
  close(requests[0]);
  close(answers[1]);
  requests_ = fdopen(requests[1], "w");
  answers_ = fdopen(answers[0], "r");
  description_ = read_line();
}

PythonPeer::~PythonPeer() {
  std::fclose(requests_);  // the end of its input ends the peer
  std::fclose(answers_);
  waitpid(process_, nullptr, 0);
}

std::optional<double> PythonPeer::seconds(const std::string& name, double budget) {
  std::fprintf(requests_, "%s %.3f\n", name.c_str(), budget);
  std::fflush(requests_);
  const std::string line = read_line();
  if (line == "unknown") return std::nullopt;
  return std::strtod(line.c_str(), nullptr);
}

std::string PythonPeer::read_line() {
  std::string line;
  for (int c = std::fgetc(answers_); c != '\n'; c = std::fgetc(answers_)) {
    check(c != EOF, ErrorCode::io, "peer: the Python process ended (does this interpreter have ", package_, "?)");
    line += static_cast<char>(c);
  }
  return line;
}

std::unique_ptr<PythonPeer> start_peer(const Options& options, Report& report, const PeerScript& script,
                                       const std::vector<std::string>& arguments) {
  if (options.peer.empty()) return nullptr;
  auto peer = std::make_unique<PythonPeer>(options.peer, script, arguments);
  report.fact("peer", peer->description());
  return peer;
}

std::unique_ptr<PythonPeer> start_torch_peer(const Options& options, Report& report) {
  return start_peer(options, report, kTorchPeer, {std::to_string(num_threads())});
}

}  // namespace aio::bench
