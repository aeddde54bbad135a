// YouCook2, captions of recipe steps: <meta>/youcook2/youcookii_annotations_trainval.json, database.<video id> with
// subset and annotations [{id, segment [s, e], sentence}]; or validation_youcook.csv with the columns end, start, task,
// text, video_id. Videos: cut clips <data>/youcook2/{training,validation}/<video id>_<id>.mp4, or whole videos
// <data>/youcook2/{videos,raw_videos}/.../<video id>.{mp4,mkv,webm}.

#include <filesystem>

#include "data/datasets/json_file.h"
#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

const std::vector<std::string> kExtensions = {".mp4", ".mkv", ".webm"};

/// The cut clip if it is there, else the whole video between its times.
Sample step(Conversion& conversion, const std::string& folder, const std::string& video, const std::string& id,
            double start, double end) {
  const std::string cut = folder + "/" + video + "_" + id + ".mp4";
  if (std::filesystem::is_regular_file(conversion.info.media_root + "/" + cut)) {
    return make_sample(video + "_" + id, cut);
  }
  std::string media;
  for (const std::string place : {"videos/", "raw_videos/", ""}) {
    media = conversion.with_extension(place + video, kExtensions);
    if (std::filesystem::is_regular_file(conversion.info.media_root + "/" + media)) break;
  }
  Sample sample = make_sample(video + "_" + id, media);
  sample.start = start;
  sample.end = end;
  return sample;
}

void read_annotations(Conversion& conversion, const std::string& path) {
  const JsonRow database = read_json(path).object("database");
  for (const auto& entry : database.value().items()) {
    const JsonRow video(entry.value(), path + ": " + entry.key());
    const std::string subset = video.text("subset");
    for (const auto& item : video.list("annotations")) {
      const JsonRow row(item, video.where() + ": annotations");
      const auto& segment = row.list("segment");
      check(segment.size() == 2 && segment[0].is_number() && segment[1].is_number(), ErrorCode::format, row.where(),
            ": segment is ", segment.dump(), ", expected [start, end]");
      Sample sample =
          step(conversion, subset, entry.key(), row.text("id"), segment[0].get<double>(), segment[1].get<double>());
      if (row.has("sentence")) sample.captions = {row.text("sentence")};
      conversion.add(subset == "training" ? "train" : subset == "validation" ? "val" : subset, std::move(sample));
    }
  }
}

}  // namespace

void read_youcook2(Conversion& conversion) {
  conversion.info.task = Task::caption;
  conversion.media_root("youcook2", {""});
  if (const auto path = conversion.find("youcook2", {"youcookii_annotations_trainval.json"})) {
    read_annotations(conversion, *path);
  } else if (const auto csv = conversion.find("youcook2", {"validation_youcook.csv"})) {
    int number = 0;
    for_each_row(*csv, ',', [&](const TableRow& row) {
      Sample sample = step(conversion, "validation", row.text("video_id"), message(number++), row.number("start"),
                           row.number("end"));
      sample.captions = {row.text("text")};
      conversion.add("val", std::move(sample));
    });
  }
}

}  // namespace aio
