// aio_data convert NAME: a public data set, in the layout people have on disk, into a manifest.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/data/commands.h"
#include "apps/data/convert_report.h"
#include "data/datasets/readers.h"

namespace aio::apps {
namespace {

struct Options {
  std::string name;
  ConvertOptions convert;
  bool reference = false;
  bool json = false;
};

std::string names() {
  std::string text = "Data sets:";
  for (const DatasetReader& reader : dataset_readers()) {
    text += "\n  " + std::string(reader.name) + std::string(17 - reader.name.size(), ' ') + std::string(reader.what);
  }
  return text;
}

int run(Options options) {
  options.convert.compat = options.reference ? Compat::reference : Compat::fixed;
  print_report(convert_dataset(options.name, options.convert), options.convert.out, options.json);
  return kOk;
}

}  // namespace

void print_report(const ConvertReport& report, const std::string& out, bool json) {
  for (const std::string& line : report.skipped) std::fprintf(stderr, "skipped %s\n", line.c_str());
  if (json) {
    nlohmann::ordered_json splits = nlohmann::ordered_json::object();
    for (const auto& [name, rows] : report.splits) splits[name] = rows;
    const nlohmann::ordered_json document{{"out", out}, {"splits", splits}, {"skipped", report.skipped_rows}};
    std::printf("%s\n", document.dump().c_str());
    return;
  }
  for (const auto& [name, rows] : report.splits) {
    std::printf("%-8s %9lld samples\n", name.c_str(), static_cast<long long>(rows));
  }
  if (report.skipped_rows > 0) std::printf("skipped  %9lld\n", static_cast<long long>(report.skipped_rows));
  std::printf("written to %s\n", out.c_str());
}

void add_convert_dataset(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("convert", "make a manifest of a public data set");
  command->footer(names());
  command->add_option("name", options->name, "which data set")->required();
  command->add_option("--root,--data-root", options->convert.data_root, "videos and images: a folder a data set inside")
      ->required();
  command->add_option("--meta-root", options->convert.meta_root,
                      "lists and annotations (default: meta_data or metadata, in the root or here)");
  command->add_option("--out", options->convert.out, "the manifest's folder")->required();
  command->add_option("--cut", options->convert.cut, "msrvtt: jsfusion, miech or full")->capture_default_str();
  command->add_option("--train-list", options->convert.train_list, "msrvtt: in place of the cut's list");
  command->add_option("--test-list", options->convert.test_list, "msrvtt: in place of the cut's list");
  command->add_flag("--one-caption-a-line", options->convert.one_caption_a_line,
                    "howto100m: a sample a caption instead of a video");
  command->add_flag("--compat-reference", options->reference,
                    "what the paper's code reads: files without a header lose their first record");
  command->add_flag("--json", options->json, "one JSON document on one line of standard output");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace aio::apps
