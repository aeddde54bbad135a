// aio_data show: what the model really sees of a data set. Its samples go through the loader that training uses, and
// come out on a page and a contact sheet: frames after sampling and transforms, tokens, masks.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "apps/common/output.h"
#include "apps/data/commands.h"
#include "apps/data/show_page.h"
#include "data/decode_service.h"
#include "data/image_writer.h"
#include "data/loader.h"
#include "tensor/atomic_file.h"

namespace aio::apps {
namespace {

namespace fs = std::filesystem;

struct ShowOptions {
  std::string data, out, split = "train", vocabulary, recipe = "plain";
  std::int64_t samples = 12, frames = 3;
  int size = 224;
  std::uint64_t seed = 0;
  std::optional<double> mask;
  bool whole_word = false, evaluation = false, images = false;
};

std::string vocabulary_path(const ShowOptions& options) {
  if (!options.vocabulary.empty()) return options.vocabulary;
  if (std::string found = find_vocabulary(options.data); !found.empty()) return found;
  throw Exit(kUsage, "show: " + options.data + " has no vocab.txt; name one with --vocab");
}

LoaderOptions loader_options(const ShowOptions& options, const Manifest& manifest) {
  LoaderOptions loader;
  loader.training = !options.evaluation;
  loader.batch_size = std::min(options.samples, manifest.size());
  loader.seed = options.seed;
  loader.images = options.images;
  loader.frames = options.frames;
  loader.video.size = loader.image.size = options.size;
  if (options.recipe == "augmented") loader.video.recipe = VideoRecipe::augmented;
  if (options.recipe == "whole") loader.video.recipe = VideoRecipe::whole;
  loader.video.normalization = manifest.info().normalization;
  loader.threads = loader.prefetch = 1;
  loader.max_bad = 1;  // what cannot be read is shown as such
  const bool pretraining = manifest.info().task == Task::pretrain;
  const double probability = options.mask.value_or(pretraining ? MaskingOptions{}.probability : 0);
  if (probability > 0) loader.mlm = MaskingOptions{probability, options.whole_word};
  return loader;
}

int show(const ShowOptions& options) {
  make_output_folder(options.out);
  const Manifest manifest = Manifest::open(options.data, options.split);
  if (manifest.size() == 0) throw Exit(kData, "show: " + manifest.file() + " has no samples");
  const WordPiece vocabulary = WordPiece::load(vocabulary_path(options));
  const LoaderOptions how = loader_options(options, manifest);
  DecodeService service;
  Loader loader(
      {manifest}, vocabulary, [&](const DecodeRequest& request) { return service.decode(request); }, how);
  const Batch batch = loader.next().value();

  const Normalization constants = options.images ? kHalf : normalization(how.video);
  std::vector<ShownSample> samples;
  std::vector<ContactRow> rows;
  for (std::int64_t i = 0; i < batch.size(); ++i) {
    const Sample sample = loader.sample(batch.rows[static_cast<std::size_t>(i)]);
    samples.push_back(shown_sample(batch, i, sample, vocabulary, constants));
    rows.push_back(contact_row(samples.back()));
  }
  const fs::path folder(options.out);
  const std::string title = manifest.info().name + ", " + manifest.split();
  write_atomically((folder / "index.html").string(), show_page(title, samples));
  write_png((folder / "sheet.png").string(), contact_sheet(rows));
  for (const auto& [row, bad] : loader.bad_samples().entries())
    std::fprintf(stderr, "%s: %s\n", bad.name.c_str(), bad.reason.c_str());
  std::printf("%s: %lld samples; %s, %s\n", title.c_str(), static_cast<long long>(batch.size()),
              (folder / "index.html").c_str(), (folder / "sheet.png").c_str());
  return kOk;
}

}  // namespace

void add_show(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("show", "make a page and a picture of what the model sees of a data set");
  auto options = std::make_shared<ShowOptions>();
  command->add_option("data", options->data, "the data set's folder, or a file of samples")->required();
  command->add_option("--out", options->out, "folder for index.html and sheet.png")->required();
  command->add_option("--split", options->split, "of the data set")->capture_default_str();
  command->add_option("--samples", options->samples, "how many")->check(CLI::Range(1, 1000))->capture_default_str();
  command->add_option("--vocab", options->vocabulary, "vocab.txt (default: the data set's own)");
  command->add_option("--frames", options->frames, "a clip")->check(CLI::Range(1, 64))->capture_default_str();
  command->add_option("--size", options->size, "height and width of the frames")->capture_default_str();
  command->add_option("--recipe", options->recipe, "transform of clips")
      ->check(CLI::IsMember({"plain", "augmented", "whole"}))
      ->capture_default_str();
  command->add_flag("--images", options->images, "stills, by the images' transform");
  command->add_flag("--eval", options->evaluation, "as in evaluation: in order, middle frames, centre crop");
  command
      ->add_option("--mask", options->mask, "share of tokens to predict (default: 0.15 for pretraining sets, else 0)")
      ->check(CLI::Range(0.0, 1.0));
  command->add_flag("--whole-word", options->whole_word, "mask whole words");
  command->add_option("--seed", options->seed, "of what training draws")->capture_default_str();
  command->callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace aio::apps
