// aio_data check DIR: opens every sample, says what is wrong with which line, and writes a skip list. Exit codes: 0 no
// more than --max-bad unreadable, 3 more.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/data/commands.h"
#include "apps/data/dataset_options.h"
#include "data/dataset_check.h"
#include "tensor/atomic_file.h"

namespace aio::apps {
namespace {

using nlohmann::ordered_json;

struct Options {
  DatasetOptions dataset;
  std::string skip_list;
  double max_bad = 0.01;
  std::int64_t frames = 3;
  int threads = 2;
  bool json = false;
};

/// A bar on a terminal; nothing elsewhere.
class Progress {
 public:
  Progress(const std::string& split, std::int64_t total)
      : split_(split), total_(total), visible_(isatty(STDERR_FILENO) != 0) {}
  ~Progress() {
    if (visible_) std::fprintf(stderr, "\r%*s\r", 60, "");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::int64_t done) {
    const std::int64_t percent = total_ == 0 ? 100 : done * 100 / total_;
    if (!visible_ || percent == shown_) return;
    shown_ = percent;
    const std::string bar(static_cast<std::size_t>(percent / 4), '#');
    std::fprintf(stderr, "\r%-8s [%-25s] %3lld %%", split_.c_str(), bar.c_str(), static_cast<long long>(percent));
    std::fflush(stderr);
  }

 private:
  std::string split_;
  std::int64_t total_;
  bool visible_;
  std::int64_t shown_ = -1;
};

/// What a stranger's file says must not reach the terminal's escape codes.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

int run(const Options& options) {
  DecodeServiceOptions service_options;
  service_options.workers = options.threads;
  DecodeService service(service_options);
  const DecodeFunction decode = [&](const DecodeRequest& request) { return service.decode(request); };

  ordered_json splits = ordered_json::object();
  std::string skipped;
  bool too_many = false;
  for (const Manifest& manifest : options.dataset.open()) {
    std::vector<SampleFault> faults;
    {
      Progress progress(manifest.split(), manifest.size());
      CheckOptions check_options;
      check_options.frames = options.frames;
      check_options.threads = options.threads;
      check_options.progress = [&](std::int64_t done) { progress.show(done); };
      faults = check_dataset(manifest, decode, check_options);
    }
    std::int64_t unreadable = 0;
    ordered_json list = ordered_json::array();
    for (const SampleFault& fault : faults) {
      unreadable += fault.unreadable ? 1 : 0;
      list.push_back({{"where", fault.where}, {"id", fault.id}, {"reason", fault.reason}});
      std::fprintf(stderr, "%s\n", printable(fault.where + ": " + fault.reason).c_str());
    }
    skipped += skip_list(faults);
    too_many = too_many || static_cast<double>(unreadable) > options.max_bad * static_cast<double>(manifest.size());
    splits[manifest.split()] = {{"samples", manifest.size()}, {"unreadable", unreadable}, {"faults", list}};
    if (!options.json) {
      std::printf("%-8s %9lld samples, %lld unreadable, %lld other faults\n", manifest.split().c_str(),
                  static_cast<long long>(manifest.size()), static_cast<long long>(unreadable),
                  static_cast<long long>(faults.size()) - static_cast<long long>(unreadable));
    }
  }
  if (!options.skip_list.empty()) write_atomically(options.skip_list, skipped);
  if (options.json) {
    const ordered_json document{{"ok", !too_many}, {"splits", splits}};
    std::printf("%s\n", document.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
  }
  if (too_many)
    std::fprintf(stderr, "aio_data: more than the share of %g is unreadable (--max-bad)\n", options.max_bad);
  return too_many ? kData : kOk;
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("check", "open every sample, and say which lines are wrong and why");
  options->dataset.add_to(*command);
  command->add_option("--skip-list", options->skip_list, "write the ids of unreadable samples to this file");
  command->add_option("--max-bad", options->max_bad, "share of unreadable samples that is allowed")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  command->add_option("--frames", options->frames, "frames to decode of each sample; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0, 4096));
  command->add_option("--threads", options->threads, "samples opened at the same time")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command->add_flag("--json", options->json, "one JSON document on one line of standard output");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace aio::apps
