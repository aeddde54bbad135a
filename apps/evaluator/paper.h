#pragma once
// What is published about All-in-one on the public data sets, to be printed beside a measurement.

#include <string>
#include <string_view>
#include <vector>

namespace aio::apps {

struct PublishedValue {
  std::string_view dataset;  ///< as aio_data convert names it
  std::string_view metric;   ///< of an Evaluation
  double value;              ///< a fraction of 1; ranks as they are
  std::string_view condition;
};

/// Those of one data set, in the paper's order. Empty for a name that the paper does not report.
std::vector<PublishedValue> published_values(std::string_view dataset);

}  // namespace aio::apps
