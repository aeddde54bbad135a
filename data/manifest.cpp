#include "data/manifest.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "data/csv.h"
#include "data/media_root.h"
#include "data/row_index.h"
#include "data/tar_reader.h"
#include "tensor/edit_distance.h"
#include "tensor/error.h"

namespace aio {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kMaxInfoBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxListBytes = std::uint64_t{1} << 26;
constexpr int kMaxDepth = 8;

/// The lines of answers.txt or labels.txt, without carriage returns; a last line without a line feed counts.
std::vector<std::string> read_lines(const std::string& path) {
  const std::string text = read_file(path, kMaxListBytes);
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    if (lines.back().ends_with('\r')) lines.back().pop_back();
    begin = end + 1;
  }
  return lines;
}

/// dataset.json's values by key; each refusal names the file and the key.
class InfoReader {
 public:
  explicit InfoReader(const std::string& folder) : folder_(folder), path_(folder + "/dataset.json") {}

  DatasetInfo read() {
    parse();
    require(text("format") == "aio-manifest", "format is \"", text("format"), "\", expected \"aio-manifest\"");
    require(json_.value("version", json()) == 1, "version is ", json_.value("version", json()).dump(),
            ", this program reads version 1");
    DatasetInfo info;
    info.name = text("name");
    info.task = task();
    if (json_.contains("media_root")) info.media_root = text("media_root");
    splits(info.splits);
    if (given("answers")) info.answers = read_lines(folder_ + "/" + text("answers"));
    if (given("labels")) info.labels = read_lines(folder_ + "/" + text("labels"));
    if (given("protocol")) info.protocol = text("protocol");
    if (given("prompt")) info.prompt = text("prompt");
    if (given("max_text_len")) info.max_text_len = text_length();
    if (given("normalization")) info.normalization = normalization();
    return info;
  }

 private:
  template <class... Parts>
  void require(bool condition, const Parts&... parts) const {
    if (!condition) fail(ErrorCode::format, path_, ": ", parts...);
  }

  void parse() {
    const auto watch = [&](int depth, json::parse_event_t, json&) {
      require(depth <= kMaxDepth, "nested deeper than ", kMaxDepth, " levels");
      return true;
    };
    try {
      json_ = json::parse(read_file(path_, kMaxInfoBytes), watch);
    } catch (const json::exception& error) {
      fail(ErrorCode::format, path_, ": not JSON: ", error.what());
    }
    require(json_.is_object(), "not a JSON object");
  }

  bool given(const char* key) const { return json_.contains(key) && !json_[key].is_null(); }

  std::string text(const char* key) const {
    require(given(key), "has no ", key);
    require(json_[key].is_string(), key, " is ", json_[key].dump(), ", expected a string");
    return json_[key].get<std::string>();
  }

  Task task() const {
    try {
      return parse_task(text("task"));
    } catch (const Error& error) {
      fail(ErrorCode::format, path_, ": ", error.what());
    }
  }

  void splits(std::map<std::string, std::string>& result) const {
    require(given("splits") && json_["splits"].is_object() && !json_["splits"].empty(),
            "splits is not an object of names and files");
    for (const auto& [name, file] : json_["splits"].items()) {
      require(file.is_string(), "split ", name, " is ", file.dump(), ", expected a file's name");
      result.emplace(name, file.get<std::string>());
    }
  }

  std::int64_t text_length() const {
    const json& value = json_["max_text_len"];
    const auto length = value.is_number_integer() ? value.get<std::int64_t>() : -1;
    require(length >= 2 && length <= 512, "max_text_len is ", value.dump(),
            ", expected 2 to 512 ([CLS] and [SEP] are counted, BERT has 512 positions)");
    return length;
  }

  Normalization normalization() const {
    Normalization result{};
    three_numbers("mean", -std::numeric_limits<float>::infinity(), result.mean);
    three_numbers("std", 0, result.stddev);
    return result;
  }

  void three_numbers(const char* key, float above, float (&to)[3]) const {
    const json& object = json_["normalization"];
    const json numbers = object.is_object() ? object.value(key, json()) : json();
    require(numbers.is_array() && numbers.size() == 3, "normalization has no list of three numbers named ", key);
    for (std::size_t i = 0; i < 3; ++i) {
      to[i] = numbers[i].is_number() ? numbers[i].get<float>() : NAN;
      require(std::isfinite(to[i]) && to[i] > above, "normalization: ", key, " is ", numbers.dump(),
              ", expected finite numbers, for std positive ones");
    }
  }

  std::string folder_, path_;
  json json_;
};

std::map<std::string, std::int64_t, std::less<>> places(const std::vector<std::string>& names) {
  std::map<std::string, std::int64_t, std::less<>> result;
  for (std::size_t i = 0; i < names.size(); ++i) result.emplace(names[i], static_cast<std::int64_t>(i));
  return result;
}

