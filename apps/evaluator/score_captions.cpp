// aio_eval score-captions: the caption metrics of a file of predictions, without a model.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/evaluator/coco_captions.h"
#include "apps/evaluator/commands.h"
#include "apps/evaluator/meteor_jar.h"

namespace aio::apps {
namespace {

struct Options {
  std::string references, predictions, meteor_jar;
  bool json = false;
};

int run(const Options& options) {
  const CocoPairs coco = pair_coco_captions(options.references, options.predictions);
  if (coco.without_prediction > 0) {
    std::fprintf(stderr, "aio_eval: %zu of the references' images have no prediction and do not count\n",
                 coco.without_prediction);
  }
  const std::vector<CaptionPair> pairs = tokenize_captions(coco.captions);
  const auto scores = caption_metrics(pairs, options.meteor_jar);
  if (options.json) {
    nlohmann::ordered_json document;
    for (const auto& [name, value] : scores) document[name] = value;
    document["items"] = pairs.size();
    document["without_prediction"] = coco.without_prediction;
    std::printf("%s\n", document.dump().c_str());
    return kOk;
  }
  std::printf("%zu images\n", pairs.size());
  for (const auto& [name, value] : scores) std::printf("  %-13s %6.2f %%\n", name.c_str(), 100 * value);
  return kOk;
}

}  // namespace

void add_score_captions(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand(
      "score-captions", "score predicted captions: BLEU, ROUGE-L and CIDEr as pycocoevalcap computes them");
  command->add_option("--references", options->references, "COCO captions: {\"annotations\": [...]}")->required();
  command->add_option("--predictions", options->predictions, "COCO results: [{\"image_id\": .., \"caption\": ..}]")
      ->required();
  command->add_option("--meteor-jar", options->meteor_jar, "meteor-1.5.jar: METEOR by Java instead of METEOR_exact");
  command->add_flag("--json", options->json, "one JSON document on one line of standard output");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace aio::apps
