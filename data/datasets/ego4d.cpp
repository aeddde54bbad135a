// Ego4D narrations: <meta>/ego4d/ego4d_{train_subset,val_ts_clean}.csv, tab separated without a header: 0 video, 2 its
// seconds, 3 its frames, 5 the narration's frame, 6 its text ("#C C walks on the ground"). The clip is the 120 frames
// around the narration. Videos: <data>/ego4d/videos/<video>.mp4.

#include <algorithm>

#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"

namespace aio {

void read_ego4d(Conversion& conversion) {
  constexpr double kHalfWindow = 60;  // frames: 2 s at 30 a second
  conversion.media_root("ego4d", {"videos", ""});
  const std::pair<const char*, const char*> lists[] = {{"train", "ego4d_train_subset.csv"},
                                                       {"val", "ego4d_val_ts_clean.csv"}};
  for (const auto& [split, list] : lists) {
    const auto path = conversion.find("ego4d", {list});
    if (!path) continue;
    const std::string name = split;
    for_each_row_of(*path, '\t', read_header(*path, '\t').size(), conversion, [&](const TableRow& row) {
      const double seconds = row.number(std::size_t{2}), frames = row.number(std::size_t{3});
      const double centre = row.number(std::size_t{5});
      if (seconds <= 0 || frames <= 0 || centre - kHalfWindow >= frames) {
        conversion.skip(row.where(), "the narration lies outside its video");
        return;
      }
      const double fps = frames / seconds;
      const std::string& video = row.text(std::size_t{0});
      Sample sample = make_sample(video + "_" + row.text(std::size_t{5}), video + ".mp4");
      sample.start = std::max(0.0, (centre - kHalfWindow) / fps);
      sample.end = std::min(seconds, (centre + kHalfWindow) / fps);
      sample.captions = {row.text(std::size_t{6})};
      conversion.add(name, std::move(sample));
    });
  }
}

}  // namespace aio
