#pragma once
// Numbers of the zip format that its reader and its writer share. Source: APPNOTE.TXT 6.3.10, section 4.3.

#include <cstddef>
#include <cstdint>

namespace aio::weights::zip {

// Signatures and sizes of the records, without their variable ends.
inline constexpr std::uint32_t kLocalHeader = 0x04034b50;
inline constexpr std::size_t kLocalHeaderBytes = 30;
inline constexpr std::uint32_t kDataDescriptor = 0x08074b50;
inline constexpr std::uint32_t kDirectoryEntry = 0x02014b50;
inline constexpr std::size_t kDirectoryEntryBytes = 46;
inline constexpr std::uint32_t kEnd = 0x06054b50;
inline constexpr std::size_t kEndBytes = 22;
inline constexpr std::uint32_t kEnd64 = 0x06064b50;
inline constexpr std::size_t kEnd64Bytes = 56;
inline constexpr std::uint32_t kLocator64 = 0x07064b50;
inline constexpr std::size_t kLocator64Bytes = 20;

inline constexpr std::uint32_t kIn64 = 0xffffffffU;  // "the value is in the ZIP64 field"
inline constexpr std::uint16_t kIn64Short = 0xffffU;
inline constexpr std::uint16_t kZip64Field = 1;

inline constexpr std::uint16_t kSizesFollow = 1U << 3;  // flag: sizes and CRC stand behind the data
inline constexpr std::uint16_t kUtf8 = 1U << 11;        // flag: names are UTF-8
inline constexpr std::uint16_t kStored = 0;

}  // namespace aio::weights::zip
