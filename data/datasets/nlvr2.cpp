// NLVR2 (Suhr et al. 2019): is a sentence true of two photographs? Splits train, val (the publisher's dev) and test
// (test1, its public one). Either ViLT's Arrow files,
//   <data>/nlvr2/nlvr2_{train,dev,test1}.arrow: image_0, image_1, questions, answers ("True", "False"), identifier
// a row a pair of images with all of its sentences; or the publisher's, a line a sentence,
//   <meta>/nlvr2/{train,dev,test1}.json: identifier ("dev-850-0-0"), sentence, label ("True", "False"), directory
//   <data>/nlvr2/images/train/<directory>/train-10171-0-img{0,1}.png, <data>/nlvr2/{dev,test1}/dev-850-0-img{0,1}.png
// where the identifier of the images is the sentence's without its last number.

#include <filesystem>

#include "data/datasets/arrow_images.h"
#include "data/datasets/json_file.h"
#include "data/datasets/readers.h"
#include "tensor/error.h"

namespace aio {
namespace {

struct Split {
  const char* name;
  const char* publisher;
};
constexpr Split kSplits[] = {{"train", "train"}, {"val", "dev"}, {"test", "test1"}};

/// Of "True" or "False", as both forms write it.
std::int64_t truth_of(const std::string& label, const std::string& where) {
  check(label == "True" || label == "False", ErrorCode::format, where, ": the answer is \"", label,
        "\", expected True or False");
  return label == "True" ? 1 : 0;
}

bool read_arrow(Conversion& conversion) {
  bool any = false;
  for (const Split& split : kSplits) {
    const std::vector<std::string> files{message("nlvr2_", split.publisher, ".arrow")};
    for_each_arrow_row(conversion, files, [&](const ArrowFile& table, const std::string& file, std::int64_t row) {
      any = true;
      const std::string where = message(file, ": row ", row), id = table.text("identifier", row);
      const std::vector<std::string> sentences = table.texts("questions", row), answers = table.texts("answers", row);
      check(sentences.size() == answers.size(), ErrorCode::format, where, " has ", sentences.size(), " sentences and ",
            answers.size(), " answers");
      for (std::size_t i = 0; i < sentences.size(); ++i) {
        Sample sample = arrow_sample(table, file, row, message(id, "-", i), "image_0");
        const Sample second = arrow_sample(table, file, row, id, "image_1");
        sample.media2 = second.media;
        sample.offset2 = second.offset;
        sample.bytes2 = second.bytes;
        sample.question = sentences[i];
        sample.label = truth_of(answers[i], where);
        conversion.add(split.name, std::move(sample));
      }
    });
  }
  return any;
}

void read_json_lines(Conversion& conversion) {
  for (const Split& split : kSplits) {
    const auto path =
        conversion.find("nlvr2", {message(split.publisher, ".json"), message("data/", split.publisher, ".json")});
    if (!path) continue;
    for_each_json_row(*path, [&](const JsonRow& row) {
      const std::string id = row.text("identifier");
      const std::size_t dash = id.rfind('-');
      check(dash != std::string::npos, ErrorCode::format, row.where(), ": identifier is \"", id,
            "\", expected one like dev-850-0-0");
      const std::string folder =
          row.has("directory") ? message("images/train/", row.text("directory"), "/") : message(split.publisher, "/");
      const std::string images = folder + id.substr(0, dash);
      Sample sample = make_sample(id, images + "-img0.png");
      sample.media2 = images + "-img1.png";
      sample.question = row.text("sentence");
      sample.label = truth_of(row.text("label"), row.where());
      conversion.add(split.name, std::move(sample));
    });
  }
}

}  // namespace

void read_nlvr2(Conversion& conversion) {
  conversion.info.task = Task::classify;
  conversion.info.labels = {"False", "True"};
  conversion.info.prompt = "{question}";
  conversion.media_root("nlvr2", {""});
  if (!read_arrow(conversion)) read_json_lines(conversion);
}

}  // namespace aio
