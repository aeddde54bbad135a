#include "apps/common/app.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>

#include "tensor/error.h"

namespace aio::apps {
namespace {

ExitCode exit_code(ErrorCode code, ExitCode default_code) {
  switch (code) {
    case ErrorCode::config: return kUsage;
    case ErrorCode::oom:
    case ErrorCode::device:
    case ErrorCode::cuda:
    case ErrorCode::blas: return kSystem;
    default: return default_code;
  }
}

int report(const CLI::App& app, ExitCode code, const char* what) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), what);
  return code;
}

}  // namespace

int run_app(CLI::App& app, int argc, char** argv, const Action& action, ExitCode default_code) {
  try {
    app.parse(argc, argv);
    return action ? action() : kOk;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  } catch (const Exit& error) {
    return report(app, error.code, error.what());
  } catch (const Error& error) {
    return report(app, exit_code(error.code(), default_code), error.what());
  } catch (const std::bad_alloc&) {
    return report(app, kSystem, "out of memory");
  } catch (const std::exception& error) {
    return report(app, default_code, error.what());
  }
}

}  // namespace aio::apps
