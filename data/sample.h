#pragma once
// Sample: one line of a manifest, i.e. a video, GIF, image or folder of frames with the text that belongs to it.
//
// On disk a sample is one JSON object on one line; these are its keys. Only `id` and `media` are required by all
// tasks, the others are what a task reads (requirements: data/manifest_check.h).
//   {"id":"v1","media":"clips/v1.mp4","start":3.5,"end":9.0,"captions":["a man rides a bike","someone cycling"]}
//   {"id":"q1","media":"clips/v1.mp4","question":"what does the man ride?","answer":"bike"}
//   {"id":"c1","media":"clips/v1.mp4","question":"what happens next?","options":["he falls","he stops"],
//    "answer_index":1}
//   {"id":"a1","media":"clips/v2.avi","label_name":"brush_hair"}

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aio {

enum class Task { caption, retrieval, choice, mc_qa, qa, classify, pretrain };

std::string_view to_string(Task task);
/// Throws Error{format} that lists the tasks.
Task parse_task(std::string_view name);

/// How the pictures of a folder are numbered: printf pattern, number of the first one, pictures a second.
struct FrameFolder {
  std::string pattern = "%05d.jpg";
  std::int64_t first = 1;
  double fps = 3;
};

/// A sentence and the seconds it was said in; a clip of a long, narrated video.
struct Segment {
  double start = 0;
  double end = 0;
  std::string text;
};

/// A word of a transcript and the second at which it was said.
struct TimedWord {
  std::string text;
  double time = 0;
};

/// One of several accepted answers, and how much of a point it earns (VQAv2: 0, .3, .6, .9, 1).
struct ScoredAnswer {
  std::string text;
  double score = 1;
};

/// A part of a picture, in its pixels: left, top, right, bottom, the last two exclusive.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};

struct Sample {
  std::string id;     ///< unique in its split
  std::string media;  ///< relative to the media root; "file.tar#member" and "file.arrow#row" lie in containers
  std::optional<std::int64_t> offset, bytes;    ///< the media is this part of the file: a member of a container
  std::string media2;                           ///< the second image of a pair (NLVR2)
  std::optional<std::int64_t> offset2, bytes2;  ///< of media2
  std::optional<double> start, end;             ///< seconds; absent: the whole file
  std::optional<FrameFolder> frames;            ///< `media` is a folder of pictures
  std::vector<std::string> captions;            ///< reference texts, in the file's order ("caption" or "captions")
  std::vector<Segment> segments;                ///< one sample a video, one of these drawn each time
  std::vector<TimedWord> words;                 ///< one sample a video, clips drawn at run time
  std::string question;
  std::optional<std::string> answer;         ///< may be outside the data set's answer list
  std::vector<ScoredAnswer> answers;         ///< soft ground truth
  std::vector<std::string> options;          ///< at least two, or none
  std::optional<std::int64_t> answer_index;  ///< of the correct option, from 0; absent: a test set without answers
  // VCR: a second question, why the right option is right.
  std::vector<std::string> rationales;          ///< at least two, or none
  std::optional<std::int64_t> rationale_index;  ///< of the correct one, from 0
  std::vector<Box> boxes;  ///< of an image: objects that the texts name, "person 0" the first; painted in colours
  std::optional<std::int64_t> label;  ///< class, from 0
  std::string label_name;             ///< instead of `label`: a line of labels.txt
  std::string group;                  ///< samples of one group are not each other's negatives
  std::string extra;                  ///< keys not listed here, as a JSON object; empty: none. For predictions
  int cut_texts = 0;                  ///< texts that were longer than kMaxTextBytes and were cut; not on disk
};

/// A longer line is not parsed, a longer text is cut (between characters) and counted in Sample::cut_texts.
inline constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxTextBytes = 8192;

/// What a sample gets that has no id or no media; empty: it must have one.
struct SampleDefaults {
  std::string id;
  std::string media;
};

/// Parses one JSON object. `where` is what messages begin with ("train.jsonl:17"). Accepted beside the keys above:
/// `path`, `video`, `image` for media, numbers for ids, strings for integers, null for "absent". Throws Error{format}
/// "where: reason".
Sample parse_sample(std::string_view json, const std::string& where, const SampleDefaults& defaults = {});

/// The text under the extra key `kind`, by which scores are split and rows chosen; empty without.
std::string sample_kind(const Sample& sample);

/// The sample with the second image of its pair as its media.
Sample second_of_pair(Sample sample);

/// One line of JSON without its line feed; parse_sample() of it gives the sample back. Invalid UTF-8 becomes U+FFFD.
std::string to_json(const Sample& sample);

}  // namespace aio