/// For a file of samples, which says nothing about its task.
Task guess_task(const Sample& sample) {
  if (!sample.options.empty()) return sample.question.empty() ? Task::choice : Task::mc_qa;
  if (!sample.question.empty()) return Task::qa;
  return sample.label || !sample.label_name.empty() ? Task::classify : Task::pretrain;
}

}  // namespace

/// The rows of one file, in any of the accepted formats.
class Manifest::Rows {
 public:
  explicit Rows(const std::string& path, bool ids_required)
      : file_(path), name_(fs::path(path).filename().string()), ids_required_(ids_required) {
    const std::string extension = fs::path(path).extension().string();
    if (extension == ".csv" || extension == ".tsv") {
      delimiter_ = extension == ".csv" ? ',' : '\t';
      CsvReader reader(path, *delimiter_);
      check(reader.next(header_), ErrorCode::format, path, ": is empty, expected a header");
      for (std::string& column : header_) column = fold_csv_name(column);
      check(has_media_column(), ErrorCode::format, path,
            ": the header has no column media, path, video or image, which names the files");
      index_ = index_csv(file_, *delimiter_);
    } else if (extension == ".json") {
      index_ = index_json_array(file_);
    } else {
      index_ = index_lines(file_);
    }
  }

  const std::string& path() const { return file_.path(); }
  std::int64_t size() const { return static_cast<std::int64_t>(index_.begin.size()); }

  std::string where(std::int64_t i) const { return message(name_, ":", index_.line[place(i)]); }

  Sample sample(std::int64_t i) const {
    const std::string place_name = where(i);
    const std::string bytes = row(i);
    const SampleDefaults defaults{ids_required_ ? std::string() : message(i), {}};
    if (!delimiter_) return parse_sample(bytes, place_name, defaults);
    return parse_sample(object_of(bytes, place_name), place_name, defaults);
  }

 private:
  bool has_media_column() const {
    return std::any_of(header_.begin(), header_.end(), [](const std::string& name) {
      return name == "media" || name == "path" || name == "video" || name == "image";
    });
  }

  std::size_t place(std::int64_t i) const {
    check(i >= 0 && i < size(), ErrorCode::index, path(), ": row ", i, " was asked for, there are ", size());
    return static_cast<std::size_t>(i);
  }

  /// The row's bytes, without what separates it from the next.
  std::string row(std::int64_t i) const {
    const std::uint64_t bytes = index_.bytes(place(i));
    // Blank lines may follow a row, so it is allowed some more than a line.
    check(bytes <= 2 * kMaxLineBytes, ErrorCode::format, where(i), ": the line has ", bytes, " bytes, at most ",
          kMaxLineBytes, " are allowed");
    std::string text = file_.read(index_.begin[place(i)], static_cast<std::size_t>(bytes));
    const std::string_view separators = delimiter_ ? "\r\n" : " \t\r\n,";
    text.erase(text.find_last_not_of(separators) + 1);
    return text;
  }

  std::string object_of(const std::string& record, const std::string& place_name) const {
    const std::vector<std::string> fields = parse_csv_record(record, *delimiter_, place_name);
    check(fields.size() == header_.size(), ErrorCode::format, place_name, ": has ", fields.size(),
          " fields, the header has ", header_.size());
    json object = json::object();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!fields[i].empty()) object[header_[i]] = fields[i];
    }
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
  }

  DataFile file_;
  std::string name_;
  bool ids_required_;
  RowIndex index_;
  std::optional<char> delimiter_;  // of CSV and TSV
  std::vector<std::string> header_;
};

DatasetInfo read_dataset_info(const std::string& folder) { return InfoReader(folder).read(); }

std::string find_vocabulary(const std::string& path) {
  const fs::path canonical = fs::weakly_canonical(path);
  const fs::path folder = fs::is_directory(canonical) ? canonical : canonical.parent_path();
  for (const fs::path& candidate : {folder / "vocab.txt", folder.parent_path() / "vocab.txt"}) {
    if (fs::exists(candidate)) return candidate.string();
  }
  return {};
}

