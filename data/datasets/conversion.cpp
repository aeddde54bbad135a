#include "data/datasets/conversion.h"

#include <algorithm>
#include <filesystem>

#include "tensor/error.h"

namespace aio {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kListedRows = 100;

std::string default_meta_root(const std::string& data_root) {
  for (const std::string& folder :
       {data_root + "/meta_data", data_root + "/metadata", std::string("meta_data"), std::string("metadata")}) {
    if (fs::is_directory(folder)) return folder;
  }
  return data_root;
}

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n  " + line;
  return text;
}

}  // namespace

Conversion::Conversion(const std::string& name, const ConvertOptions& options, ManifestWriter& writer)
    : options_(options),
      writer_(writer),
      meta_root_(options.meta_root.empty() ? default_meta_root(options.data_root) : options.meta_root) {
  info.name = name;
  for (const std::string& root : {options.data_root, meta_root_}) {
    check(fs::is_directory(root), ErrorCode::io, root, ": no such folder");
  }
}

std::optional<std::string> Conversion::find(const std::string& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    for (const std::string& root : {meta_root_, options_.data_root}) {
      for (const std::string& path : {root + "/" + folder + "/" + name, root + "/" + name}) {
        if (fs::is_regular_file(path)) return path;
        if (std::find(tried_.begin(), tried_.end(), path) == tried_.end()) tried_.push_back(path);
      }
    }
  }
  return std::nullopt;
}

std::string Conversion::need(const std::string& folder, const std::vector<std::string>& names) {
  tried_.clear();
  const auto found = find(folder, names);
  check(found.has_value(), ErrorCode::io, info.name, ": found none of", join(tried_));
  return *found;
}

const std::string& Conversion::media_root(const std::string& folder, const std::vector<std::string>& inside) {
  std::vector<std::string> tried;
  for (const std::string& base : {options_.data_root + "/" + folder, options_.data_root}) {
    for (const std::string& name : inside) {
      const std::string path = name.empty() ? base : base + "/" + name;
      if (fs::is_directory(path)) return info.media_root = fs::canonical(path).string();
      tried.push_back(path);
    }
  }
  fail(ErrorCode::io, info.name, ": found none of these folders:", join(tried));
}

std::string Conversion::with_extension(const std::string& stem, const std::vector<std::string>& extensions) const {
  for (const std::string& extension : extensions) {
    if (fs::is_regular_file(info.media_root + "/" + stem + extension)) return stem + extension;
  }
  return stem + extensions.front();
}

void Conversion::add(const std::string& split, Sample sample) {
  const std::string id = sample.id;
  for (int copy = 2; writer_.contains(split, sample.id); ++copy) sample.id = message(id, "#", copy);
  if (writer_.size(split) == 0) report_.splits.emplace_back(split, 0);
  writer_.add(split, sample);
}

void Conversion::skip(const std::string& where, const std::string& reason) {
  ++report_.skipped_rows;
  if (report_.skipped.size() < kListedRows) report_.skipped.push_back(where + ": " + reason);
}

ConvertReport Conversion::finish() {
  check(!report_.splits.empty(), ErrorCode::io, info.name, ": no samples",
        tried_.empty() ? "" : "; looked for" + join(tried_),
        report_.skipped.empty() ? "" : "\nand skipped" + join(report_.skipped));
  for (auto& split : report_.splits) split.second = writer_.size(split.first);
  writer_.finish(info);
  return report_;
}

Sample make_sample(std::string id, std::string media) {
  Sample sample;
  sample.id = std::move(id);
  sample.media = std::move(media);
  return sample;
}

}  // namespace aio
