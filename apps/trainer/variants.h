#pragma once
// What an ablation varies: one key, or whole configurations laid over a common one.
//
//   model.roll=roll,none,flatten           three values of a key
//   video-only.toml,naive.toml,both.toml   three files, each read after --config's: several keys at once

#include <string>
#include <vector>

#include "apps/common/config.h"

namespace aio::apps {

struct Variants {
  struct Variant {
    std::string name;                      ///< the value, or the file's name without its ending
    std::vector<std::string> files;        ///< further configurations
    std::vector<std::string> assignments;  ///< further --set
  };
  std::string key;  ///< that is varied; of files the folder that they lie in
  std::vector<Variant> variants;
};

/// The last part of a key's name will do if no other key ends so; commas within quotes or brackets divide nothing.
/// Throws Error{config}.
Variants parse_variants(const std::string& text, const Config& keys);

}  // namespace aio::apps
