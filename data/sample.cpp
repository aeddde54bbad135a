#include "data/sample.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "tensor/error.h"

namespace aio {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::array kTasks = {Task::caption, Task::retrieval, Task::choice,  Task::mc_qa,
                               Task::qa,      Task::classify,  Task::pretrain};

constexpr int kMaxDepth = 8;  // a sample's own keys need 3; deeper extra keys are refused before they are built

/// Bytes of `text` that are kept: at most kMaxTextBytes, not ending inside a UTF-8 character.
std::size_t kept_bytes(std::string_view text) {
  if (text.size() <= kMaxTextBytes) return text.size();
  std::size_t bytes = kMaxTextBytes;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) --bytes;
  return bytes;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// Turns JSON values into a sample's members; every refusal names the line and the key.
class SampleParser {
 public:
  explicit SampleParser(const std::string& where) : where_(where) {}

  Sample parse(std::string_view text, const SampleDefaults& defaults) {
    const json object = parse_json(text);
    require(object.is_object(), "not a JSON object");
    ordered_json extra = ordered_json::object();
    for (const auto& [key, value] : object.items()) {
      if (!value.is_null() && !take(key, value)) extra[key] = value;
    }
    if (!extra.empty()) s_.extra = extra.dump();
    if (s_.id.empty()) s_.id = defaults.id;
    if (s_.media.empty()) s_.media = defaults.media;
    require(!s_.id.empty(), "has no id");
    require(!s_.media.empty(), "has no media");
    require(!s_.start || !s_.end || *s_.start < *s_.end, "start ", s_.start.value_or(0), " is not before end ",
            s_.end.value_or(0));
    require(s_.offset.has_value() == s_.bytes.has_value() && s_.offset2.has_value() == s_.bytes2.has_value(),
            "has one of offset and bytes, expected both or none");
    require(s_.options.size() != 1, "has one option, expected at least two");
    require(!s_.answer_index || s_.options.empty() || *s_.answer_index < static_cast<std::int64_t>(s_.options.size()),
            "answer_index is ", s_.answer_index.value_or(0), ", but there are ", s_.options.size(),
            " options, counted from 0");
    require(s_.rationales.size() != 1, "has one rationale, expected at least two");
    require(!s_.rationale_index || *s_.rationale_index < static_cast<std::int64_t>(s_.rationales.size()),
            "rationale_index is ", s_.rationale_index.value_or(0), ", but there are ", s_.rationales.size(),
            " rationales, counted from 0");
    return std::move(s_);
  }

 private:
  template <class... Parts>
  void require(bool condition, const Parts&... parts) const {
    if (!condition) fail(ErrorCode::format, where_, ": ", parts...);
  }

  json parse_json(std::string_view text) const {
    require(text.size() <= kMaxLineBytes, "the line has ", text.size(), " bytes, at most ", kMaxLineBytes,
            " are allowed");
    const auto watch = [&](int depth, json::parse_event_t event, json&) {
      const bool opens = event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
      require(!opens || depth < kMaxDepth, "nested deeper than ", kMaxDepth, " levels");
      return true;
    };
    try {
      return json::parse(text, watch);
    } catch (const json::exception& error) {
      fail(ErrorCode::format, where_, ": not JSON: ", error.what());
    }
  }

  /// False for a key that is not a sample's.
  bool take(const std::string& key, const json& value) {
    if (key == "id") return s_.id = name(key, value), true;
    if (key == "media" || key == "path" || key == "video" || key == "image") return s_.media = text(key, value), true;
    if (key == "offset") return s_.offset = index(key, value), true;
    if (key == "bytes") return s_.bytes = index(key, value), true;
    if (key == "media2") return s_.media2 = text(key, value), true;
    if (key == "offset2") return s_.offset2 = index(key, value), true;
    if (key == "bytes2") return s_.bytes2 = index(key, value), true;
    if (key == "start") return s_.start = seconds(key, value), true;
    if (key == "end") return s_.end = seconds(key, value), true;
    if (key == "frames") return s_.frames = frame_folder(value), true;
    if (key == "caption" || key == "captions") return s_.captions = texts(key, value), true;
    if (key == "segments") return segments(value), true;
    if (key == "words") return words(value), true;
    if (key == "question") return s_.question = text(key, value), true;
    if (key == "answer") return s_.answer = name(key, value), true;
    if (key == "answers") return scored_answers(value), true;
    if (key == "options") return s_.options = texts(key, value), true;
    if (key == "answer_index") return s_.answer_index = index(key, value), true;
    if (key == "rationales") return s_.rationales = texts(key, value), true;
    if (key == "rationale_index") return s_.rationale_index = index(key, value), true;
    if (key == "boxes") return boxes(value), true;
    if (key == "label") return label(value), true;
    if (key == "label_name") return s_.label_name = text(key, value), true;
    if (key == "group") return s_.group = name(key, value), true;
    return false;
  }

