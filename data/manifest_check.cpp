#include "data/manifest_check.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "tensor/error.h"

namespace aio {

namespace {

bool is_blank(const std::string& text) { return text.find_first_not_of(" \t\r\n") == std::string::npos; }

void check_captions(const Sample& sample, std::vector<std::string>& problems) {
  if (sample.captions.empty() && sample.segments.empty() && sample.words.empty()) {
    problems.emplace_back("has no caption");
  }
  if (std::any_of(sample.captions.begin(), sample.captions.end(), is_blank))
    problems.emplace_back("a caption is empty");
  if (std::any_of(sample.segments.begin(), sample.segments.end(), [](const Segment& s) { return is_blank(s.text); })) {
    problems.emplace_back("a segment's text is empty");
  }
}

void check_options(const Sample& sample, std::vector<std::string>& problems) {
  if (sample.options.empty()) problems.emplace_back("has no options");
  if (!sample.answer_index) problems.emplace_back("has no answer_index, so that it cannot be scored");
  if (!sample.rationales.empty() && !sample.rationale_index) {
    problems.emplace_back("has no rationale_index, so that its rationales cannot be scored");
  }
}

}  // namespace

std::vector<std::string> sample_problems(const Manifest& manifest, const Sample& sample) {
  std::vector<std::string> problems;
  switch (manifest.info().task) {
    case Task::caption:
    case Task::retrieval:
    case Task::pretrain: check_captions(sample, problems); break;
    case Task::qa:
      if (is_blank(sample.question)) problems.emplace_back("has no question");
      if (!sample.answer && sample.answers.empty()) {
        problems.emplace_back("has no answer, so that it cannot be scored");
      }
      break;
    case Task::mc_qa:
      if (is_blank(sample.question)) problems.emplace_back("has no question");
      check_options(sample, problems);
      break;
    case Task::choice: check_options(sample, problems); break;
    case Task::classify: try { manifest.label_class(sample);
      } catch (const Error& error) {
        problems.emplace_back(error.what());
      }
      break;
  }
  return problems;
}

std::vector<DuplicateId> duplicate_ids(const Manifest& manifest) {
  std::vector<std::pair<std::size_t, std::int64_t>> ids;  // hash and row
  for (std::int64_t row = 0; row < manifest.size(); ++row) {
    try {
      ids.emplace_back(std::hash<std::string>()(manifest.sample(row).id), row);
    } catch (const Error&) {
      continue;  // whoever reads the row is told
    }
  }
  std::sort(ids.begin(), ids.end());
  std::vector<DuplicateId> twins;
  for (std::size_t i = 1; i < ids.size(); ++i) {
    if (ids[i].first != ids[i - 1].first) continue;
    const std::string id = manifest.sample(ids[i].second).id;
    if (id == manifest.sample(ids[i - 1].second).id) twins.push_back({id, ids[i].second, ids[i - 1].second});
  }
  return twins;
}

}  // namespace aio
