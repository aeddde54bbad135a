// VCR (Zellers et al. 2019): a question about a film still with four answers, and four reasons for the right one.
//   <meta>/vcr1annots/{train,val,test}.jsonl: annot_id, img_fn, metadata_fn, objects, question, answer_choices,
//     answer_label, rationale_choices, rationale_label (labels and reasons are not in test)
//   <data>/vcr/vcr1images/<img_fn>, <metadata_fn>: {"boxes": [[x1, y1, x2, y2, score], ...], "names": [...], ...}
//
// Texts are lists of words and of numbers of objects. As in the paper's code an object becomes its name and a number
// ("person 0"), counted in the order in which question, answers and reasons first name them; its box is painted.

#include <algorithm>
#include <filesystem>

#include "data/datasets/json_file.h"
#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {
namespace {

using nlohmann::json;

/// What a line's texts name, in the order in which they do.
class NamedObjects {
 public:
  NamedObjects(std::vector<std::string> names, std::string where)
      : names_(std::move(names)), where_(std::move(where)) {}

  /// ["Why", "is", [1, 0], "?"] -> "Why is person 0 car 1 ?"
  std::string text(const json& words) {
    check(words.is_array(), ErrorCode::format, where_, ": a text is ", words.type_name(), ", expected a list of words");
    std::string result;
    const auto append = [&](const std::string& word) { result.append(result.empty() ? "" : " ").append(word); };
    for (const json& word : words) {
      if (word.is_string()) {
        append(word.get<std::string>());
        continue;
      }
      check(word.is_array(), ErrorCode::format, where_, ": ", word.dump(), " is neither a word nor a list of objects");
      for (const json& object : word) append(name_of(object));
    }
    return result;
  }
  std::vector<std::string> texts(const json& list) {
    std::vector<std::string> result;
    for (const json& words : list) result.push_back(text(words));
    return result;
  }
  const std::vector<std::size_t>& seen() const { return seen_; }

 private:
  std::string name_of(const json& object) {
    check(object.is_number_unsigned() && object.get<std::size_t>() < names_.size(), ErrorCode::format, where_,
          ": names object ", object.dump(), ", there are ", names_.size());
    const auto number = object.get<std::size_t>();
    auto place = std::find(seen_.begin(), seen_.end(), number);
    if (place == seen_.end()) place = seen_.insert(seen_.end(), number);
    return message(names_[number], " ", place - seen_.begin());
  }

  std::vector<std::string> names_;
  std::string where_;
  std::vector<std::size_t> seen_;
};

/// Boxes of the given objects, from the image's metadata; none where that file is not there.
std::vector<Box> boxes_of(const std::string& path, const std::vector<std::size_t>& objects) {
  std::vector<Box> boxes;
  if (!std::filesystem::is_regular_file(path)) return boxes;
  const JsonRow metadata = read_json(path);
  const json& all = metadata.list("boxes");
  for (const std::size_t object : objects) {
    const json& box = object < all.size() ? all[object] : json();
    check(box.is_array() && box.size() >= 4 &&
              std::all_of(box.begin(), box.end(), [](const json& x) { return x.is_number(); }),
          ErrorCode::format, path, ": object ", object, " has no box of four numbers");
    boxes.push_back({box[0].get<double>(), box[1].get<double>(), box[2].get<double>(), box[3].get<double>()});
  }
  return boxes;
}

Sample vcr_sample(const JsonRow& row, const std::string& images) {
  NamedObjects objects(row.texts("objects"), row.where());
  Sample sample = make_sample(row.text("annot_id"), row.text("img_fn"));
  sample.question = objects.text(row.list("question"));
  sample.options = objects.texts(row.list("answer_choices"));
  if (row.has("rationale_choices")) sample.rationales = objects.texts(row.list("rationale_choices"));
  if (row.has("answer_label")) sample.answer_index = row.integer("answer_label");
  if (row.has("rationale_label")) sample.rationale_index = row.integer("rationale_label");
  sample.boxes = boxes_of(images + "/" + row.text("metadata_fn"), objects.seen());
  return sample;
}

}  // namespace

void read_vcr(Conversion& conversion) {
  conversion.info.task = Task::mc_qa;
  conversion.info.prompt = "{question}[SEP]{option}";
  const std::string images = conversion.media_root("vcr", {"vcr1images", ""});
  for (const std::string split : {"train", "val", "test"}) {
    const auto path = conversion.find("vcr1annots", {split + ".jsonl"});
    if (!path) continue;
    for_each_json_row(*path, [&](const JsonRow& row) { conversion.add(split, vcr_sample(row, images)); });
  }
}

}  // namespace aio
