#pragma once
// Options that commands on a data set share.

#include <string>
#include <vector>

#include "data/manifest.h"

namespace CLI {
class App;
}

namespace aio::apps {

struct DatasetOptions {
  std::string path;
  std::string split;  ///< empty: all
  ManifestOptions manifest;

  void add_to(CLI::App& command);
  /// Its splits, or the one that was asked for.
  std::vector<Manifest> open() const;
};

}  // namespace aio::apps
