// UCF101: lists as HMDB51's, named ucf101_rgb_{train,val}_split_1.txt (or hmdb51_..., as in the paper's code), videos
// <data>/ucf101/<name>.avi; or the publisher's {train,test}list01.txt, lines "<class>/<name>.avi [label from 1]",
// videos <data>/ucf101/[UCF-101/]<class>/<name>.avi. Classes: classInd.txt (or ucf101_..., hmdb51_...).

#include <algorithm>

#include "data/datasets/action_lists.h"
#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

/// The class is the folder's name; test lists give no label.
void read_published_list(Conversion& conversion, const std::string& split, const std::string& path) {
  for (const std::string& line : read_list(path)) {
    const std::string video = line.substr(0, line.find(' '));
    const std::size_t slash = video.find('/');
    if (slash == std::string::npos) {
      conversion.skip(path, "line \"" + line + "\" names no class");
      continue;
    }
    Sample sample = make_sample(without_extension(base_name(video)), video);
    sample.label_name = video.substr(0, slash);
    conversion.add(split, std::move(sample));
  }
}

}  // namespace

void read_ucf101(Conversion& conversion) {
  conversion.info.task = Task::classify;
  conversion.info.prompt = "A person is doing [MASK]";
  conversion.media_root("ucf101", {"UCF-101", "videos", ""});
  conversion.info.labels =
      read_class_index(conversion.need("ucf101", {"ucf101_classInd.txt", "classInd.txt", "hmdb51_classInd.txt"}));
  const std::pair<const char*, const char*> splits[] = {{"train", "train"}, {"test", "val"}};
  for (const auto& [split, list] : splits) {
    const std::string suffix = std::string("_rgb_") + list + "_split_1.txt";
    if (const auto tsn = conversion.find("ucf101", {"ucf101" + suffix, "hmdb51" + suffix})) {
      read_tsn_list(conversion, split, *tsn);
    } else if (const auto published = conversion.find("ucf101", {std::string(split) + "list01.txt"})) {
      read_published_list(conversion, split, *published);
    }
  }
}

}  // namespace aio