  std::string text(std::string_view key, const json& value) {
    require(value.is_string(), key, " is ", value.type_name(), ", expected a string");
    const auto& full = value.get_ref<const std::string&>();
    const std::size_t bytes = kept_bytes(full);
    if (bytes < full.size()) ++s_.cut_texts;
    return full.substr(0, bytes);
  }

  /// A string, or a number as it is written.
  std::string name(std::string_view key, const json& value) {
    return value.is_number() ? value.dump() : text(key, value);
  }

  std::vector<std::string> texts(std::string_view key, const json& value) {
    if (value.is_string()) return {text(key, value)};
    require(value.is_array(), key, " is ", value.type_name(), ", expected a list of strings");
    std::vector<std::string> result;
    for (const json& one : value) result.push_back(text(key, one));
    return result;
  }

  double number(std::string_view key, const json& value) {
    if (value.is_number()) return value.get<double>();
    const auto parsed = parse_number<double>(text(key, value));
    require(parsed && std::isfinite(*parsed), key, " is ", value.dump(), ", expected a number");
    return *parsed;
  }

  double seconds(std::string_view key, const json& value) {
    const double result = number(key, value);
    require(result >= 0, key, " is ", result, ", expected seconds from 0");
    return result;
  }

  std::int64_t index(std::string_view key, const json& value) {
    std::optional<std::int64_t> result;
    if (value.is_number_integer()) result = value.get<std::int64_t>();
    if (value.is_string()) result = parse_number<std::int64_t>(value.get_ref<const std::string&>());
    require(result && *result >= 0, key, " is ", value.dump(), ", expected an integer from 0");
    return *result;
  }

  /// A class, or the name of one.
  void label(const json& value) {
    if (value.is_string() && !parse_number<std::int64_t>(value.get_ref<const std::string&>())) {
      s_.label_name = text("label", value);
    } else {
      s_.label = index("label", value);
    }
  }

  FrameFolder frame_folder(const json& value) {
    require(value.is_object(), "frames is ", value.type_name(), ", expected an object");
    FrameFolder result;
    for (const auto& [key, item] : value.items()) {
      if (key == "pattern") result.pattern = text("frames.pattern", item);
      if (key == "first") result.first = index("frames.first", item);
      if (key == "fps") result.fps = number("frames.fps", item);
    }
    require(result.fps > 0, "frames.fps is ", result.fps, ", expected more than 0");
    return result;
  }

  /// A list of lists of `size` fields.
  const json& rows(std::string_view key, const json& value, std::size_t size) {
    require(value.is_array(), key, " is ", value.type_name(), ", expected a list");
    for (const json& row : value) {
      require(row.is_array() && row.size() == size, key, " holds ", row.dump(), ", expected a list of ", size);
    }
    return value;
  }

  void segments(const json& value) {
    for (const json& row : rows("segments", value, 3)) {
      Segment segment{seconds("segments", row[0]), seconds("segments", row[1]), text("segments", row[2])};
      require(segment.start < segment.end, "a segment starts at ", segment.start, " and ends at ", segment.end);
      s_.segments.push_back(std::move(segment));
    }
  }

  void words(const json& value) {
    for (const json& row : rows("words", value, 2))
      s_.words.push_back({text("words", row[0]), number("words", row[1])});
  }

  void boxes(const json& value) {
    for (const json& row : rows("boxes", value, 4)) {
      s_.boxes.push_back(
          {number("boxes", row[0]), number("boxes", row[1]), number("boxes", row[2]), number("boxes", row[3])});
    }
  }

