#pragma once
// Where results go. What cannot be written is the disk's fault: exit code 6, where data that cannot be read has 3.

#include <string>

#include "apps/common/app.h"
#include "tensor/error.h"

namespace aio::apps {

/// Calls `function`; its Error{io} becomes an Exit with kSystem.
template <class Function>
auto on_disk(const Function& function) {
  try {
    return function();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io) throw;
    throw Exit(kSystem, error.what());
  }
}

/// Makes the folder and its parents, and tries to write there: to be called before the work whose results it is for.
/// Throws Exit with kSystem.
void make_output_folder(const std::string& path);

}  // namespace aio::apps
