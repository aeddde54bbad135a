// aio_bench: speed, always as a ratio to something measured in the same run. `aio_bench gemm`, `aio_bench --help`.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "apps/common/device.h"
#include "bench/bench.h"
#include "bench/roofline.h"
#include "bench/step.h"
#include "tensor/error.h"
#include "tensor/gemm_provider.h"
#include "tensor/parallel.h"

namespace {

using namespace aio;

/// OpenBLAS chooses its kernels when it is loaded and knows no CPUs newer than itself: on those it falls back to narrow
/// ones. Then this program starts itself again with the widest named in the environment, so that native is compared
/// with the best that OpenBLAS has. Returns if there is nothing to do.
void restart_with_widest_openblas(char** arguments) {
  const bool narrow =
      has_gemm_provider(GemmProvider::openblas) && gemm_vector_bits(GemmProvider::openblas) < cpu_vector_bits();
  if (!narrow || std::getenv("OPENBLAS_CORETYPE") != nullptr) return;
  const char* core = cpu_vector_bits() == 512 ? "SkylakeX" : "Haswell";
  std::fprintf(stderr, "aio_bench: %s; starting again with OPENBLAS_CORETYPE=%s\n",
               gemm_description(GemmProvider::openblas).c_str(), core);
  setenv("OPENBLAS_CORETYPE", core, 0);
  execv("/proc/self/exe", arguments);
  std::fprintf(stderr, "aio_bench: could not start again; OpenBLAS keeps its narrow kernels\n");
}

/// The subcommand of a benchmark, with the options that it reads.
void add_options(CLI::App& app, const bench::Benchmark& benchmark, bench::Options& options) {
  CLI::App* const command = app.add_subcommand(benchmark.name, benchmark.help);
  command->add_flag("--json", options.json, "one JSON document on one line of standard output");
  command->add_option("--threads", options.threads, "number of threads (default: the CPUs this process may use)")
      ->check(CLI::PositiveNumber);
  const auto takes = [&](unsigned option) { return (benchmark.takes & option) != 0; };
  if (takes(bench::kTakesFilter))
    command->add_option("--filter", options.filter, "only cases whose name contains this");
  if (takes(bench::kTakesRounds)) {
    command->add_option("--rounds", options.rounds, "turns of each contender")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
  }
  CLI::Option* cpu_time = nullptr;
  if (takes(bench::kTakesCpuTime)) {
    cpu_time = command->add_flag("--cpu-time", options.cpu_time,
                                 "count CPU time: for one thread on a machine that others use too");
  }
  if (takes(bench::kTakesSmall)) command->add_flag("--small", options.small, "sizes for the emulation");
  if (benchmark.peer == nullptr) return;
  CLI::Option* const peer =
      command->add_option("--peer", options.peer,
                          message("a Python interpreter with ", benchmark.peer, ", timed in turns with this program"));
  peer->check(CLI::ExistingFile);
  if (cpu_time != nullptr && !benchmark.peer_cpu_time) peer->excludes(cpu_time);
}

/// The options that aio_bench train, infer and roofline share: the names of the PyTorch peer's.
void add_shape_options(CLI::App& command, bench::StepOptions& options) {
  command.add_option("--size", options.size, "micro, ti, s, b or demo")->capture_default_str();
  command.add_option("--batch", options.batch, "videos")->check(CLI::PositiveNumber)->capture_default_str();
  command.add_option("--frames", options.frames, "of a video")->check(CLI::PositiveNumber)->capture_default_str();
  command.add_option("--image", options.image, "pixels a side")->check(CLI::PositiveNumber)->capture_default_str();
  command.add_option("--patch", options.patch, "pixels a side")->check(CLI::PositiveNumber)->capture_default_str();
  command.add_option("--text", options.text, "positions of a caption")
      ->check(CLI::Range(2, 65536))
      ->capture_default_str();
  command.add_option("--words", options.words, "real tokens among them")
      ->check(CLI::Range(2, 65536))
      ->capture_default_str();
  command.add_option("--vocab", options.vocab, "word pieces")->check(CLI::Range(8, 10'000'000))->capture_default_str();
  command.add_option("--drop", options.dropout, "dropout rate")->check(CLI::Range(0.0, 0.9))->capture_default_str();
  command.add_flag("--json", options.json, "one JSON document on one line of standard output");
}

/// Those of `aio_bench train` and `infer`.
void add_step_options(CLI::App& command, bench::StepOptions& options) {
  add_shape_options(command, options);
  command.add_option("--dtype", options.dtype, "of activations")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  command.add_option("--device", options.device, "cpu, cuda, cuda:N or auto")->capture_default_str();
  command.add_option("--gemm", options.gemm, "provider of products: auto, native, amx, openblas, eigen")
      ->capture_default_str();
  command.add_option("--threads", options.threads, "default: the CPUs this process may use")
      ->check(CLI::PositiveNumber);
  command.add_option("--steps", options.steps, "timed")->check(CLI::PositiveNumber)->capture_default_str();
  command.add_option("--warmup", options.warmup, "steps before")->check(CLI::NonNegativeNumber)->capture_default_str();
  command.add_flag("!--no-vtm", options.vtm, "train: one pass a step, without video-text matching's");
  command.add_flag("--vtc", options.vtc, "train: with the contrastive loss and its two unimodal passes");
  command.add_flag("--graph", options.graph, "replay a recording of the step (a CUDA graph)");
  command.add_flag("!--no-peak", options.peak, "do not measure the fastest product beside it");
}

void add_roofline_options(CLI::App& command, bench::RooflineOptions& options) {
  options.step.batch = 64;
  options.step.words = options.step.text;
  options.step.vtm = false;
  add_shape_options(command, options.step);
  command.add_option("--mode", options.mode, "train or infer")
      ->check(CLI::IsMember({"train", "infer"}))
      ->capture_default_str();
  command.add_option("--device-model", options.device_model, "h100 or h200")
      ->check(CLI::IsMember({"h100", "h200"}))
      ->capture_default_str();
  command.add_flag("--vtm", options.step.vtm, "train: with the pass of video-text matching, as aio_bench train has it");
  command.add_option("--rows", options.rows, "of the printed table")->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Speed of aio's kernels, as ratios measured in one run.", "aio_bench"};
  app.require_subcommand(1);
  bench::Options options;
  for (const bench::Benchmark& benchmark : bench::benchmarks()) add_options(app, benchmark, options);
  bench::StepOptions step;
  add_step_options(*app.add_subcommand("train", "pre-training steps of the whole model"), step);
  add_step_options(*app.add_subcommand("infer", "joint passes of the whole model"), step);
  bench::RooflineOptions roofline;
  add_roofline_options(
      *app.add_subcommand("roofline", "a step's time on a GPU, predicted from counted bytes and FLOPs"), roofline);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  try {
    if (app.got_subcommand("roofline")) {
      bench::run_roofline(roofline);
      return 0;
    }
    restart_with_widest_openblas(argv);
    if (app.got_subcommand("gpu")) apps::choose_device("cuda");
    step.device = to_string(apps::choose_device(step.device));
    if (options.threads > 0) set_num_threads(options.threads);
    if (step.threads > 0) set_num_threads(step.threads);
    set_gemm_provider(step.gemm);
    if (app.got_subcommand("train")) bench::run_train(step);
    if (app.got_subcommand("infer")) bench::run_infer(step);
    for (const bench::Benchmark& benchmark : bench::benchmarks()) {
      if (!app.got_subcommand(benchmark.name)) continue;
      bench::Report report(options.json);
      report.fact("threads", double(num_threads()));
      report.fact("gemm", gemm_description());
      benchmark.run(options, report);
      check(!report.empty(), ErrorCode::config, benchmark.name, ": no case has \"", options.filter, "\" in its name");
      report.finish(benchmark.name);
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "aio_bench: %s\n", error.what());
    return error.code() == ErrorCode::config ? 2 : 6;
  } catch (const std::exception& error) {  // no memory left
    std::fprintf(stderr, "aio_bench: %s\n", error.what());
    return 6;
  }
  return 0;
}
