// ActivityNet Captions, paragraph to video: <meta>/activitynet/{train,val1,val2}.jsonl with clip_name and caption.
// Frames: <data>/activitynet/activitynet_frames/<clip_name>/%03d.jpg from 0, or a video
// <data>/activitynet/{videos,activitynet_videos}/<clip_name>.{mp4,mkv,webm}.

#include <filesystem>

#include "data/datasets/json_file.h"
#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"

namespace aio {

void read_activitynet(Conversion& conversion) {
  conversion.info.task = Task::retrieval;
  const std::string& root =
      conversion.media_root("activitynet", {"activitynet_frames", "videos", "activitynet_videos", ""});
  const bool has_frames = root.ends_with("/activitynet_frames");
  for (const std::string split : {"train", "val1", "val2"}) {
    const auto path = conversion.find("activitynet", {split + ".jsonl"});
    if (!path) continue;
    for_each_json_row(*path, [&](const JsonRow& row) {
      const std::string clip = row.text("clip_name");
      Sample sample = make_sample(clip, has_frames ? clip : conversion.with_extension(clip, {".mp4", ".mkv", ".webm"}));
      if (has_frames) sample.frames = FrameFolder{"%03d.jpg", 0, 3};
      sample.captions = {collapsed(row.text("caption"))};
      conversion.add(split, std::move(sample));
    });
  }
}

}  // namespace aio
