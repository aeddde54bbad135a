// aio_eval score-retrieval: recall from a matrix of similarities, without a model.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/evaluator/commands.h"
#include "data/datasets/json_file.h"
#include "data/metrics/retrieval.h"
#include "tensor/safetensors.h"

namespace aio::apps {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::string similarity, truth;
  bool json = false;
};

/// [0, [1, 2], ...]: for each text its video, or its videos.
RetrievalTruth read_truth(const std::string& path) {
  RetrievalTruth truth;
  for (const auto& entry : read_json_list(path)) {
    std::vector<std::int64_t> videos;
    const auto add = [&](const nlohmann::json& video) {
      check(video.is_number_integer(), ErrorCode::format, path, ": text ", truth.size(),
            ": expected the number of a video or a list of them");
      videos.push_back(video.get<std::int64_t>());
    };
    if (entry.is_array()) {
      for (const auto& video : entry) add(video);
    } else {
      add(entry);
    }
    truth.push_back(std::move(videos));
  }
  return truth;
}

ordered_json as_json(const RecallSummary& recall) {
  return {{"R1", recall.r1},
          {"R5", recall.r5},
          {"R10", recall.r10},
          {"R50", recall.r50},
          {"MedR", recall.median_rank},
          {"MeanR", recall.mean_rank},
          {"queries", recall.queries}};
}

void print(const char* direction, const RecallSummary& recall) {
  std::printf("%-14s R@1 %5.1f %%  R@5 %5.1f %%  R@10 %5.1f %%  R@50 %5.1f %%  MedR %g  MeanR %.1f  (%lld queries)\n",
              direction, 100 * recall.r1, 100 * recall.r5, 100 * recall.r10, 100 * recall.r50, recall.median_rank,
              recall.mean_rank, static_cast<long long>(recall.queries));
}

int run(const Options& options) {
  const SafetensorsFile file(options.similarity);
  check(file.contains("similarity"), ErrorCode::value, options.similarity,
        ": has no tensor \"similarity\", [texts, videos]");
  const Tensor similarity = file.tensor("similarity");
  check(similarity.rank() == 2, ErrorCode::shape, options.similarity, ": similarity is ", describe(similarity),
        ", expected [texts, videos]");
  const std::int64_t texts = similarity.dim(0), videos = similarity.dim(1);
  check(!options.truth.empty() || texts == videos, ErrorCode::value, options.similarity, ": similarity is ",
        describe(similarity), "; text i describes video i only if it is square (say which with --truth FILE)");
  const RetrievalScores scores =
      score_retrieval(similarity, options.truth.empty() ? diagonal_truth(texts) : read_truth(options.truth));
  if (options.json) {
    const ordered_json document{{"texts", texts},
                                {"videos", videos},
                                {"t2v", as_json(scores.text_to_video)},
                                {"v2t", as_json(scores.video_to_text)}};
    std::printf("%s\n", document.dump().c_str());
    return kOk;
  }
  print("text to video", scores.text_to_video);
  print("video to text", scores.video_to_text);
  return kOk;
}

}  // namespace

void add_score_retrieval(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      app.add_subcommand("score-retrieval", "recall in both directions from a matrix of similarities");
  command->add_option("--similarity", options->similarity, "safetensors with similarity [texts, videos]")->required();
  command->add_option("--truth", options->truth,
                      "JSON: for each text the number of its video or a list; default: text i, video i");
  command->add_flag("--json", options->json, "one JSON document on one line of standard output");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace aio::apps
