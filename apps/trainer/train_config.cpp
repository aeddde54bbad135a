#include "apps/trainer/train_config.h"

#include <limits>

#include "tensor/error.h"

namespace aio::apps {
namespace {

constexpr std::int64_t kMany = 1'000'000'000'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void add_run(Config& keys, RunSettings& run) {
  keys.add("run.dir", &run.dir, "folder of the run: configuration, metrics, checkpoints, report");
  keys.add("run.seed", &run.seed, "", "of weights, order of the data, augmentation, masks, dropout", 0, kMany);
  keys.add("run.threads", &run.threads, "threads", "0: the CPUs this process may use; results do not depend on it", 0,
           1024);
  keys.add("run.device", &run.device,
           "that computes: cpu, cuda, cuda:N, or auto: the first GPU, else the CPU, which one sentence says");
  keys.add("run.dtype", &run.dtype, "of activations; weights and optimizer state are f32", {"f32", "bf16"});
  keys.add("run.cuda_graph", &run.cuda_graph,
           "auto: on a GPU, record the passes of a step once and replay them where sizes are the same (docs/cuda.md)",
           {"off", "auto"});
}

void add_model(Config& keys, ModelSettings& model) {
  models::AioConfig& config = model.config;
  keys.add("model.size", &model.size, "gives the defaults of the keys below", models::model_sizes());
  keys.add("model.init", &model.init, "checkpoint to start from: safetensors, .ckpt, .pth, a run's weights");
  keys.add("model.fresh", &model.fresh,
           "prefixes of parameters that keep their initial values although the file has them");
  keys.add("model.resize_temporal", &model.resize_temporal, "take a checkpoint with another number of frames");
  keys.add("model.resize_positions", &model.resize_positions, "take a checkpoint with another image size");
  keys.add("model.resize_text", &model.resize_text, "take a checkpoint with another text length");
  keys.add("model.allow_missing", &model.allow_missing,
           "parts of the backbone that the checkpoint lacks start anew: an image transformer has no text embeddings");
  keys.add("model.allow_unused", &model.allow_unused,
           "leave out what the checkpoint's backbone has beside the names that the model knows");
  keys.add("model.hidden_size", &config.hidden_size, "features", "of a token", 1, 65536);
  keys.add("model.heads", &config.heads, "heads", "of attention; divides hidden_size", 1, 65536);
  keys.add("model.layers", &config.layers, "blocks", "one after the other", 1, 1024);
  keys.add("model.mlp_ratio", &config.mlp_ratio, "", "hidden size of the MLP / hidden_size", 0.01, 64);
  keys.add("model.image_size", &config.image_size, "pixels", "side of a frame; a multiple of patch_size", 1, 16384);
  keys.add("model.patch_size", &config.patch_size, "pixels", "side of a patch", 1, 1024);
  keys.add("model.frames", &config.frames, "frames", "sampled from a clip", 1, 4096);
  keys.add("model.distilled", &config.distilled, "DeiT's distillation token; such models have no temporal embedding");
  keys.add("model.max_text_len", &config.max_text_len, "tokens", "[CLS] and [SEP] included", 2, 65536);
  keys.add("model.shared_dim", &config.shared_dim, "features", "of the contrastive space", 1, 65536);
  keys.add("model.learned_temperature", &config.head.learned_temperature, "of the contrastive loss");
  keys.add("model.temperature", &config.temperature, "", "of the contrastive loss", 1e-6, 1e6);
  keys.add("model.separate_image_heads", &config.separate_image_heads, "co-training: images have heads of their own");
  keys.add(
      "model.roll", &model.roll,
      "how frames exchange tokens before each block (none, roll, random, per-layer, channel, time_average, flatten, "
      "per-layer-reference, channel-reference)");
  keys.add("model.roll_proportion", &config.roll.proportion, "share", "of the tokens, that moves", 0, 1);
  keys.add("model.roll_video_only", &config.roll.video_only, "also roll where the video is encoded alone");
  keys.add("model.patch_order", &model.patch_order, "of a frame's tokens", {"raster", "shuffled"});
  keys.add("model.dropout", &config.dropout, "share", "of embeddings, attention and MLP outputs", 0, 0.99);
  keys.add("model.drop_path", &config.drop_path, "share", "stochastic depth of the last block; the first has none", 0,
           0.99);
  keys.add("model.recompute", &config.recompute, "keep only the blocks' inputs for backward: less memory, more time");
  keys.add("model.init_std", &config.init_std, "", "standard deviation of initial weights", 1e-6, 10);
  keys.add("model.temporal_init_std", &config.temporal_init_std, "", "of the temporal table; 0: zeros", 0, 10);
  keys.add("model.sincos_positions", &config.sincos_positions, "",
           "above 0: positions start as this times a sine-cosine pattern", 0, 10);
}

void add_data(Config& keys, DataSettings& data) {
  keys.add("data.train", &data.train, "data sets to train on: folders with dataset.json, read as one");
  keys.add("data.train_images", &data.train_images, "co-training: data sets of still images");
  keys.add("data.eval", &data.eval, "data sets to evaluate on; empty: those of data.train");
  keys.add("data.train_split", &data.train_split, "split of the data sets");
  keys.add("data.eval_split", &data.eval_split, "split of the data sets; empty: no evaluation");
  keys.add("data.images", &data.images, "data.train and data.eval are still images, read by data.image_recipe");
  keys.add("data.kinds", &data.kinds, "train and evaluate on rows with one of these as their `kind`; empty: on all");
  keys.add("data.vocab", &data.vocab, "WordPiece vocabulary; empty: vocab.txt in the first data set");
  keys.add("data.video_recipe", &data.video_recipe, "how frames become the model's input",
           {"plain", "augmented", "whole"});
  keys.add("data.image_recipe", &data.image_recipe, "how still images do; random-crop is centre-crop in evaluation",
           {"pixelbert", "random-crop", "centre-crop"});
  keys.add("data.image_augment", &data.image_augment, "RandAugment of the still images that are trained on");
  keys.add("data.prompt", &data.prompt, "replaces the data set's prompt unless empty");
  keys.add("data.compat", &data.compat, "frame sampling and masking: as documented, or as the released code does",
           {"fixed", "reference"});
  keys.add("data.false_videos", &data.false_videos, "where the wrong videos of VTM come from", {"batch", "split"});
  keys.add("data.false_texts", &data.false_texts, "texts", "false captions a video in retrieval training", 0, 1024);
  keys.add("data.mlm_probability", &data.mlm_probability, "share", "of the tokens, that is masked", 0, 1);
  keys.add("data.whole_word_masking", &data.whole_word_masking, "mask all pieces of a word together");
  keys.add("data.cache_mib", &data.cache_mib, "MiB", "memory for decoded clips: small sets are decoded once", 0, kMany);
  keys.add("data.workers", &data.workers, "threads", "that decode and transform", 1, 1024);
  keys.add("data.prefetch", &data.prefetch, "batches", "made ahead of training", 1, 1024);
  keys.add("data.max_bad", &data.max_bad, "share", "of unreadable samples above which the run stops", 0, 1);
  keys.add("data.skip_list", &data.skip_list, "ids that `aio_data check` found unreadable, one a line");
}

void add_train(Config& keys, TrainSettings& train) {
  keys.add("train.task", &train.task, "what is learned", train_tasks());
  keys.add("train.max_steps", &train.max_steps, "steps", "updates; 0: as data and epochs say", 0, kMany);
  keys.add("train.epochs", &train.epochs, "epochs", "passes over the data, where max_steps is 0", 0, 1e9);
  keys.add("train.batch", &train.batch, "clips", "of one forward pass", 1, 1'000'000);
  keys.add("train.accumulate", &train.accumulate, "batches", "whose gradients are averaged in one update", 1,
           1'000'000);
  keys.add("train.clip_norm", &train.clip_norm, "", "largest global gradient norm; 0: no clipping", 0, kInfinity);
  keys.add("train.freeze", &train.freeze, "parameters whose name contains one of these stay as they are");
  keys.add("train.ema", &train.ema, "", "decay of the averaged weights that are evaluated and saved; 0: none", 0,
           0.999999);
  keys.add("train.max_skipped", &train.max_skipped, "steps", "non-finite ones in a row that stop the run", 1, kMany);
  keys.add("train.check_grads", &train.check_grads, "after the first step: every trainable parameter has a gradient");
}

void add_optim(Config& keys, OptimSettings& optim) {
  keys.add("optim.kind", &optim.kind, "adamw-hf is the reference's", {"adamw-hf", "adamw", "adam", "sgd"});
  keys.add("optim.lr", &optim.lr, "", "largest learning rate", 0, 100);
  keys.add("optim.end_lr", &optim.end_lr, "", "learning rate at the end", 0, 100);
  keys.add("optim.schedule", &optim.schedule, "after the warm-up", {"linear", "cosine", "constant"});
  keys.add("optim.warmup", &optim.warmup, "steps", "below 1: a share of all steps", 0, 1e12);
  keys.add("optim.hold", &optim.hold, "share", "of all steps before the decay begins", 0, 1);
  keys.add("optim.power", &optim.power, "", "of the polynomial decay; 1: linear", 0.01, 100);
  keys.add("optim.weight_decay", &optim.weight_decay, "", "not of biases and norms, by the reference's rule", 0, 10);
  keys.add("optim.lr_mult", &optim.lr_mult, "", "of the classifiers that the reference's rule names", 0, 1e6);
  keys.add("optim.beta1", &optim.beta1, "", "of Adam's first moment", 0, 0.999999);
  keys.add("optim.beta2", &optim.beta2, "", "of Adam's second moment", 0, 0.999999);
  keys.add("optim.eps", &optim.eps, "", "of Adam", 0, 1);
  keys.add("optim.momentum", &optim.momentum, "", "of sgd", 0, 0.999999);
}

void add_loss(Config& keys, models::PretrainOptions& loss) {
  keys.add("loss.mlm", &loss.mlm, "", "weight of masked language modelling; 0: off", 0, 1e6);
  keys.add("loss.vtm", &loss.vtm, "", "weight of video-text matching", 0, 1e6);
  keys.add("loss.wpa", &loss.wpa, "", "weight of word-patch alignment, computed with vtm", 0, 1e6);
  keys.add("loss.vtc", &loss.vtc, "", "weight of the contrastive loss over the shared backbone", 0, 1e6);
  keys.add("loss.mpp", &loss.mpp, "", "weight of masked patch prediction", 0, 1e6);
  keys.add("loss.vcop", &loss.vcop, "", "weight of clip order prediction", 0, 1e6);
  keys.add("loss.video", &loss.video_weight, "", "co-training: weight of the videos' losses", 0, 1e6);
  keys.add("loss.image", &loss.image_weight, "", "co-training: weight of the images' losses", 0, 1e6);
  keys.add("loss.naive_images", &loss.naive_images, "co-training's baseline: an image is a video of one frame");
}

}  // namespace

const std::vector<std::string>& train_tasks() {
  static const std::vector<std::string> tasks = {"pretrain", "retrieval", "contrastive", "choice", "mc-qa", "qa",
                                                 "count",    "action",    "caption",     "vqav2",  "nlvr2", "vcr"};
  return tasks;
}

TrainConfig::TrainConfig() {
  model.config = models::config_for_size(model.size);
  add_run(keys, run);
  add_model(keys, model);
  add_data(keys, data);
  add_train(keys, train);
  add_optim(keys, optim);
  add_loss(keys, loss);
  keys.add("loss.retrieval_vtc", &train.retrieval_vtc, "",
           "train.task = \"retrieval\": weight of the contrastive loss beside that of match scores", 0, 1e6);
  keys.add("log.every", &log.every, "steps", "between lines on the screen and in the metrics", 1, kMany);
  keys.add("log.tensorboard", &log.tensorboard, "write event files beside metrics.jsonl");
  keys.add("eval.every", &eval.every, "steps", "between evaluations; 0: as eval.epochs says", 0, kMany);
  keys.add("eval.epochs", &eval.epochs, "epochs", "between evaluations, where eval.every is 0; 0: at the end only", 0,
           1e9);
  keys.add("eval.batches", &eval.batches, "batches",
           "of an evaluation, which then has losses and accuracies only; 0: the whole split and all metrics", 0, kMany);
  keys.add("eval.batch", &eval.batch, "clips", "of one forward pass", 1, 1'000'000);
  keys.add("eval.views", &eval.views, "views", "of each clip, with other random frames, whose scores are averaged", 1,
           64);
  keys.add("eval.pairs", &eval.pairs, "pairs", "of text and video up to which retrieval is judged by match scores, too",
           0, kMany);
  keys.add("checkpoint.every", &checkpoint.every, "steps", "between checkpoints; 0: at the end only", 0, kMany);
  keys.add("checkpoint.keep", &checkpoint.keep, "checkpoints", "the newest that stay", 1, kMany);
  keys.add("checkpoint.best", &checkpoint.best,
           "metric of the evaluation whose best checkpoint stays too; empty: none");
  keys.add("checkpoint.best_mode", &checkpoint.best_mode, "which value is best", {"max", "min"});
}

void TrainConfig::load(const std::vector<std::string>& files, const std::vector<std::string>& assignments) {
  // Twice: the first pass tells the size, whose defaults the second one overrides.
  for (int pass = 0; pass < 2; ++pass) {
    for (const std::string& file : files) keys.load_file(file);
    for (const std::string& assignment : assignments) keys.set(assignment);
    if (pass == 0) model.config = models::config_for_size(model.size);
  }
  if (run.device != "auto") parse_device(run.device);
  model.config.roll.kind = models::parse_roll_kind(model.roll);
  model.config.patch_order = model.patch_order == "raster" ? models::PatchOrder::raster : models::PatchOrder::shuffled;
  model.config.validate();
}

models::AioConfig TrainConfig::model_config(std::int64_t vocab_size, std::int64_t labels) const {
  models::AioConfig config = model.config;
  config.vocab_size = vocab_size;
  config.roll.seed = config.shuffle_seed = static_cast<std::uint64_t>(run.seed);
  models::HeadsConfig& head = config.head;
  head.mpp = head.vcop = head.rank = head.choice_qa = head.caption = false;
  if (train.task == "pretrain") {
    head.mlm = loss.mlm > 0;
    head.vtm = loss.vtm > 0;
    head.contrastive = loss.vtc > 0;
    head.mpp = loss.mpp > 0;
    head.vcop = loss.vcop > 0;
  }
  head.nlvr2 = train.task == "nlvr2";
  head.vqav2_labels = train.task == "vqav2" ? labels : 0;
  if (train.task == "retrieval") head.contrastive = train.retrieval_vtc > 0;
  head.rank = train.task == "retrieval" || train.task == "choice" || train.task == "vcr";
  head.rank_2 = train.task == "vcr";
  head.choice_qa = train.task == "mc-qa";
  head.caption = train.task == "caption";
  head.qa_labels = train.task == "qa" || train.task == "action" ? labels : train.task == "count" ? 1 : 0;
  config.validate();
  return config;
}

}  // namespace aio::apps
