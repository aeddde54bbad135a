#include "data/datasets/tv_shows.h"

#include <algorithm>
#include <array>

namespace aio {

void set_tv_root(Conversion& conversion) {
  conversion.media_root("tvqa", {"frames/raw_frames/frames_hq", "frames_hq", "frames", ""});
}

Sample tv_sample(const std::string& id, const std::string& vid_name) {
  constexpr std::array kShows = {"bbt", "castle", "friends", "grey", "house", "met"};
  const std::string prefix = vid_name.substr(0, vid_name.find('_'));
  const bool known = std::find(kShows.begin(), kShows.end(), prefix) != kShows.end();
  Sample sample = make_sample(id, (known ? prefix : "bbt") + "_frames/" + vid_name);
  sample.frames = FrameFolder{"%05d.jpg", 1, 3};
  return sample;
}

}  // namespace aio
