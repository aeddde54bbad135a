// aio_data pack DIR --out SHARDS: a data set as WebDataset tar shards with their manifest. aio_data pack --index
// FILE.tar ... --out DIR: a manifest for shards from elsewhere.

#include <CLI/CLI.hpp>
#include <memory>

#include "apps/data/commands.h"
#include "apps/data/convert_report.h"
#include "data/tar_shards.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

struct Options {
  std::string dataset;
  std::vector<std::string> shards;
  std::string out;
  double shard_megabytes = 1024;
  PackOptions pack;
  bool json = false;
};

int run(Options options) {
  check(options.dataset.empty() != options.shards.empty(), ErrorCode::config,
        "pack: give a data set's folder, or --index with shards");
  if (!options.shards.empty()) {
    print_report(index_shards(options.shards, options.out), options.out, options.json);
    return kOk;
  }
  options.pack.shard_bytes = static_cast<std::uint64_t>(options.shard_megabytes * 1048576);  // 2^20
  print_report(pack_dataset(options.dataset, options.out, options.pack), options.out, options.json);
  return kOk;
}

}  // namespace

void add_pack(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("pack", "pack a data set into tar shards, or index such shards");
  command->add_option("dataset", options->dataset, "folder with dataset.json")->check(CLI::ExistingDirectory);
  command->add_option("--index", options->shards, "WebDataset shards to make a manifest for")->check(CLI::ExistingFile);
  command->add_option("--out", options->out, "folder of the shards and their manifest")->required();
  command->add_option("--shard-mb", options->shard_megabytes, "a shard ends with the sample that goes beyond")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_flag("--allow-outside", options->pack.manifest.allow_outside, "media may lie outside the media root");
  command->add_flag("--json", options->json, "one JSON document on one line of standard output");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace aio::apps
