// aio_eval TASK: weights and a split in, metrics and predictions out.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "apps/common/output.h"
#include "apps/evaluator/commands.h"
#include "apps/evaluator/probe.h"
#include "apps/evaluator/results.h"
#include "apps/evaluator/tasks.h"
#include "apps/model/model_file.h"
#include "apps/trainer/run_data.h"
#include "apps/trainer/screen.h"
#include "tensor/error.h"
#include "tensor/parallel.h"

namespace aio::apps {
namespace {

struct CommandOptions {
  ModelFileOptions model;
  ManifestOptions manifest;
  EvalOptions eval;
  std::string data, split = "test", vocab, skip_list, out, by = "both";
  std::string dtype = "f32";
  std::int64_t seed = 0, batch = 32;
  int threads = 0, workers = 2;
  double max_bad = 0.01;
  bool images = false, json = false;
  std::string probe, train_split = "train";
  ProbeOptions probe_options;
};

/// The settings of the run that the weights are from, turned to this evaluation.
void apply(const CommandOptions& options, TrainConfig& settings) {
  settings.run.seed = options.seed;
  settings.eval.batch = options.batch;
  settings.data.workers = options.workers;
  settings.data.max_bad = options.max_bad;
  settings.data.skip_list = options.skip_list;
  if (options.model.frames > 0) settings.model.config.frames = options.model.frames;
}

WordPiece open_vocabulary(const CommandOptions& options, const ModelFile& file) {
  std::string path = options.vocab.empty() ? file.vocabulary() : options.vocab;
  if (path.empty()) path = find_vocabulary(options.data);
  check(!path.empty(), ErrorCode::config, options.data, ": there is no vocab.txt in it or beside it: pass --vocab");
  WordPiece tokenizer = WordPiece::load(path);
  const std::int64_t known = file.model->config.vocab_size;
  if (tokenizer.size() == known) return tokenizer;
  throw Exit(kData, message(path, ": has ", tokenizer.size(), " tokens, the weights are for ", known,
                            ": pass the vocabulary that they were trained with as --vocab"));
}

/// What reads splits: the run's way, with this command's options.
EvalSplit open_split(const CommandOptions& options, const std::string& name, const TrainConfig& settings,
                     const WordPiece& tokenizer, DecodeService& service) {
  EvalSplit split;
  split.manifests = {Manifest::open(options.data, name, options.manifest)};
  split.tokenizer = &tokenizer;
  split.decode = [&service](const DecodeRequest& request) { return service.decode(request); };
  split.loader = loader_options(settings, split.info(), /*training=*/false, options.images);
  split.loader.mlm = MaskingOptions{settings.data.mlm_probability, settings.data.whole_word_masking};
  split.loader.false_videos = FalseVideos::none;
  split.loader.false_texts = 0;
  return split;
}

int evaluate(const EvalTask& task, CommandOptions options) {
  if (options.threads > 0) set_num_threads(options.threads);
  if (!options.out.empty()) make_output_folder(options.out);
  options.images = options.images || task.images;
  ModelFile file(options.model);
  apply(options, file.settings);
  const WordPiece tokenizer = open_vocabulary(options, file);
  DecodeServiceOptions service_options;
  service_options.workers = options.workers;
  DecodeService service(service_options);
  const EvalSplit split = open_split(options, options.split, file.settings, tokenizer, service);
  if (split.size() == 0) throw Exit(kData, split.manifests.front().file() + ": has no samples");

  std::optional<EvalSplit> probe_split;
  if (!options.probe.empty()) {
    probe_split = open_split(options, options.train_split, file.settings, tokenizer, service);
  }

  Screen screen(options.json);
  options.eval.compute = parse_dtype(options.dtype);
  options.eval.bvtc = options.by != "vtm";
  options.eval.vtm = options.by != "bvtc";
  options.eval.progress = [&screen](std::int64_t done, std::int64_t all) { screen.bar(done, all); };
  const auto start = std::chrono::steady_clock::now();
  Evaluation evaluation;
  try {
    if (!probe_split) {
      evaluation = task.evaluate(*file.model, split, options.eval);
    } else {
      options.probe_options.kind = options.probe == "linear" ? ProbeKind::linear : ProbeKind::two_layer;
      options.probe_options.seed = static_cast<std::uint64_t>(options.seed);
      evaluation = evaluate_probe(*file.model, *probe_split, split, options.eval, options.probe_options);
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::config) throw;  // what is left of that here is a head that the weights lack
    throw Exit(kWeights, message(file.weights_path, ": ", error.what(),
                                 "; were these weights trained for this task? --help shows which task reads which"));
  }
  EvalRun run = describe(split, options.eval);
  run.task = task.name;
  run.checkpoint = options.model.checkpoint;
  run.data = options.data;
  run.seed = options.seed;
  run.roll = models::to_string(file.model->config.roll.kind);
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!options.out.empty()) on_disk([&] { write_results(options.out, run, evaluation); });
  if (options.json) {
    std::printf("%s\n", results_json(run, evaluation).c_str());
  } else {
    print_results(run, evaluation);
  }
  return kOk;
}

void add_common(CLI::App& command, CommandOptions& o) {
  command.add_option("--checkpoint", o.model.checkpoint, "a run's folder, or its weights.safetensors, or .ckpt, .pth")
      ->required()
      ->check(CLI::ExistingPath);
  command.add_option("--data", o.data, "folder with dataset.json, or a file of samples")
      ->required()
      ->check(CLI::ExistingPath);
  command.add_option("--split", o.split, "of the data set")->capture_default_str();
  command.add_option("--out", o.out, "folder for results.json and predictions.jsonl");
  command.add_flag("--json", o.json, "results.json on standard output, on one line");
  command.add_option("--config", o.model.config, "the run's config.toml (default: that beside the weights)")
      ->check(CLI::ExistingFile);
  command.add_option("--size", o.model.size, "of a model without config.toml: ti, s, b, ...");
  command.add_option("--roll", o.model.roll, "in place of the configuration's");
  command.add_option("--set", o.model.assignments, "override a key of the configuration: data.video_recipe=whole")
      ->type_name("KEY=VALUE");
  command
      .add_option("--vocab", o.vocab,
                  "WordPiece vocabulary (default: the run's, or vocab.txt in the data set or beside it)")
      ->check(CLI::ExistingFile);
  command.add_option("--frames", o.model.frames, "frames a clip (default: the model's)")->check(CLI::Range(1, 4096));
  command.add_option("--seed", o.seed, "of random frames, masks and pairs")->capture_default_str();
  command.add_option("--batch", o.batch, "clips of one forward pass")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--device", o.model.device, "that computes: cpu, cuda, cuda:N, or auto: a GPU if there is one")
      ->capture_default_str();
  command.add_option("--threads", o.threads, "that compute; 0: the CPUs this process may use; changes no result")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_option("--workers", o.workers, "processes that decode")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--dtype", o.dtype, "of activations")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  command.add_option("--max-bad", o.max_bad, "share of unreadable samples above which to give up, with exit code 3")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--skip-list", o.skip_list, "samples known to be unreadable, as aio_data check lists them");
  command.add_option("--media-root", o.manifest.media_root, "in place of dataset.json's");
  command.add_flag("--allow-outside", o.manifest.allow_outside, "media may lie outside the media root");
  command.add_flag("--images", o.images, "the samples are still images");
}

