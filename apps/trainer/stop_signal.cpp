#include "apps/trainer/stop_signal.h"

#include <signal.h>
#include <unistd.h>

#include <cstring>

namespace aio::apps {
namespace {

volatile sig_atomic_t g_signal = 0;  // the one global a handler may touch

void on_signal(int signal) {
  if (g_signal != 0) _exit(128 + signal);
  g_signal = signal;
  constexpr char kText[] = "\nstopping after this step; once more: at once\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kText, sizeof kText - 1);
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;  // reads in progress go on
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int stop_signal() { return g_signal; }

int exit_code_of_signal(int signal) { return 128 + signal; }

}  // namespace aio::apps
