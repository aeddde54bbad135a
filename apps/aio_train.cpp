// aio_train: pre-training and fine-tuning, from a configuration to weights.
//
// Exit codes: apps/common/app.h; a signal that stopped the run ends it with 130 or 143 after a checkpoint.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "apps/common/app.h"
#include "apps/trainer/ablation.h"
#include "apps/trainer/probes.h"
#include "apps/trainer/trainer.h"
#include "tensor/error.h"
#include "tensor/parallel.h"

int main(int argc, char** argv) {
  using namespace aio::apps;
  CLI::App app{"Trains All-in-one: pre-training and fine-tuning.", "aio_train"};
  std::vector<std::string> files, assignments, variants;
  TrainerOptions options;
  std::string resume = "never";
  AblationOptions ablation;
  ProbeOptions probe;
  bool dry = false, batch = false, lr = false, json = false;
  bool help_config = false, print_config = false;
  app.add_option("--config", files, "configuration; of several, later ones override")
      ->type_name("FILE.toml")
      ->check(CLI::ExistingFile);
  app.add_option("--set", assignments, "override a key: train.max_steps=100")->type_name("KEY=VALUE");
  app.add_option(
         "--resume", resume,
         "auto: go on from the newest checkpoint of run.dir, if it has one; DIR: from that checkpoint, or from the "
         "newest of that run")
      ->type_name("auto|never|DIR")
      ->check(CLI::IsMember({"auto", "never"}) | CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_flag("--overfit-batch", options.overfit_batch, "train on the first batch only: the loss must go to zero");
  auto* const modes = app.add_option_group("instead of training");
  modes->require_option(0, 1);
  modes->add_flag("--dry-run", dry, "one batch of everything; time and memory that the run would take; writes nothing");
  modes->add_flag("--find-batch", batch, "the largest train.batch within --memory, and the speed of others");
  modes->add_flag("--lr-find", lr, "ramp the learning rate up and suggest one; the curve goes to run.dir/lr_find.json");
  app.add_option("--memory", probe.memory_gib, "GiB that --find-batch may plan with; default: what is available")
      ->check(CLI::PositiveNumber);
  app.add_option("--lr-steps", probe.lr_steps, "length of --lr-find's ramp")
      ->check(CLI::Range(10, 100000))
      ->capture_default_str();
  modes->add_option("--ablate", variants, "train every variant, each in a folder of its own under run.dir")
      ->type_name("KEY=V1,V2,...|FILE.toml...");
  app.add_option("--seeds", ablation.seeds, "of each variant of --ablate: run.seed, run.seed + 1, ...")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--ablate-metric", ablation.metric,
                 "metric of the final evaluation that the table of --ablate compares");
  app.add_flag("--json", json, "of --dry-run, --find-batch, --lr-find and --ablate: the result as one line of JSON");
  app.add_flag("--verbose", options.verbose, "a table of what was loaded from model.init, parameter by parameter");
  app.add_flag("--quiet", options.quiet, "no progress lines");
  app.add_flag("--help-config", help_config, "print every key with type, unit, default and meaning");
  app.add_flag("--print-config", print_config, "print the resolved configuration");
  const Action action = [&] {
    TrainConfig config;
    if (help_config) {
      std::printf("%s", config.keys.help().c_str());
      return int{kOk};
    }
    config.load(files, assignments);
    if (print_config) {
      std::printf("%s", config.keys.to_toml().c_str());
      return int{kOk};
    }
    options.resume = resume == "auto";
    if (resume != "auto" && resume != "never") options.resume_from = resume;
    aio::check(options.resume_from.empty() || variants.empty(), aio::ErrorCode::config,
               "--ablate goes on by itself where it was stopped: leave out --resume ", resume);
    ablation.json = probe.json = json;
    if (dry || batch || lr) {
      if (config.run.threads > 0) aio::set_num_threads(config.run.threads);
      return dry ? dry_run(config, probe) : batch ? find_batch(config, probe) : find_lr(config, probe);
    }
    if (!variants.empty()) {
      for (const std::string& one : variants) ablation.variants += (ablation.variants.empty() ? "" : ",") + one;
      ablation.files = files;
      ablation.assignments = assignments;
      ablation.trainer = options;
      return ablate(ablation);
    }
    return train(config, options);
  };
  return run_app(app, argc, argv, action, kData);
}