void add_own(std::string_view task, CLI::App& command, CommandOptions& o) {
  if (task != "caption" && task != "pretrain") {
    command.add_option("--views", o.eval.views, "several: random frames each, scores averaged; 1: uniform frames")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
  }
  if (task == "retrieval" || task == "image-text") {
    command.add_option("--by", o.by, "which scores: the contrastive ones, match scores of all pairs")
        ->check(CLI::IsMember({"bvtc", "vtm", "both"}))
        ->capture_default_str();
    command.add_option("--rerank", o.eval.rerank, "re-score the best N by BVTC with VTM; several N give a curve")
        ->type_name("N,...")
        ->delimiter(',')
        ->check(CLI::Range(1, 1'000'000));
    command.add_flag("--dual-softmax", o.eval.dual_softmax, "also weigh scores by the softmax over all queries");
    command.add_flag("--paragraph", o.eval.paragraph, "all captions of a video are one text");
    command.add_option("--pairs", o.eval.pairs_at_once, "of one joint pass")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
  }
  if (task == "caption") {
    command.add_option("--beams", o.eval.beams, "captions that are followed up at once; 1: greedy")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command.add_option("--max-words", o.eval.max_words, "word pieces of a caption")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    command.add_option("--meteor-jar", o.eval.meteor_jar, "meteor-1.5.jar: METEOR by Java instead of METEOR_exact")
        ->check(CLI::ExistingFile);
  }
  if (task == "choice" || task == "retrieval") {
    command.add_flag("--zero-shot", o.eval.zero_shot, "by the VTM head, even if there is a fine-tuned one");
  }
  if (task == "action") {
    command.add_option("--probe", o.probe, "train this on frozen features first: one layer, or the reference's two")
        ->check(CLI::IsMember({"linear", "mlp"}));
    command.add_option("--train-split", o.train_split, "that the probe learns from")->capture_default_str();
    command.add_option("--probe-steps", o.probe_options.steps)->check(CLI::Range(1, 10'000'000))->capture_default_str();
    command.add_option("--probe-lr", o.probe_options.lr)->check(CLI::Range(1e-9, 10.0))->capture_default_str();
  }
  if (task == "qa" || task == "mc-qa" || task == "choice" || task == "action") {
    command.add_flag("--blind", o.eval.blind, "from the text alone");
  }
}

}  // namespace

void add_eval_tasks(CLI::App& app, Action& action) {
  for (const EvalTask& task : eval_tasks()) {
    CLI::App* const command = app.add_subcommand(task.name, task.what);
    const auto options = std::make_shared<CommandOptions>();
    add_common(*command, *options);
    add_own(task.name, *command, *options);
    command->callback([options, &task, &action] { action = [options, &task] { return evaluate(task, *options); }; });
  }
}

}  // namespace aio::apps
