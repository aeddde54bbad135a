// HowTo100M: <meta>/howto100m/ht100_videos_split{,_val}.csv, tab separated with a header, column Name = the video's
// path in <data>/howto100m. What is said in it: <data>/howto100m/howto100m_csv/<video id>.csv with the columns start,
// end (seconds), text; the id is the file's name up to its first dot.
//
// A sample is a video with all its lines as `segments`, one of which is drawn each time: an epoch sees each video once,
// as in the paper's code.

#include <algorithm>
#include <filesystem>

#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

/// A clip of a line lasts 4 seconds at least, with the line in its middle.
Segment widened(double start, double end, std::string text) {
  constexpr double kShortest = 4;
  const double length = end - start;
  if (length < kShortest) {
    start = std::max(0.0, start - (kShortest - length) / 2);
    end = start + kShortest;
  }
  return {start, end, std::move(text)};
}

std::vector<Segment> read_lines(const std::string& path, Conversion& conversion) {
  std::vector<Segment> segments;
  for_each_row(path, ',', [&](const TableRow& row) {
    const double start = row.number("start"), end = row.number("end");
    if (trimmed(row.text("text")).empty()) return;
    if (start < 0 || end < start) {
      conversion.skip(row.where(), message("the line lasts from ", start, " to ", end));
      return;
    }
    segments.push_back(widened(start, end, row.text("text")));
  });
  return segments;
}

void add_video(Conversion& conversion, const std::string& split, const std::string& name, const std::string& where) {
  const std::string id = before_first_dot(base_name(name));
  const std::string captions = conversion.info.media_root + "/howto100m_csv/" + id + ".csv";
  if (!std::filesystem::is_regular_file(captions)) {
    conversion.skip(where, captions + " is not there");
    return;
  }
  Sample sample = make_sample(id, name);
  sample.segments = read_lines(captions, conversion);
  if (sample.segments.empty()) {
    conversion.skip(where, captions + " has no lines");
  } else if (!conversion.options().one_caption_a_line) {
    conversion.add(split, std::move(sample));
  } else {
    int number = 0;
    for (const Segment& segment : sample.segments) {
      Sample one = make_sample(message(id, "_", number++), name);
      one.start = segment.start;
      one.end = segment.end;
      one.captions = {segment.text};
      conversion.add(split, std::move(one));
    }
  }
}

}  // namespace

void read_howto100m(Conversion& conversion) {
  conversion.media_root("howto100m", {""});
  const std::pair<const char*, const char*> lists[] = {{"train", "ht100_videos_split.csv"},
                                                       {"val", "ht100_videos_split_val.csv"}};
  for (const auto& [split, list] : lists) {
    const auto path = conversion.find("howto100m", {list});
    if (!path) continue;
    const std::string name = split;
    for_each_row(*path, '\t', [&](const TableRow& row) { add_video(conversion, name, row.text("Name"), row.where()); });
  }
}

}  // namespace aio
