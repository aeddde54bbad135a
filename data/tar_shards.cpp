#include "data/tar_shards.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>

#include "data/media_root.h"
#include "data/tar_writer.h"
#include "tensor/error.h"

namespace aio {

namespace {

namespace fs = std::filesystem;

constexpr std::array kMediaExtensions = {"mp4", "mkv", "webm", "avi", "mov", "gif", "jpg", "jpeg", "png"};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// The name's first dot behind the last slash.
std::size_t key_end(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  return std::min(name.find('.', slash == std::string::npos ? 0 : slash), name.size());
}

std::string extension_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : lower(name.substr(dot + 1));
}

bool is_media(const std::string& name) {
  const std::string extension = extension_of(name);
  return std::find(kMediaExtensions.begin(), kMediaExtensions.end(), extension) != kMediaExtensions.end();
}

/// "train-000003.tar" -> "train"; the whole stem without a dash.
std::string split_of(const std::string& path) {
  const std::string stem = fs::path(path).stem().string();
  const std::size_t dash = stem.rfind('-');
  return dash == std::string::npos || dash == 0 ? stem : stem.substr(0, dash);
}

/// The sample that a shard's members make, without its media.
Sample read_texts(const DataFile& shard, const ShardSample& members) {
  Sample sample = make_sample(members.key, members.key);
  for (const auto& [extension, member] : members.members) {
    if (extension != "json" && extension != "txt") continue;
    const std::string where = shard.path() + "#" + member.name;
    check(member.bytes <= kMaxLineBytes, ErrorCode::format, where, ": has ", member.bytes, " bytes");
    std::string text = shard.read(member.offset, static_cast<std::size_t>(member.bytes));
    if (extension == "txt") {
      sample.captions = {text.substr(0, text.find_last_not_of("\r\n") + 1)};
      continue;
    }
    std::vector<std::string> captions = std::move(sample.captions);
    sample = parse_sample(text, where, {members.key, members.key});
    if (sample.captions.empty()) sample.captions = std::move(captions);
  }
  return sample;
}

}  // namespace

ShardReader::ShardReader(const std::string& path) : tar_(path), path_(path) { has_pending_ = tar_.next(pending_); }

bool ShardReader::next(ShardSample& sample) {
  if (!has_pending_) return false;
  sample.key = pending_.name.substr(0, key_end(pending_.name));
  sample.members.clear();
  check(seen_.insert(std::hash<std::string>()(sample.key)).second, ErrorCode::format, path_, ": key \"", sample.key,
        "\" comes back at byte ", pending_.offset, ": the members of a sample must be adjacent");
  while (has_pending_ && pending_.name.substr(0, key_end(pending_.name)) == sample.key) {
    std::string extension = lower(pending_.name.substr(std::min(key_end(pending_.name) + 1, pending_.name.size())));
    const bool twice = std::any_of(sample.members.begin(), sample.members.end(),
                                   [&](const ShardSample::Member& m) { return m.extension == extension; });
    check(!twice, ErrorCode::format, path_, ": key \"", sample.key, "\" has two members .", extension);
    sample.members.push_back({std::move(extension), pending_});
    has_pending_ = tar_.next(pending_);
  }
  return true;
}

ConvertReport index_shards(const std::vector<std::string>& shards, const std::string& out) {
  check(!shards.empty(), ErrorCode::config, "index: no shards");
  ManifestWriter writer(out);
  ConvertOptions options;
  options.data_root = fs::canonical(fs::path(shards.front())).parent_path().string();
  Conversion conversion("shards", options, writer);
  conversion.info.media_root = options.data_root;
  for (const std::string& path : shards) {
    const std::string name = fs::path(path).filename().string();
    check(fs::canonical(path).parent_path() == options.data_root, ErrorCode::config, path,
          ": all shards must lie in one folder, ", options.data_root);
    const DataFile file(path);
    ShardReader reader(path);
    for (ShardSample members; reader.next(members);) {
      const auto media = std::find_if(members.members.begin(), members.members.end(),
                                      [](const auto& m) { return is_media(m.member.name); });
      if (media == members.members.end()) {
        conversion.skip(path, "key \"" + members.key + "\" has neither a video nor an image");
        continue;
      }
      Sample sample;
      try {
        sample = read_texts(file, members);
      } catch (const Error& error) {
        conversion.skip(path, error.what());
        continue;
      }
      sample.media = name + "#" + media->member.name;
      sample.offset = static_cast<std::int64_t>(media->member.offset);
      sample.bytes = static_cast<std::int64_t>(media->member.bytes);
      conversion.add(split_of(path), std::move(sample));
    }
    if (reader.ignored() > 0) conversion.skip(path, message(reader.ignored(), " members that are no plain files"));
  }
  return conversion.finish();
}

