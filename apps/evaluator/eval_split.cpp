#include "apps/evaluator/eval_split.h"

#include <algorithm>

#include "tensor/error.h"

namespace aio::apps {

std::int64_t EvalSplit::size() const {
  std::int64_t rows = 0;
  for (const Manifest& manifest : manifests) rows += manifest.size();
  return rows;
}

Sample EvalSplit::sample(std::int64_t row) const {
  std::size_t set = 0;
  for (; row >= manifests[set].size(); ++set) row -= manifests[set].size();
  try {
    return manifests[set].sample(row);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::format) throw;
    Sample unknown;
    unknown.id = manifests[set].where(row);
    return unknown;
  }
}

void EvalSplit::expect_task(const char* task, const std::vector<Task>& tasks) const {
  if (std::find(tasks.begin(), tasks.end(), info().task) != tasks.end()) return;
  std::string expected;
  for (const Task one : tasks) expected.append(expected.empty() ? "" : " or ").append(to_string(one));
  fail(ErrorCode::value, task, ": the data set ", info().name, " is for ", to_string(info().task), ", expected ",
       expected);
}

ViewReader::ViewReader(const EvalSplit& split, std::int64_t views, LoaderOptions options) : split_(split) {
  check(views >= 1, ErrorCode::config, "evaluation: ", views, " views, expected at least 1");
  options.training = false;
  if (views > 1) options.mode = SampleMode::random;
  for (std::int64_t view = 0; view < views; ++view, ++options.view) {
    loaders_.push_back(std::make_unique<Loader>(split.manifests, *split.tokenizer, split.decode, options));
  }
}

std::vector<Batch> ViewReader::next() {
  std::vector<Batch> views;
  for (const auto& loader : loaders_) {
    std::optional<Batch> batch = loader->next();
    if (!batch || batch->size() == 0) return {};
    views.push_back(std::move(*batch));
  }
  return views;
}

bool readable(const std::vector<Batch>& views, std::size_t i) {
  return std::all_of(views.begin(), views.end(), [i](const Batch& batch) { return batch.readable[i] != 0; });
}

}  // namespace aio::apps
