#include "apps/evaluator/retrieval_items.h"

#include <algorithm>
#include <map>

#include "tensor/error.h"

namespace aio::apps {
namespace {

void add_texts(const Sample& video, std::int64_t row, bool paragraph, RetrievalItems& items) {
  std::vector<std::string> texts = video.captions;
  if (paragraph && !texts.empty()) {
    for (std::size_t i = 1; i < texts.size(); ++i) texts[0].append(" ").append(texts[i]);
    texts.resize(1);
  }
  for (std::string& text : texts) {
    items.texts.push_back(std::move(text));
    items.video_of.push_back(row);
  }
}

/// What makes a video the same scene as others (data/sample_loader.h).
std::vector<std::string> scenes_of(const Sample& video) {
  std::vector<std::string> names;
  if (!video.media.empty()) names.push_back(message("media ", video.start.value_or(-1), " ", video.media));
  if (!video.group.empty()) names.push_back("group " + video.group);
  return names;
}

RetrievalTruth find_truth(const RetrievalItems& items) {
  std::map<std::string, std::vector<std::int64_t>> scenes;
  for (std::size_t row = 0; row < items.videos.size(); ++row) {
    for (const std::string& scene : scenes_of(items.videos[row]))
      scenes[scene].push_back(static_cast<std::int64_t>(row));
  }
  RetrievalTruth truth;
  for (const std::int64_t row : items.video_of) {
    std::vector<std::int64_t> right{row};
    for (const std::string& scene : scenes_of(items.videos[static_cast<std::size_t>(row)])) {
      right.insert(right.end(), scenes[scene].begin(), scenes[scene].end());
    }
    std::sort(right.begin(), right.end());
    right.erase(std::unique(right.begin(), right.end()), right.end());
    truth.push_back(std::move(right));
  }
  return truth;
}

}  // namespace

RetrievalItems read_items(const EvalSplit& split, bool paragraph) {
  RetrievalItems items;
  for (std::int64_t row = 0; row < split.size(); ++row) {
    items.videos.push_back(split.sample(row));
    add_texts(items.videos.back(), row, paragraph, items);
  }
  check(!items.texts.empty(), ErrorCode::value, "retrieval: the split has no captions to search with");
  items.readable.assign(items.videos.size(), 1);
  items.truth = find_truth(items);
  return items;
}

}  // namespace aio::apps
