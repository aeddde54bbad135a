// HMDB51: <meta>/hmdb51/hmdb51_rgb_{train,val}_split_1.txt (path, frames, label) and hmdb51_classInd.txt. Videos:
// <data>/hmdb51/<name>.avi, all in one folder. The list called val is the data set's test split.

#include "data/datasets/action_lists.h"
#include "data/datasets/readers.h"

namespace aio {

void read_hmdb51(Conversion& conversion) {
  conversion.info.task = Task::classify;
  conversion.info.prompt = "A person is doing [MASK]";
  conversion.media_root("hmdb51", {""});
  conversion.info.labels = read_class_index(conversion.need("hmdb51", {"hmdb51_classInd.txt", "classInd.txt"}));
  if (const auto path = conversion.find("hmdb51", {"hmdb51_rgb_train_split_1.txt"})) {
    read_tsn_list(conversion, "train", *path);
  }
  if (const auto path = conversion.find("hmdb51", {"hmdb51_rgb_val_split_1.txt"})) {
    read_tsn_list(conversion, "test", *path);
  }
}

}  // namespace aio
