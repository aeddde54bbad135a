// aio_bench startup: seconds from nothing to the first training step: a model and AdamW around weights from a file that
// is in the page cache, and around weights that are drawn.

#include <algorithm>
#include <chrono>
#include <optional>

#include "bench/bench.h"
#include "bench/pretrain_step.h"
#include "bench/temp_folder.h"
#include "models/checkpoint/load.h"
#include "tensor/allocator.h"
#include "tensor/backend.h"
#include "tensor/safetensors.h"

namespace aio::bench {
namespace {

/// What a program has in hand when its first step begins.
struct Start {
  Start(const models::AioConfig& config, const std::string& file) : store(1, {}, nn::ParamStore::Values::deferred) {
    model.emplace(store, config);
    if (!file.empty()) weights::load_checkpoint(store, weights::open_checkpoint(file));
    store.draw_missing();
    optimizer.emplace(store);
  }
  nn::ParamStore store;
  std::optional<models::AllInOne> model;
  std::optional<StepOptimizer> optimizer;
};

double seconds_to_start(const models::AioConfig& config, const std::string& file) {
  backend_for(Device{}).allocator().trim();  // as in a new process
  const auto begin = std::chrono::steady_clock::now();
  const Start start(config, file);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

void run_startup(const Options& options, Report& report) {
  const TempFolder folder;
  for (const char* size : {"ti", "s", "b"}) {
    if (!options.selects(size)) continue;
    const models::AioConfig config = models::config_for_size(size);
    const std::string file = folder.path() + "/weights.safetensors";
    double drawn = 0, millions = 0;
    {
      const auto begin = std::chrono::steady_clock::now();
      const Start start(config, {});
      drawn = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      save_safetensors(file, start.store.state());
      millions = static_cast<double>(start.store.numel()) / 1e6;
    }
    double loaded = 1e30;
    for (int i = 0; i < options.rounds; ++i) loaded = std::min(loaded, seconds_to_start(config, file));
    report.row({{"case", size}, {"parameters_m", millions}, {"from_file_s", loaded}, {"drawn_s", drawn}});
  }
}

}  // namespace aio::bench
