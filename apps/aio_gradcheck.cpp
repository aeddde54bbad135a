// aio_gradcheck: is every op's gradient the derivative of its forward? Walks the table of autograd/op_table.h, the same
// one that the tests walk, and prints op, cases, worst relative error and time.
//
// Exit codes: 0 all ops pass, 1 some op fails, 2 usage.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "autograd/op_table.h"
#include "tensor/edit_distance.h"
#include "tensor/parallel.h"

namespace {

using aio::OpEntry;
using aio::OpReport;

struct Options {
  std::vector<std::string> ops;
  std::uint64_t seed = 1;
  int threads = 0;  // 0: as many as the process may use
  bool json = false;
};

/// The entries named by --op, or all; throws CLI::ValidationError that suggests names.
std::vector<OpEntry> chosen_entries(const std::vector<std::string>& names) {
  const auto table = aio::op_table();
  if (names.empty()) return {table.begin(), table.end()};
  std::vector<OpEntry> chosen;
  for (const std::string& name : names) {
    const auto found = std::find_if(table.begin(), table.end(), [&](const OpEntry& entry) { return entry.op == name; });
    if (found == table.end()) {
      std::vector<OpEntry> nearest(table.begin(), table.end());
      std::stable_sort(nearest.begin(), nearest.end(), [&](const OpEntry& a, const OpEntry& b) {
        return aio::edit_distance(name, a.op) < aio::edit_distance(name, b.op);
      });
      throw CLI::ValidationError(
          "--op", "no op " + name + "; the nearest are " + nearest[0].op + ", " + nearest[1].op + ", " + nearest[2].op);
    }
    chosen.push_back(*found);
  }
  return chosen;
}

void print_line(const OpReport& report, const OpEntry& entry, std::size_t width) {
  std::printf("%-*s  %5d  %13.2e  %7.3f  %s", static_cast<int>(width), report.op.c_str(), report.cases,
              report.max_rel_error, report.seconds, report.ok ? "ok" : "FAILED");
  if (!entry.why_tolerance.empty()) std::printf("  (below %.0e: %s)", entry.tolerance, entry.why_tolerance.c_str());
  std::printf("\n");
  std::fflush(stdout);
}

/// JSON knows neither infinity nor NaN, which stand for a gradient that could not be compared: the largest number then.
double finite(double error) { return std::isfinite(error) ? error : std::numeric_limits<double>::max(); }

int check_ops(const std::vector<OpEntry>& entries, const Options& options) {
  std::size_t width = 0;
  for (const OpEntry& entry : entries) width = std::max(width, entry.op.size());
  if (!options.json) {
    std::printf("%-*s  cases  max rel error  seconds\n", static_cast<int>(width), "op");
  }

  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  int failed = 0, cases = 0;
  double seconds = 0, worst = 0;
  for (const OpEntry& entry : entries) {
    const OpReport report = aio::check_op(entry, options.seed);
    failed += report.ok ? 0 : 1;
    cases += report.cases;
    seconds += report.seconds;
    worst = std::max(worst, finite(report.max_rel_error));
    if (!report.ok) std::fprintf(stderr, "%s\n", report.message.c_str());
    if (options.json) {
      json.push_back({{"op", report.op},
                      {"cases", report.cases},
                      {"max_rel_error", finite(report.max_rel_error)},
                      {"seconds", report.seconds}});
    } else {
      print_line(report, entry, width);
    }
  }
  if (options.json) {
    std::printf("%s\n", json.dump().c_str());
  } else {
    std::printf("\n%zu op%s, %d cases, worst relative error %.2e, %.1f s: %d failed\n", entries.size(),
                entries.size() == 1 ? "" : "s", cases, worst, seconds, failed);
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Compares every op's gradient with central differences in float64.", "aio_gradcheck"};
  app.add_option("--op", options.ops, "check only this op (may be repeated)")->type_name("NAME");
  app.add_option("--seed", options.seed, "of the inputs and cotangents")->capture_default_str();
  app.add_option("--threads", options.threads, "number of threads (default: the CPUs this process may use)")
      ->check(CLI::Range(1, 1024));
  app.add_flag("--json", options.json, "one JSON array on standard output");
  try {
    app.parse(argc, argv);
    if (options.threads > 0) aio::set_num_threads(options.threads);
    return check_ops(chosen_entries(options.ops), options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
}
