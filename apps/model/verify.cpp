// aio_model verify MANIFEST...: does this project compute what the reference computed? Loads each golden set's weights
// and inputs, computes every output and gradient that it lists, and prints how far they are from the reference's.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/common/device.h"
#include "apps/model/commands.h"
#include "apps/model/golden_check.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

struct VerifyOptions {
  std::vector<std::string> manifests;
  std::string device = "cpu";
  bool json = false;
};

std::size_t failures(const std::vector<Comparison>& comparisons) {
  return static_cast<std::size_t>(
      std::count_if(comparisons.begin(), comparisons.end(), [](const Comparison& one) { return !one.pass; }));
}

void print_table(const GoldenSet& set, const std::vector<Comparison>& comparisons) {
  std::size_t key_width = 3, shape_width = 5;
  for (const Comparison& one : comparisons) {
    key_width = std::max(key_width, one.key.size());
    shape_width = std::max(shape_width, one.shape.size());
  }
  const int wide = static_cast<int>(key_width), shape = static_cast<int>(shape_width);
  std::printf("%s (%s)\n%-*s  %-*s  abs error  rel error  tolerance\n", set.name.c_str(), set.path.c_str(), wide, "key",
              shape, "shape");
  for (const Comparison& one : comparisons) {
    std::printf("%-*s  %-*s  ", wide, one.key.c_str(), shape, one.shape.c_str());
    if (one.measured) {
      std::printf("%9.2e  %9.2e  %9.2e", one.max_abs_error, one.max_rel_error, one.tolerance);
    } else {
      std::printf("%9s  %9s  %9s", "-", "-", "-");
    }
    std::printf("  %s%s%s\n", one.pass ? "pass" : "FAIL", one.note.empty() ? "" : ": ", one.note.c_str());
  }
  std::printf("%s: %zu compared, %zu failed\n\n", set.name.c_str(), comparisons.size(), failures(comparisons));
  std::fflush(stdout);
}

nlohmann::ordered_json to_json(const GoldenSet& set, const std::vector<Comparison>& comparisons) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Comparison& one : comparisons) {
    nlohmann::ordered_json row = {{"key", one.key}, {"shape", one.shape}};
    if (one.measured) {
      row["max_abs_error"] = one.max_abs_error;
      row["max_rel_error"] = one.max_rel_error;
      row["tolerance"] = one.tolerance;
    }
    row["pass"] = one.pass;
    if (!one.note.empty()) row["note"] = one.note;
    rows.push_back(row);
  }
  return {{"manifest", set.path},
          {"name", set.name},
          {"compared", comparisons.size()},
          {"failed", failures(comparisons)},
          {"pass", failures(comparisons) == 0 && !comparisons.empty()},
          {"keys", rows}};
}

/// One line on stderr, and an entry that says why.
nlohmann::ordered_json report_unreadable(const std::string& manifest, const std::string& what) {
  std::fprintf(stderr, "aio_model verify: %s\n", what.c_str());
  return {{"manifest", manifest}, {"pass", false}, {"error", what}};
}

/// All manifests, whatever the first ones gave; a bad file outweighs a failed comparison.
int verify(const VerifyOptions& options) {
  const Device device = choose_device(options.device);
  nlohmann::ordered_json sets = nlohmann::ordered_json::array();
  bool passed = true, readable = true;
  for (const std::string& manifest : options.manifests) {
    try {
      const GoldenSet set = load_golden_set(manifest);
      const std::vector<Comparison> comparisons = check_golden_set(set, device);
      passed = passed && failures(comparisons) == 0 && !comparisons.empty();
      if (options.json) {
        sets.push_back(to_json(set, comparisons));
      } else {
        print_table(set, comparisons);
      }
    } catch (const Exit& error) {
      if (error.code != kWeights) throw;
      readable = false;
      sets.push_back(report_unreadable(manifest, error.what()));
    } catch (const Error& error) {  // weights that do not make the model
      if (error.code() != ErrorCode::format) throw;
      readable = false;
      sets.push_back(report_unreadable(manifest, manifest + ": " + error.what()));
    }
  }
  if (options.json) {
    const nlohmann::ordered_json document = {{"pass", passed && readable}, {"manifests", sets}};
    std::printf("%s\n", document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  }
  if (!readable) return kWeights;
  return passed ? kOk : kCheckFailed;
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("verify", "compare with golden manifests: every output and gradient");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("manifest", options->manifests, "NAME.manifest.json, its files beside it")->required();
  command->add_option("--device", options->device, "cpu, cuda, cuda:N or auto")->capture_default_str();
  command->add_flag("--json", options->json, "one JSON document on standard output");
  command->callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace aio::apps
