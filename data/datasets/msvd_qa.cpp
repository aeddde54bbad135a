// MSVD-QA: <meta>/msvd/msvd_{train,val,test}_qa_encode.json, one JSON array on one line: question, answer, id, video_id
// (1 .. 1970); msvd_answer_set.txt, an answer a line; msvd_youtube_mapping.txt, lines "<clip name> vid<number>".
// Videos: <data>/msvd/YouTubeClips/<clip name>.avi.

#include <map>

#include "data/datasets/json_file.h"
#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

std::map<std::string, std::string> read_clip_names(const std::string& path) {
  std::map<std::string, std::string> names;  // "vid12" -> clip
  for (const std::string& line : read_list(path)) {
    const std::size_t blank = line.rfind(' ');
    check(blank != std::string::npos, ErrorCode::format, path, ": line \"", line, "\", expected a clip and its number");
    names[line.substr(blank + 1)] = trimmed(line.substr(0, blank));
  }
  return names;
}

}  // namespace

void read_msvd_qa(Conversion& conversion) {
  conversion.info.task = Task::qa;
  conversion.media_root("msvd", {"YouTubeClips", ""});
  conversion.info.answers = read_list(conversion.need("msvd", {"msvd_answer_set.txt"}));
  const auto names = read_clip_names(conversion.need("msvd", {"msvd_youtube_mapping.txt"}));
  for (const std::string split : {"train", "val", "test"}) {
    const auto path = conversion.find("msvd", {"msvd_" + split + "_qa_encode.json"});
    if (!path) continue;
    for_each_json_row(*path, [&](const JsonRow& row) {
      const auto name = names.find("vid" + row.text("video_id"));
      if (name == names.end()) {
        conversion.skip(row.where(), "video " + row.text("video_id") + " is not in msvd_youtube_mapping.txt");
        return;
      }
      Sample sample = make_sample(row.text("id"), name->second + ".avi");
      sample.question = row.text("question");
      sample.answer = row.text("answer");
      conversion.add(split, std::move(sample));
    });
  }
}

}  // namespace aio