Manifest Manifest::open(const std::string& path, const std::string& split, const ManifestOptions& options) {
  Manifest m;
  check(fs::exists(path), ErrorCode::io, path, ": there is no such data set (a folder with dataset.json, or a file)");
  const bool is_dataset = fs::is_directory(path) || fs::path(path).filename() == "dataset.json";
  const fs::path parent = fs::path(path).parent_path();
  const std::string folder = fs::is_directory(path) ? path : parent.empty() ? "." : parent.string();
  std::string file = path;
  if (is_dataset) {
    m.info_ = read_dataset_info(folder);
    const auto found = m.info_.splits.find(split);
    if (found == m.info_.splits.end()) {
      std::string names;
      for (const auto& entry : m.info_.splits) names += (names.empty() ? "" : ", ") + entry.first;
      fail(ErrorCode::config, folder, "/dataset.json: has no split \"", split, "\", only ", names);
    }
    m.split_ = split;
    file = folder + "/" + found->second;
  } else {
    m.split_ = m.info_.name = fs::path(path).stem().string();
  }
  if (!options.media_root.empty()) m.info_.media_root = options.media_root;
  // A root given on the command line is relative to where the command runs, as every other argument.
  const bool beside = options.media_root.empty() && !m.info_.media_root.starts_with('/');
  m.media_root_ = std::make_shared<MediaRoot>(beside ? folder + "/" + m.info_.media_root : m.info_.media_root,
                                              options.allow_outside);
  m.rows_ = std::make_shared<Rows>(file, is_dataset);
  if (!is_dataset && m.rows_->size() > 0) m.info_.task = guess_task(m.rows_->sample(0));
  if (options.task) m.info_.task = *options.task;
  if (!options.kinds.empty()) m.keep_kinds(options.kinds);
  m.answer_classes_ = places(m.info_.answers);
  m.label_classes_ = places(m.info_.labels);
  return m;
}

const std::string& Manifest::file() const { return rows_->path(); }

void Manifest::keep_kinds(const std::vector<std::string>& kinds) {
  std::vector<std::int64_t> kept;
  std::set<std::string> seen;
  for (std::int64_t i = 0; i < rows_->size(); ++i) {
    const std::string kind = sample_kind(rows_->sample(i));
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) kept.push_back(i);
    if (!kind.empty()) seen.insert(kind);
  }
  std::string names;
  for (const std::string& kind : seen) names += (names.empty() ? "" : ", ") + kind;
  check(!kept.empty(), ErrorCode::config, rows_->path(), ": no row's kind is ", kinds.front(),
        kinds.size() > 1 ? ", ..." : "", seen.empty() ? " (no row has that key)" : " (there are " + names + ")");
  kept_ = std::make_shared<const std::vector<std::int64_t>>(std::move(kept));
}

std::int64_t Manifest::row_of(std::int64_t i) const {
  if (!kept_) return i;
  check(i >= 0 && i < size(), ErrorCode::index, file(), ": row ", i, " was asked for, there are ", size());
  return (*kept_)[static_cast<std::size_t>(i)];
}

std::int64_t Manifest::size() const { return kept_ ? static_cast<std::int64_t>(kept_->size()) : rows_->size(); }
Sample Manifest::sample(std::int64_t i) const { return rows_->sample(row_of(i)); }
std::string Manifest::where(std::int64_t i) const { return rows_->where(row_of(i)); }
const std::string& Manifest::media_root() const { return media_root_->path(); }

std::string Manifest::media_path(const std::string& media) const {
  return media_root_->resolve(split_media(media).file);
}

MediaSource Manifest::media_source(const Sample& sample) const {
  MediaSource source;
  source.path = media_path(sample.media);
  source.offset = sample.offset.value_or(0);
  source.bytes = sample.bytes.value_or(-1);
  const MediaName name = split_media(sample.media);
  if (sample.offset && name.file.ends_with(".tar")) {
    check_tar_member(DataFile(source.path), static_cast<std::uint64_t>(*sample.offset),
                     static_cast<std::uint64_t>(*sample.bytes), name.member);
  }
  if (sample.frames) {
    source.pattern = sample.frames->pattern;
    source.first = sample.frames->first;
    source.fps = sample.frames->fps;
    source.in_shard = name.file.ends_with(".tar");
  }
  return source;
}

std::int64_t Manifest::answer_class(const std::string& answer) const {
  const auto found = answer_classes_.find(answer);
  return found == answer_classes_.end() ? -1 : found->second;
}

std::int64_t Manifest::label_class(const Sample& sample) const {
  if (sample.label) {
    check(info_.labels.empty() || *sample.label < static_cast<std::int64_t>(info_.labels.size()), ErrorCode::value,
          "label is ", *sample.label, ", but labels.txt has ", info_.labels.size(), " lines, counted from 0");
    return *sample.label;
  }
  check(!sample.label_name.empty(), ErrorCode::value, "has neither label nor label_name");
  const auto found = label_classes_.find(sample.label_name);
  if (found != label_classes_.end()) return found->second;
  std::string nearest;
  for (const std::string& name : info_.labels) {
    if (nearest.empty() || edit_distance(sample.label_name, name) < edit_distance(sample.label_name, nearest)) {
      nearest = name;
    }
  }
  fail(ErrorCode::value, "label_name is \"", sample.label_name, "\", which labels.txt does not have",
       nearest.empty() ? "" : " (the nearest is \"" + nearest + "\")");
}

}  // namespace aio
