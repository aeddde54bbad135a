#include "data/tar_shards.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>

#include "data/media_root.h"
#include "data/picture_folder.h"
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

std::string numbered(const char* format, std::int64_t number) {
  char text[32];
  std::snprintf(text, sizeof(text), format, static_cast<long long>(number));
  return text;
}

/// "train-000003.tar" -> "train"; the whole stem without a dash.
std::string split_of(const std::string& path) {
  const std::string stem = fs::path(path).stem().string();
  const std::size_t dash = stem.rfind('-');
  return dash == std::string::npos || dash == 0 ? stem : stem.substr(0, dash);
}

/// Has the sample's media lie in these members of a shard.
void place(Sample& sample, const std::string& shard, const std::vector<TarMember>& media) {
  const auto set = [&](std::size_t i, std::string& name, auto& offset, auto& bytes) {
    name = shard + "#" + media[i].name;
    offset = static_cast<std::int64_t>(media[i].offset);
    bytes = static_cast<std::int64_t>(media[i].bytes);
  };
  set(0, sample.media, sample.offset, sample.bytes);
  if (!sample.media2.empty()) set(1, sample.media2, sample.offset2, sample.bytes2);
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

std::string shard_key(const std::string& member) { return member.substr(0, key_end(member)); }

ShardReader::ShardReader(const std::string& path) : tar_(path), path_(path) { has_pending_ = tar_.next(pending_); }

bool ShardReader::next(ShardSample& sample) {
  if (!has_pending_) return false;
  sample.key = shard_key(pending_.name);
  sample.members.clear();
  check(seen_.insert(std::hash<std::string>()(sample.key)).second, ErrorCode::format, path_, ": key \"", sample.key,
        "\" comes back at byte ", pending_.offset, ": the members of a sample must be adjacent");
  while (has_pending_ && shard_key(pending_.name) == sample.key) {
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
      std::vector<TarMember> media;
      for (const ShardSample::Member& m : members.members) {
        if (is_media(m.member.name)) media.push_back(m.member);
      }
      if (media.empty()) {
        conversion.skip(path, "key \"" + members.key + "\" has neither a video nor an image");
        continue;
      }
      Sample sample;
      try {
        sample = read_texts(file, members);
        check(sample.media2.empty() || media.size() > 1, ErrorCode::format, "key \"", members.key,
              "\" has one image, but its .json has media2");
      } catch (const Error& error) {
        conversion.skip(path, error.what());
        continue;
      }
      place(sample, name, media);
      conversion.add(split_of(path), std::move(sample));
    }
    if (reader.ignored() > 0)
      conversion.skip(
          path, message(reader.ignored(), " members that are no plain files below the shard's folder, or too large"));
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
      try {
        add(row, std::move(sample));
      } catch (const Error& error) {
        if (error.code() != ErrorCode::io && error.code() != ErrorCode::format) throw;
        check(!inside_, ErrorCode::io, error.what());  // half a sample was written
        conversion_.skip(manifest_.where(row), error.what());
      }
    }
    if (tar_) tar_->finish();
  }

 private:
  /// A file that becomes a member.
  struct File {
    MediaSource source;
    std::string member;
  };

  /// The sample's media: one, the two of a pair, or all pictures of a folder.
  std::vector<File> files_of(const Sample& sample, const std::string& key) const {
    const auto extension = [](const std::string& name) {
      const std::string found = extension_of(name);
      return "." + (is_media("x." + found) ? found : "jpg");
    };
    const auto media_extension = [&](const std::string& media) {
      const MediaName name = split_media(media);
      return extension(name.member.empty() ? name.file : name.member);
    };
    const MediaSource source = manifest_.media_source(sample);
    std::vector<File> files;
    if (sample.frames) {
      for (const MediaSource& picture : list_pictures(source).pictures) {
        const auto number = static_cast<std::int64_t>(files.size());
        // In a shard all are what the first one is; its name says it.
        const std::string& name = source.in_shard ? sample.media : picture.path;
        files.push_back({picture, key + numbered(".%05lld", number) + extension(name)});
      }
    } else if (!sample.media2.empty()) {
      files.push_back({source, key + ".1" + media_extension(sample.media)});
      files.push_back({manifest_.media_source(second_of_pair(sample)), key + ".2" + media_extension(sample.media2)});
    } else {
      files.push_back({source, key + media_extension(sample.media)});
    }
    return files;
  }

  static std::uint64_t size_of(const MediaSource& source) {
    const DataFile media(source.path);
    const auto offset = static_cast<std::uint64_t>(source.offset);
    const std::uint64_t bytes = source.bytes < 0 ? media.size() - offset : static_cast<std::uint64_t>(source.bytes);
    check(bytes > 0 && bytes <= kMaxTarMemberBytes, ErrorCode::format, source.path, ": has ", bytes,
          " bytes, a shard's members have 1 to ", kMaxTarMemberBytes);
    return bytes;
  }

  void add(std::int64_t row, Sample sample) {
    const std::string key = numbered("%09lld", row);
    const std::vector<File> files = files_of(sample, key);
    std::vector<std::uint64_t> sizes;  // of all, before the first is written: a sample is there as a whole or not
    for (const File& file : files) sizes.push_back(size_of(file.source));
    if (!tar_ || tar_->size() > shard_bytes_) open_shard();

    sample.offset = sample.bytes = sample.offset2 = sample.bytes2 = {};
    if (sample.frames) {  // as they would be found in an unpacked shard
      sample.frames->pattern = key + ".%05d" + fs::path(files.front().member).extension().string();
      sample.frames->first = 0;
    }
    const std::string line = to_json(sample);
    tar_->begin(key + ".json", line.size());
    tar_->write(line);
    std::vector<TarMember> members;
    inside_ = true;
    for (std::size_t i = 0; i < files.size(); ++i) {
      members.push_back({files[i].member, tar_->begin(files[i].member, sizes[i]), sizes[i]});
      copy(DataFile(files[i].source.path), static_cast<std::uint64_t>(files[i].source.offset), sizes[i]);
    }
    inside_ = false;
    place(sample, shard_, members);
    conversion_.add(manifest_.split(), std::move(sample));
  }

  void copy(const DataFile& media, std::uint64_t offset, std::uint64_t bytes) {
    std::string buffer(static_cast<std::size_t>(std::min(bytes, std::uint64_t{1} << 20)), '\0');
    for (std::uint64_t done = 0; done < bytes;) {
      const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), bytes - done));
      media.read(offset + done, buffer.data(), count);
      tar_->write({buffer.data(), count});
      done += count;
    }
  }

  void open_shard() {
    if (tar_) tar_->finish();
    shard_ = manifest_.split() + numbered("-%06lld.tar", shards_++);
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
