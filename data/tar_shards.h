#pragma once
// WebDataset shards: tar files in which the members of one sample stand together and have one name up to the first dot,
// 000017.mp4, 000017.json or 000017.txt. One large file is read much faster than a thousand small ones.
//
// A folder of frames is the pictures KEY.00000.jpg, KEY.00001.jpg, ... of its sample, a pair of images KEY.1.jpg and
// KEY.2.jpg.
//
// Shards are never unpacked. They come with a manifest whose samples name a member and its place ("train-000003.tar#
// 000017.mp4", offset, bytes), so that they are read like any data set: in the order of the shards, in a shuffled
// order, from any step on. Shards from elsewhere get such a manifest by index_shards().

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "data/datasets/conversion.h"
#include "data/tar_reader.h"

namespace aio {

/// What the members of one sample share: the name up to the first dot behind the last slash.
std::string shard_key(const std::string& member);

/// The members of one sample.
struct ShardSample {
  std::string key;  ///< "a/000017" of a/000017.seg.mp4
  struct Member {
    std::string extension;  ///< "seg.mp4", in lower case
    TarMember member;
  };
  std::vector<Member> members;
};

/// The samples of one shard in order.
class ShardReader {
 public:
  explicit ShardReader(const std::string& path);
  /// False at the end. Throws Error{format} as TarReader, and when a key comes back after another one ("its members are
  /// not adjacent") or has an extension twice.
  bool next(ShardSample& sample);
  std::int64_t ignored() const { return tar_.ignored(); }

 private:
  TarReader tar_;
  std::string path_;
  TarMember pending_;  ///< the first member of the next sample
  bool has_pending_ = false;
  std::unordered_set<std::size_t> seen_;  ///< hashes of the keys
};

/// Writes a manifest for WebDataset shards to `out`: each sample is its .json member (a manifest line, or any object
/// with "caption"), its .txt as caption, and its first video or image; the second one, too, if the .json has "media2",
/// and all that follow if it has "frames". Shards of one split are named split-*.tar. Samples without media are skipped
/// and counted.
ConvertReport index_shards(const std::vector<std::string>& shards, const std::string& out);

struct PackOptions {
  std::uint64_t shard_bytes = std::uint64_t{1} << 30;  ///< a shard ends with the sample that goes beyond
  ManifestOptions manifest;
};

/// Writes all splits of the data set in folder `dataset` as shards SPLIT-000000.tar ... with their manifest to `out`.
/// Samples whose files cannot be read are skipped and counted.
ConvertReport pack_dataset(const std::string& dataset, const std::string& out, const PackOptions& options);

}  // namespace aio
