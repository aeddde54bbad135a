#pragma once
// SIGINT and SIGTERM ask the loop to stop after the step it is in; a second one ends the process at once.

namespace aio::apps {

/// Installs the handlers; once.
void catch_stop_signals();
/// The signal that arrived, or 0.
int stop_signal();
/// 128 + signal: 130 for SIGINT, 143 for SIGTERM.
int exit_code_of_signal(int signal);

}  // namespace aio::apps