  void scored_answers(const json& value) {
    require(value.is_array(), "answers is ", value.type_name(), ", expected a list");
    for (const json& one : value) {
      if (one.is_string()) {
        s_.answers.push_back({text("answers", one), 1});
      } else {
        require(one.is_array() && one.size() == 2, "answers holds ", one.dump(), ", expected [text, score]");
        s_.answers.push_back({text("answers", one[0]), number("answers", one[1])});
      }
    }
  }

  const std::string& where_;
  Sample s_;
};

}  // namespace

std::string_view to_string(Task task) {
  switch (task) {
    case Task::caption: return "caption";
    case Task::retrieval: return "retrieval";
    case Task::choice: return "choice";
    case Task::mc_qa: return "mc_qa";
    case Task::qa: return "qa";
    case Task::classify: return "classify";
    case Task::pretrain: return "pretrain";
  }
  return {};
}

Task parse_task(std::string_view name) {
  const auto* const found = std::find_if(kTasks.begin(), kTasks.end(), [&](Task t) { return to_string(t) == name; });
  if (found != kTasks.end()) return *found;
  std::string names;
  for (const Task task : kTasks) names += (names.empty() ? "" : ", ") + std::string(to_string(task));
  fail(ErrorCode::format, "unknown task \"", name, "\", expected one of ", names);
}

Sample parse_sample(std::string_view json, const std::string& where, const SampleDefaults& defaults) {
  return SampleParser(where).parse(json, defaults);
}

std::string sample_kind(const Sample& sample) {
  if (sample.extra.empty()) return {};
  const json extra = json::parse(sample.extra, nullptr, /*allow_exceptions=*/false);
  const auto kind = extra.find("kind");
  return kind != extra.end() && kind->is_string() ? kind->get<std::string>() : std::string();
}

Sample second_of_pair(Sample sample) {
  sample.media = std::exchange(sample.media2, {});
  sample.offset = std::exchange(sample.offset2, {});
  sample.bytes = std::exchange(sample.bytes2, {});
  return sample;
}

std::string to_json(const Sample& sample) {
  ordered_json object = {{"id", sample.id}, {"media", sample.media}};
  if (sample.offset) object["offset"] = *sample.offset;
  if (sample.bytes) object["bytes"] = *sample.bytes;
  if (!sample.media2.empty()) object["media2"] = sample.media2;
  if (sample.offset2) object["offset2"] = *sample.offset2;
  if (sample.bytes2) object["bytes2"] = *sample.bytes2;
  if (sample.start) object["start"] = *sample.start;
  if (sample.end) object["end"] = *sample.end;
  if (sample.frames) {
    object["frames"] = {
        {"pattern", sample.frames->pattern}, {"first", sample.frames->first}, {"fps", sample.frames->fps}};
  }
  if (sample.captions.size() == 1) object["caption"] = sample.captions.front();
  if (sample.captions.size() > 1) object["captions"] = sample.captions;
  for (const Segment& s : sample.segments) object["segments"].push_back(ordered_json::array({s.start, s.end, s.text}));
  for (const TimedWord& w : sample.words) object["words"].push_back(ordered_json::array({w.text, w.time}));
  if (!sample.question.empty()) object["question"] = sample.question;
  if (sample.answer) object["answer"] = *sample.answer;
  for (const ScoredAnswer& a : sample.answers) object["answers"].push_back(ordered_json::array({a.text, a.score}));
  if (!sample.options.empty()) object["options"] = sample.options;
  if (sample.answer_index) object["answer_index"] = *sample.answer_index;
  if (!sample.rationales.empty()) object["rationales"] = sample.rationales;
  if (sample.rationale_index) object["rationale_index"] = *sample.rationale_index;
  for (const Box& b : sample.boxes) object["boxes"].push_back(ordered_json::array({b.left, b.top, b.right, b.bottom}));
  if (sample.label) object["label"] = *sample.label;
  if (!sample.label_name.empty()) object["label_name"] = sample.label_name;
  if (!sample.group.empty()) object["group"] = sample.group;
  if (!sample.extra.empty()) object.update(ordered_json::parse(sample.extra));
  return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace aio
