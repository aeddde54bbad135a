#pragma once
// TarReader: the members of a tar file in order, by name and place. Nothing is ever written to disk, so a member's name
// is a name and no path; its bytes are read from the tar itself.
//
// POSIX ustar, with pax headers (path, size) and GNU's long names and binary sizes. Members that are no regular files
// (links, devices, folders, sparse files) or are named ".." or absolutely, and those beyond the size limit, are passed
// over and counted.

#include <cstdint>
#include <string>

#include "data/data_file.h"

namespace aio {

struct TarMember {
  std::string name;
  std::uint64_t offset = 0;  ///< of its first byte in the tar
  std::uint64_t bytes = 0;
};

inline constexpr std::uint64_t kMaxTarMemberBytes = std::uint64_t{256} << 20;

class TarReader {
 public:
  /// Throws Error{io}; Error{format} for a compressed file.
  explicit TarReader(const std::string& path);
  /// Begins with the member whose bytes are at `offset`, after a header of its own (a short name).
  TarReader(const std::string& path, std::uint64_t offset);

  /// The next regular member; false at the end. Throws Error{format} "shard.tar: at byte 1024: ..." for a header that
  /// is none and for a member that the file ends in.
  bool next(TarMember& member);
  /// Members passed over: links and devices, names that are absolute or have "..", more bytes than a member may have.
  std::int64_t ignored() const { return ignored_; }

 private:
  struct Header;
  bool read_header(Header& header);
  void read_pax(const Header& header, std::string& name, std::uint64_t& size, bool& has_size) const;
  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const;

  DataFile file_;
  std::uint64_t at_ = 0;
  std::int64_t ignored_ = 0;
};

/// The member of this name and size begins at `offset`: a shard that was rewritten since it was indexed is an error,
/// not another sample's video. Throws Error{format}.
void check_tar_member(const DataFile& file, std::uint64_t offset, std::uint64_t bytes, const std::string& name);

}  // namespace aio
