#pragma once
// The configuration that a set of weights was made with, as far as their names and shapes tell it.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/aio_config.h"

namespace aio::apps {

/// Shape of each tensor, under All-in-one's names.
using WeightShapes = std::map<std::string, std::vector<std::int64_t>>;

/// `known` with all sizes, and the heads there are, taken from the weights. What weights do not tell stays as `known`
/// has it: the number of attention heads, rolling, the order of patches. known.image_size of 0: a square of as many
/// patches as there are positions. So nothing is allocated that the weights do not justify. Throws Error{format} "the
/// weights lack NAME", or for sizes that contradict each other; Error{config} as AioConfig::validate().
models::AioConfig config_of_weights(const WeightShapes& weights, const models::AioConfig& known);

}  // namespace aio::apps
