// Published numbers stand beside a measurement of the split and cut that they are of, and beside no other.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "apps/evaluator/paper.h"
#include "apps/evaluator/results.h"
#include "apps/report/metric_names.h"
#include "data/datasets/readers.h"

using namespace aio;
using namespace aio::apps;

namespace {

/// R@1, by condition.
std::map<std::string, double> first_recalls(const char* dataset, const char* split, const char* protocol) {
  std::map<std::string, double> values;
  for (const PublishedValue& value : published_values(dataset, split, protocol)) {
    if (value.metric == "bvtc_t2v_r1") values[std::string(value.condition)] = value.value;
  }
  return values;
}

}  // namespace

TEST_CASE("published values: MSRVTT's 9K, 7K and full are three protocols") {
  const std::map<std::string, double> nine = first_recalls("msrvtt", "test", "jsfusion");
  const std::map<std::string, double> seven = first_recalls("msrvtt", "test", "miech");
  CHECK(nine.size() == 5);
  CHECK(nine.at("paper, B+ (and HowTo100M), 9K") == 0.418);
  CHECK(seven.size() == 3);
  CHECK(seven.at("paper, B+ (and HowTo100M), 7K") == 0.373);
  for (const char* protocol : {"full", "own lists", ""}) CHECK(first_recalls("msrvtt", "test", protocol).empty());
  CHECK(first_recalls("msrvtt", "train", "jsfusion").empty());
}

TEST_CASE("published values: of the split that was measured") {
  CHECK(first_recalls("activitynet", "val1", "").size() == 2);
  CHECK(first_recalls("activitynet", "val2", "").empty());
  CHECK(first_recalls("didemo", "val", "").empty());
  CHECK(published_values("tvqa", "val", "").size() == 4);
  CHECK(published_values("tvqa", "test", "").empty());
  CHECK(published_values("tgif_count", "test", "").empty());
}

TEST_CASE("published values: every one is of a data set that can be converted, and of a metric's range") {
  std::set<std::string_view> names;
  for (const DatasetReader& reader : dataset_readers()) names.insert(reader.name);
  int values = 0;
  for (const std::string_view name : names) {
    for (const char* split : {"test", "val", "val1"}) {
      for (const char* protocol : {"", "jsfusion", "miech"}) {
        for (const PublishedValue& value : published_values(name, split, protocol)) {
          ++values;
          const bool rank = value.metric.ends_with("medr");
          CHECK(value.value > 0);
          CHECK(value.value <= (rank ? 10 : value.metric == "CIDEr" ? 2 : 1));
          CHECK(value.condition.find(value.condition.starts_with("repository") ? "repository" : "paper") == 0);
        }
      }
    }
  }
  CHECK(values == 138);  // all of the table
}

TEST_CASE("published values: results.json has the protocol, and the values that belong to it") {
  EvalRun run;
  run.task = "retrieval";
  run.dataset = "msrvtt";
  run.split = "test";
  run.protocol = "miech";
  Evaluation evaluation;
  evaluation.metrics = {{"bvtc_t2v_r1", 0.5}, {"bvtc_t2v_r5", 0.75}};
  const nlohmann::json json = nlohmann::json::parse(results_json(run, evaluation));
  CHECK(json["protocol"] == "miech");
  REQUIRE(json["paper"].size() == 6);  // three models, R@1 and R@5
  for (const auto& figure : json["paper"]) {
    CHECK(figure["condition"].get<std::string>().ends_with(", 7K"));
  }
}
