#include "data/worker_sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "data/decode_protocol.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define AIO_INSTRUMENTED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define AIO_INSTRUMENTED
#endif
#endif

namespace aio {
namespace {

void limit(decltype(RLIMIT_AS) resource, std::int64_t value) {
  const rlimit both{static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
  setrlimit(resource, &both);
}

#if defined(AIO_INSTRUMENTED) || !(defined(__x86_64__) || defined(__aarch64__))
bool filter_system_calls() { return false; }
#else
bool filter_system_calls() {
#ifdef __x86_64__
  constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#else
  constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#endif
  constexpr unsigned kAllowed[] = {__NR_read,
                                   __NR_pread64,
                                   __NR_write,
                                   __NR_close,
                                   __NR_fstat,
                                   __NR_newfstatat,
                                   __NR_lseek,
                                   __NR_fcntl,
                                   __NR_recvmsg,
                                   __NR_sendmsg,  // requests
                                   __NR_mmap,
                                   __NR_munmap,
                                   __NR_mremap,
                                   __NR_mprotect,
                                   __NR_madvise,
                                   __NR_brk,  // memory
                                   __NR_futex,
                                   __NR_sched_yield,
                                   __NR_sched_getaffinity,
                                   __NR_clock_gettime,
                                   __NR_gettimeofday,  // time
                                   __NR_setitimer,
                                   __NR_getrusage,
                                   __NR_getrandom,
                                   __NR_clock_nanosleep,
                                   __NR_nanosleep,
                                   __NR_getpid,
                                   __NR_gettid,
                                   __NR_tgkill,  // abort()
                                   __NR_rt_sigaction,
                                   __NR_rt_sigprocmask,
                                   __NR_rt_sigreturn,
                                   __NR_sigaltstack,
                                   __NR_exit,
                                   __NR_exit_group};
  const auto load = [](std::size_t field) {
    return sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<unsigned>(field)};
  };
  const auto give = [](unsigned verdict) { return sock_filter{BPF_RET | BPF_K, 0, 0, verdict}; };
  const auto if_equal = [](unsigned value, unsigned char skip_then, unsigned char skip_else) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, skip_then, skip_else, value};
  };
  std::vector<sock_filter> program{load(offsetof(seccomp_data, arch)), if_equal(kArchitecture, 1, 0),
                                   give(SECCOMP_RET_KILL_PROCESS),  // another architecture's numbers mean other calls
                                   load(offsetof(seccomp_data, nr))};
  for (const unsigned number : kAllowed) {
    program.push_back(if_equal(number, 0, 1));
    program.push_back(give(SECCOMP_RET_ALLOW));
  }
  program.push_back(give(SECCOMP_RET_ERRNO | EPERM));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}
#endif

}  // namespace

bool enter_sandbox(const MediaLimits& limits) {
  syscall(__NR_close_range, decode_protocol::kSharedMemory + 1, ~0U, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, 64);
#ifndef AIO_INSTRUMENTED
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_AS, limits.worker_memory);
#else
  (void)limits;
#endif
  return filter_system_calls();
}

}  // namespace aio
