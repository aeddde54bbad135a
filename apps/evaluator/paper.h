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
  std::string_view split = "test";  ///< that was measured
  std::string_view protocol = {};   ///< where a data set is cut in several ways: DatasetInfo::protocol
};

/// What was measured on this split of this data set, in the paper's order. Empty for what the paper does not report.
std::vector<PublishedValue> published_values(std::string_view dataset, std::string_view split,
                                             std::string_view protocol);

}  // namespace aio::apps