namespace {

/// The shards of one split, and their manifest.
class Packer {
 public:
  Packer(const Manifest& manifest, const std::string& out, std::uint64_t shard_bytes, Conversion& conversion)
      : manifest_(manifest), out_(out), shard_bytes_(shard_bytes), conversion_(conversion) {}

  void pack() {
    for (std::int64_t row = 0; row < manifest_.size(); ++row) {
      Sample sample = manifest_.sample(row);
      check(!sample.frames && sample.media2.empty(), ErrorCode::value, manifest_.where(row),
            ": folders of frames and pairs of images cannot be packed");
      try {
        add(row, std::move(sample));
      } catch (const Error& error) {
        if (error.code() != ErrorCode::io && error.code() != ErrorCode::format) throw;
        check(!inside_, ErrorCode::io, error.what());  // half a member was written
        conversion_.skip(manifest_.where(row), error.what());
      }
    }
    if (tar_) tar_->finish();
  }

 private:
  void add(std::int64_t row, Sample sample) {
    const MediaSource source = manifest_.media_source(sample);
    const DataFile media(source.path);
    const auto offset = static_cast<std::uint64_t>(source.offset);
    const std::uint64_t bytes = source.bytes < 0 ? media.size() - offset : static_cast<std::uint64_t>(source.bytes);
    check(bytes > 0 && bytes <= kMaxTarMemberBytes, ErrorCode::format, source.path, ": has ", bytes,
          " bytes, a shard's members have 1 to ", kMaxTarMemberBytes);
    if (!tar_ || tar_->size() > shard_bytes_) open_shard();
    char key[24];
    std::snprintf(key, sizeof(key), "%09lld", static_cast<long long>(row));
    const MediaName name = split_media(sample.media);
    const std::string extension = extension_of(name.member.empty() ? name.file : name.member);
    const bool known = is_media("x." + extension);
    const std::string member = std::string(key) + "." + (known ? extension : "jpg");

    sample.offset.reset();
    sample.bytes.reset();
    const std::string line = to_json(sample);
    tar_->begin(std::string(key) + ".json", line.size());
    tar_->write(line);
    sample.offset = static_cast<std::int64_t>(tar_->begin(member, bytes));
    sample.bytes = static_cast<std::int64_t>(bytes);
    copy(media, offset, bytes);
    sample.media = shard_ + "#" + member;
    conversion_.add(manifest_.split(), std::move(sample));
  }

  void copy(const DataFile& media, std::uint64_t offset, std::uint64_t bytes) {
    inside_ = true;
    std::string buffer(static_cast<std::size_t>(std::min(bytes, std::uint64_t{1} << 20)), '\0');
    for (std::uint64_t done = 0; done < bytes;) {
      const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), bytes - done));
      media.read(offset + done, buffer.data(), count);
      tar_->write({buffer.data(), count});
      done += count;
    }
    inside_ = false;
  }

  void open_shard() {
    if (tar_) tar_->finish();
    char number[24];
    std::snprintf(number, sizeof(number), "-%06d.tar", shards_++);
    shard_ = manifest_.split() + number;
    tar_ = std::make_unique<TarWriter>(out_ + "/" + shard_);
  }

  const Manifest& manifest_;
  std::string out_;
  std::uint64_t shard_bytes_;
  Conversion& conversion_;
  std::unique_ptr<TarWriter> tar_;
  std::string shard_;
  int shards_ = 0;
  bool inside_ = false;
};

}  // namespace

ConvertReport pack_dataset(const std::string& dataset, const std::string& out, const PackOptions& options) {
  const DatasetInfo info = read_dataset_info(dataset);
  ManifestWriter writer(out);
  ConvertOptions convert;
  convert.data_root = out;
  Conversion conversion(info.name, convert, writer);
  conversion.info = info;
  conversion.info.splits.clear();
  conversion.info.media_root.assign(1, '.');  // beside the manifest
  for (const auto& [split, file] : info.splits) {
    const Manifest manifest = Manifest::open(dataset, split, options.manifest);
    Packer(manifest, out, options.shard_bytes, conversion).pack();
  }
  return conversion.finish();
}

}  // namespace aio
