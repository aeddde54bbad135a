#include "apps/trainer/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/common/device.h"
#include "tensor/atomic_file.h"
#include "tensor/error.h"
#include "tensor/gemm_provider.h"
#include "tensor/parallel.h"
#include "tensor/version.h"

namespace aio::apps {

RunFolder::RunFolder(const std::string& path) : path_(path) {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  check(!error, ErrorCode::io, path_, ": ", error.message());
  const std::string lock = path_ + "/lock";
  lock_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  check(lock_ >= 0, ErrorCode::io, lock, ": ", std::strerror(errno));
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {  // the kernel lets go of it when the process ends, however it ends
    char owner[300] = {};
    [[maybe_unused]] const ssize_t size = pread(lock_, owner, sizeof owner - 1, 0);
    close(lock_);
    fail(ErrorCode::config, path_, ": another run is at work here (", owner, "); choose another run.dir");
  }
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  const std::string owner = message("process ", static_cast<long long>(getpid()), " on ", host);
  [[maybe_unused]] const int cut = ftruncate(lock_, 0);
  [[maybe_unused]] const ssize_t size = pwrite(lock_, owner.data(), owner.size(), 0);
}

RunFolder::~RunFolder() { close(lock_); }

void RunFolder::write(const std::string& name, const std::string& text) const { write_atomically(*this / name, text); }

void RunFolder::copy(const std::string& name, const std::string& from) const {
  std::ifstream file(from, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  check(file.good() && text.good(), ErrorCode::io, from, ": cannot be read");
  write(name, text.str());
}

std::string RunFolder::environment_json(Device device) {
  utsname system{};
  uname(&system);
  const nlohmann::ordered_json json = {{"aio", version()},
                                       {"revision", revision()},
                                       {"compiler", __VERSION__},
                                       {"system", message(system.sysname, " ", system.release, " ", system.machine)},
                                       {"host", system.nodename},
                                       {"threads", num_threads()},
                                       {"vector_bits", cpu_vector_bits()},
                                       {"gemm", gemm_description()},
                                       {"device", describe_device(device)}};
  return json.dump(1) + "\n";
}

}  // namespace aio::apps
