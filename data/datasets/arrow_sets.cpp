// Image-text sets in the Arrow files that ViLT's scripts write: an image's encoded bytes and its texts a row.
// A sample's media is the cell in the Arrow file: nothing is extracted.
//
//   <data>/coco/coco_caption_karpathy_{train,restval,val,test}.arrow      train = train + restval
//   <data>/f30k/f30k_caption_karpathy_{train,val,test}.arrow
//   <data>/sbu/sbu_{0..8}.arrow     <data>/conceptual/conceptual_caption_{train_{0..29},val_0}.arrow
//   <data>/vg/vg_train.arrow or vg.arrow (captions of regions)
//   <data>/vqav2/vqav2_{train,trainable_val,rest_val,test}.arrow          train = train + trainable_val
//
// Captions of one image are without repetitions in the caption sets.

#include <algorithm>

#include "data/datasets/arrow_images.h"
#include "data/datasets/readers.h"
#include "tensor/error.h"

namespace aio {

namespace {

std::vector<std::string> without_repetitions(std::vector<std::string> texts) {
  std::vector<std::string> result;
  for (std::string& text : texts) {
    if (std::find(result.begin(), result.end(), text) == result.end()) result.push_back(std::move(text));
  }
  return result;
}

void add_captions(Conversion& conversion, const std::string& split, const std::vector<std::string>& files) {
  for_each_arrow_row(conversion, files, [&](const ArrowFile& table, const std::string& file, std::int64_t row) {
    Sample sample = arrow_sample(table, file, row, table.text("image_id", row));
    sample.captions = without_repetitions(table.texts("caption", row));
    conversion.add(split, std::move(sample));
  });
}

std::vector<std::string> numbered(const std::string& prefix, int count) {
  std::vector<std::string> files;
  for (int i = 0; i < count; ++i) files.push_back(message(prefix, i, ".arrow"));
  return files;
}

}  // namespace

void read_coco(Conversion& conversion) {
  const std::string prefix = "coco_caption_karpathy_";
  conversion.info.task = Task::retrieval;
  conversion.media_root("coco", {""});
  add_captions(conversion, "train", {prefix + "train.arrow", prefix + "restval.arrow"});
  add_captions(conversion, "val", {prefix + "val.arrow"});
  add_captions(conversion, "test", {prefix + "test.arrow"});
}

void read_f30k(Conversion& conversion) {
  conversion.info.task = Task::retrieval;
  conversion.media_root("f30k", {""});
  for (const std::string split : {"train", "val", "test"}) {
    add_captions(conversion, split, {"f30k_caption_karpathy_" + split + ".arrow"});
  }
}

void read_sbu(Conversion& conversion) {
  conversion.media_root("sbu", {""});
  add_captions(conversion, "train", numbered("sbu_", 9));
}

void read_gcc(Conversion& conversion) {
  conversion.media_root("conceptual", {""});
  add_captions(conversion, "train", numbered("conceptual_caption_train_", 30));
  add_captions(conversion, "val", numbered("conceptual_caption_val_", 1));
}

void read_vg(Conversion& conversion) {
  conversion.media_root("vg", {""});
  add_captions(conversion, "train", {"vg_train.arrow", "vg.arrow"});
}

void read_vqav2(Conversion& conversion) {
  conversion.info.task = Task::qa;
  conversion.media_root("vqav2", {""});
  std::vector<std::string>& classes = conversion.info.answers;
  const auto add = [&](const std::string& split, const std::vector<std::string>& files) {
    for_each_arrow_row(conversion, files, [&](const ArrowFile& table, const std::string& file, std::int64_t row) {
      const auto questions = table.texts("questions", row);
      const auto ids = table.integers("question_id", row);
      const bool answered = table.has("answers") && table.has("answer_labels");
      const auto answers = answered ? table.nested_texts("answers", row) : std::vector<std::vector<std::string>>();
      const auto scores = answered ? table.nested_numbers("answer_scores", row) : std::vector<std::vector<double>>();
      const auto labels = answered ? table.nested_numbers("answer_labels", row) : std::vector<std::vector<double>>();
      for (std::size_t i = 0; i < questions.size(); ++i) {
        check(i < ids.size(), ErrorCode::format, file, ": row ", row, " has more questions than ids");
        Sample sample = arrow_sample(table, file, row, message(ids[i]));
        sample.question = questions[i];
        for (std::size_t k = 0; i < answers.size() && k < answers[i].size(); ++k) {
          check(i < scores.size() && k < scores[i].size() && i < labels.size() && k < labels[i].size(),
                ErrorCode::format, file, ": row ", row, " has answers without scores or classes");
          sample.answers.push_back({answers[i][k], scores[i][k]});
          // The list of answers is nowhere but in the rows.
          const double label = labels[i][k];
          check(label >= 0 && label < 100000, ErrorCode::format, file, ": row ", row, " has the class ", label);
          const auto place = static_cast<std::size_t>(label);
          if (place >= classes.size()) classes.resize(place + 1);
          classes[place] = answers[i][k];
        }
        conversion.add(split, std::move(sample));
      }
    });
  };
  add("train", {"vqav2_train.arrow", "vqav2_trainable_val.arrow"});
  add("val", {"vqav2_rest_val.arrow"});
  add("test", {"vqav2_test.arrow"});
}

}  // namespace aio
