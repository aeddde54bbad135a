// Kinetics-400: <meta>/k400/k400_{train,test}_tsm.list, tab separated: some path ending in <class>/<name>.zip, label;
// kinetics_label_map.txt, a class a line, whose order gives the labels. Or DeepMind's {train,val,test}.csv with label,
// youtube_id, time_start, time_end, split. Videos: <data>/k400/{train,val}/<class>/<name>.{mp4,mkv,webm,avi}; of a
// video whose name goes on after <name>, the first is taken.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

namespace fs = std::filesystem;

/// The file names of a folder, sorted, listed once.
class Folders {
 public:
  const std::vector<std::string>& names(const std::string& folder) {
    const auto [place, is_new] = lists_.try_emplace(folder);
    if (is_new && fs::is_directory(folder)) {
      for (const auto& entry : fs::directory_iterator(folder)) place->second.push_back(entry.path().filename());
      std::sort(place->second.begin(), place->second.end());
    }
    return place->second;
  }

 private:
  std::map<std::string, std::vector<std::string>> lists_;
};

class KineticsReader {
 public:
  explicit KineticsReader(Conversion& conversion) : conversion_(conversion) {
    conversion.media_root("k400", {""});
    if (const auto path = conversion.find("k400", {"kinetics_label_map.txt"}))
      conversion.info.labels = read_list(*path);
  }

  void read() {
    for (const auto& [split, list] : {std::pair{"train", "k400_train_tsm.list"}, {"test", "k400_test_tsm.list"}}) {
      if (const auto path = conversion_.find("k400", {list})) read_tsm_list(split, *path);
    }
    for (const std::string split : {"train", "val", "test"}) {
      if (const auto path = conversion_.find("k400", {split + ".csv", "kinetics_" + split + ".csv"})) {
        read_csv(split, *path);
      }
    }
  }

 private:
  /// <folder>/<class>/<name> + the rest of the file's name; `name`.mp4 if there is none.
  std::string video(const std::string& folder, const std::string& action, const std::string& name) {
    const std::string place = folder + "/" + action + "/";
    const auto& files = folders_.names(conversion_.info.media_root + "/" + place);
    const auto found = std::lower_bound(files.begin(), files.end(), name);
    return place + (found != files.end() && found->starts_with(name) ? *found : name + ".mp4");
  }

  void read_tsm_list(const std::string& split, const std::string& path) {
    for_each_row_of(path, '\t', 2, conversion_, [&](const TableRow& row) {
      const fs::path original(row.text(std::size_t{0}));
      const std::string name = original.stem().string(), action = original.parent_path().filename().string();
      Sample sample = make_sample(name, video(split == "train" ? "train" : "val", action, name));
      sample.label = row.integer(std::size_t{1});
      conversion_.add(split, std::move(sample));
    });
  }

  void read_csv(const std::string& split, const std::string& path) {
    for_each_row(path, ',', [&](const TableRow& row) {
      char times[32];
      std::snprintf(times, sizeof(times), "_%06d_%06d", static_cast<int>(row.number("time_start")),
                    static_cast<int>(row.number("time_end")));
      const std::string name = row.text("youtube_id") + times;
      if (!row.has("label")) {  // test lists without labels
        conversion_.add(split, make_sample(name, video(split, "", name)));
        return;
      }
      std::string action = row.text("label");
      const bool underscores = !fs::is_directory(conversion_.info.media_root + "/" + split + "/" + action);
      std::string folder = action;
      if (underscores) std::replace(folder.begin(), folder.end(), ' ', '_');
      Sample sample = make_sample(name, video(split, folder, name));
      sample.label_name = std::move(action);
      conversion_.add(split, std::move(sample));
    });
  }

  Conversion& conversion_;
  Folders folders_;
};

}  // namespace

void read_k400(Conversion& conversion) {
  conversion.info.task = Task::classify;
  conversion.info.prompt = "A persion is doing [MASK]";  // the reference's spelling, which its probes were trained on
  KineticsReader(conversion).read();
  check(!conversion.info.labels.empty(), ErrorCode::io,
        "k400: kinetics_label_map.txt is not there; its order gives the labels");
}

}  // namespace aio
