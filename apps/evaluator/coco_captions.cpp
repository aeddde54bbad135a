#include "apps/evaluator/coco_captions.h"

#include "data/datasets/json_file.h"
#include "tensor/error.h"

namespace aio::apps {

std::map<std::string, std::vector<std::string>> read_coco_captions(const std::string& path) {
  std::map<std::string, std::vector<std::string>> captions;
  const auto add = [&](const JsonRow& row) { captions[row.text("image_id")].push_back(row.text("caption")); };
  if (!is_json_array(path)) {
    const JsonRow document = read_json(path);
    for (const auto& annotation : document.list("annotations")) add(JsonRow(annotation, path + ": annotations"));
    return captions;
  }
  for_each_json_row(path, add);
  return captions;
}

CocoPairs pair_coco_captions(const std::string& references, const std::string& predictions) {
  const auto truth = read_coco_captions(references);
  CocoPairs pairs;
  for (const auto& [image, said] : read_coco_captions(predictions)) {
    check(said.size() == 1, ErrorCode::format, predictions, ": image ", image, " has ", said.size(),
          " predictions, expected one");
    const auto found = truth.find(image);
    check(found != truth.end(), ErrorCode::format, predictions, ": image ", image, " has no reference in ", references);
    pairs.captions.push_back({said.front(), found->second});
  }
  check(!pairs.captions.empty(), ErrorCode::format, predictions, ": holds no captions");
  pairs.without_prediction = truth.size() - pairs.captions.size();
  return pairs;
}

}  // namespace aio::apps
