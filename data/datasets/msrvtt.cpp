// MSRVTT retrieval, in the layout of Frozen-in-Time's MSRVTT.zip: <data>/msrvtt/annotation/MSR_VTT.json with 20
// `annotations` {image_id, caption} a video; <data>/msrvtt/high-quality/structured-symlinks/*.txt, a video a line.
//
// The jsfusion test set ("1k-A") has one caption a video, which jsfusion_val_caption_idx.pkl picks by its place among
// the video's captions, or MSRVTT_JSFUSION_test.csv (key, vid_key, video_id, sentence) holds. Other test sets keep all
// captions; evaluation uses the first.

#include <map>

#include "data/datasets/json_file.h"
#include "data/datasets/msrvtt_videos.h"
#include "data/datasets/pickle_dict.h"
#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

using Captions = std::map<std::string, std::vector<std::string>>;

Captions read_captions(const std::string& path) {
  const JsonRow file = read_json(path);
  Captions captions;
  for (const auto& item : file.list("annotations")) {
    const JsonRow row(item, path + ": annotations");
    captions[row.text("image_id")].push_back(row.text("caption"));
  }
  return captions;
}

class MsrvttReader {
 public:
  explicit MsrvttReader(Conversion& conversion) : conversion_(conversion) {
    set_msrvtt_root(conversion);
    captions_path_ = find({"annotation/MSR_VTT.json", "MSR_VTT.json"}, true);
    captions_ = read_captions(captions_path_);
  }

  void read() {
    const std::string& cut = conversion_.options().cut;
    const std::string& train = conversion_.options().train_list;
    const std::string& test = conversion_.options().test_list;
    check(cut == "jsfusion" || cut == "miech" || cut == "full", ErrorCode::config, "msrvtt: no cut \"", cut,
          "\", only jsfusion, miech and full");
    conversion_.info.protocol = train.empty() && test.empty() ? cut : "own lists";
    add_all("train", train.empty() ? list("train_list_" + cut) : train);
    if (cut == "full") add_all("val", list("val_list_full"));
    if (!test.empty()) {
      add_all("test", test);
    } else if (cut == "jsfusion") {
      add_jsfusion_test();
    } else {
      add_all("test", list("test_list_" + cut));
    }
  }

 private:
  std::string find(const std::vector<std::string>& names, bool needed) {
    if (needed) return conversion_.need("msrvtt", names);
    return conversion_.find("msrvtt", names).value_or("");
  }

  std::string list(const std::string& name) {
    return find({"high-quality/structured-symlinks/" + name + ".txt", name + ".txt"}, true);
  }

  const std::vector<std::string>* captions_of(const std::string& video, const std::string& where) {
    const auto found = captions_.find(video);
    if (found != captions_.end()) return &found->second;
    conversion_.skip(where, "video \"" + video + "\" has no captions in " + captions_path_);
    return nullptr;
  }

  void add(const std::string& split, const std::string& video, std::vector<std::string> captions) {
    Sample sample = make_sample(video, video + ".mp4");
    sample.captions = std::move(captions);
    conversion_.add(split, std::move(sample));
  }

  void add_all(const std::string& split, const std::string& list_path) {
    for (const std::string& video : read_list(list_path)) {
      if (const auto* captions = captions_of(video, list_path)) add(split, video, *captions);
    }
  }

  void add_jsfusion_test() {
    const std::string csv = find({"MSRVTT_JSFUSION_test.csv", "msrvtt_test.csv", "annotation/MSRVTT_JSFUSION_test.csv",
                                  "high-quality/structured-symlinks/MSRVTT_JSFUSION_test.csv"},
                                 false);
    if (!csv.empty()) {
      for_each_row(csv, ',', [&](const TableRow& row) { add("test", row.text("video_id"), {row.text("sentence")}); });
      return;
    }
    const std::string pickle =
        find({"high-quality/structured-symlinks/jsfusion_val_caption_idx.pkl", "jsfusion_val_caption_idx.pkl"}, true);
    const std::map<std::string, std::int64_t> places = read_pickle_dict(pickle);
    for (const std::string& video : read_list(list("val_list_jsfusion"))) {
      const auto* const captions = captions_of(video, pickle);
      if (captions == nullptr) continue;
      const auto place = places.find(video);
      check(place != places.end() && place->second >= 0 && place->second < static_cast<std::int64_t>(captions->size()),
            ErrorCode::format, pickle, ": names no caption of ", video, ", which has ", captions->size());
      add("test", video, {(*captions)[static_cast<std::size_t>(place->second)]});
    }
  }

  Conversion& conversion_;
  std::string captions_path_;
  Captions captions_;
};

}  // namespace

void read_msrvtt(Conversion& conversion) {
  conversion.info.task = Task::retrieval;
  MsrvttReader(conversion).read();
}

}  // namespace aio
