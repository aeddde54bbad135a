#pragma once
// RunFolder: the folder of a run, claimed by one process at a time.
//
//   config.toml  metrics.jsonl  timing.jsonl  environment.json  checkpoints/  evaluation/  weights.safetensors
//   report.html

#include <string>

#include "tensor/device.h"

namespace aio::apps {

class RunFolder {
 public:
  /// Makes the folder and locks it. Throws Error{io}; Error{config} naming the process that has it.
  explicit RunFolder(const std::string& path);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  /// Writes `text` atomically.
  void write(const std::string& name, const std::string& text) const;
  /// The bytes of another file under `name`.
  void copy(const std::string& name, const std::string& from) const;
  /// What the results depend on beside the configuration, as JSON: revision, compiler, CPU, GEMM, threads, device,
  /// host.
  static std::string environment_json(Device device);

 private:
  std::string path_;
  int lock_ = -1;
};

}  // namespace aio::apps
