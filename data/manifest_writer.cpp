#include "data/manifest_writer.h"

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "tensor/atomic_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

void write_list(const std::string& path, const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    check(line.find('\n') == std::string::npos, ErrorCode::value, path, ": an entry holds a line feed: \"", line, "\"");
    text += line + "\n";
  }
  write_atomically(path, text);
}

/// The shortest decimals that read back as the same floats: 0.3 and not 0.30000001192092896.
nlohmann::ordered_json numbers(const float (&values)[3]) {
  nlohmann::ordered_json list;
  for (const float value : values) {
    char text[32];
    *std::to_chars(text, text + sizeof text - 1, value).ptr = '\0';
    list.push_back(nlohmann::ordered_json::parse(text));
  }
  return list;
}

}  // namespace

struct ManifestWriter::Split {
  explicit Split(const std::string& path) : file(path) {}
  AtomicFile file;
  std::string buffer;
  std::int64_t rows = 0;
  std::unordered_set<std::size_t> ids;  // their hashes: 10^7 ids must not fill the memory

  void flush() {
    file.write(buffer.data(), buffer.size());
    buffer.clear();
  }
};

ManifestWriter::ManifestWriter(std::string folder) : folder_(std::move(folder)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  check(!error, ErrorCode::io, folder_, ": cannot make the folder: ", error.message());
}

ManifestWriter::~ManifestWriter() = default;

void ManifestWriter::add(const std::string& split, const Sample& sample) {
  const auto require = [&](bool condition, const char* what) {
    check(condition, ErrorCode::value, "split ", split, ": sample \"", sample.id, "\" ", what);
  };
  require(!sample.id.empty(), "has no id");
  require(!sample.media.empty(), "has no media");
  auto& place = splits_[split];
  if (!place) place = std::make_unique<Split>(folder_ + "/" + split + ".jsonl");
  // Two ids of one hash would be refused though they differ: 3 in a million for 10^7 rows.
  require(place->ids.insert(std::hash<std::string>()(sample.id)).second, "is there twice");
  const std::string line = to_json(sample);
  require(line.size() <= kMaxLineBytes, "takes more than 1 MB");
  place->buffer += line + "\n";
  ++place->rows;
  if (place->buffer.size() >= kBufferBytes) place->flush();
}

bool ManifestWriter::contains(const std::string& split, const std::string& id) const {
  const auto found = splits_.find(split);
  return found != splits_.end() && found->second->ids.count(std::hash<std::string>()(id)) > 0;
}

std::int64_t ManifestWriter::size(const std::string& split) const {
  const auto found = splits_.find(split);
  return found == splits_.end() ? 0 : found->second->rows;
}

void ManifestWriter::finish(DatasetInfo info) {
  nlohmann::ordered_json json = {{"format", "aio-manifest"},
                                 {"version", 1},
                                 {"name", info.name},
                                 {"task", to_string(info.task)},
                                 {"media_root", info.media_root}};
  json["splits"] = nlohmann::ordered_json::object();
  // Whoever is interrupted in between shall not find the old dataset.json beside new splits.
  std::filesystem::remove(folder_ + "/dataset.json");
  for (auto& [name, split] : splits_) {
    split->flush();
    split->file.commit();
    json["splits"][name] = name + ".jsonl";
  }
  if (!info.answers.empty()) {
    write_list(folder_ + "/answers.txt", info.answers);
    json["answers"] = "answers.txt";
  }
  if (!info.labels.empty()) {
    write_list(folder_ + "/labels.txt", info.labels);
    json["labels"] = "labels.txt";
  }
  if (!info.protocol.empty()) json["protocol"] = info.protocol;
  if (info.prompt) json["prompt"] = *info.prompt;
  json["max_text_len"] = info.max_text_len;
  if (info.normalization) {
    const auto& [mean, stddev] = *info.normalization;
    json["normalization"] = {{"mean", numbers(mean)}, {"std", numbers(stddev)}};
  }
  write_atomically(folder_ + "/dataset.json", json.dump(2) + "\n");
}

}  // namespace aio
