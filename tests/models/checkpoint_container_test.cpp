// Hostile zips, storages that do not hold what tensors claim, wrong file types, cut and damaged files.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "checkpoint_bytes.h"
#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/text.h"
#include "models/checkpoint/torch_writer.h"
#include "tensor/random.h"
#include "tensor/safetensors.h"
#include "tests/expect_error.h"
#include "tests/models/golden.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio::weights {
namespace {

using namespace test_bytes;

Checkpoint open_bytes(const test::TempDir& folder, const std::string& bytes, const OpenOptions& options = {}) {
  write_file(folder / "case.ckpt", bytes);
  return open_checkpoint(folder / "case.ckpt", options);
}

// ---- tensors
// -----------------------------------------------------------------------------------------------------------

TEST_CASE("torch file: a tensor that its storage does not hold is refused") {
  const test::TempDir folder;
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const std::string conjugated = message("}", text("conj"), "\x88s");
  const std::vector<std::pair<TensorCall, const char*>> cases = {
      {{.offset = 1}, "reaches beyond its storage of 4 elements"},
      {{.offset = -1}, "its offset is not a count"},
      {{.offset = kHuge}, "reaches beyond its storage"},
      {{.offset = 5, .size = {0}}, "reaches beyond its storage"},
      {{.size = {5}}, "reaches beyond its storage"},
      {{.size = {-1}}, "its size holds what is not a count"},
      {{.size = {kHuge, kHuge}, .stride = {0, 0}}, "reaches beyond its storage"},
      {{.size = {kHuge}, .stride = {kHuge}}, "reaches beyond its storage"},
      {{.size = {1 << 30}, .stride = {0}}, "repeats its storage to 4294967296 bytes, more than the file has"},
      {{.stride = {2}}, "reaches beyond its storage"},
      {{.stride = {-1}}, "its stride holds what is not a count"},
      {{.size = {2, 2}, .stride = {1}}, "has 2 dimensions and 1 strides"},
      {{.size = {1, 1, 1, 1, 1, 1, 1, 1, 1}, .stride = {1, 1, 1, 1, 1, 1, 1, 1, 1}}, "has 9 dimensions, at most 8"},
      {{.numel = 8}, "its storage has 16 bytes, expected 8 elements of 4"},
      {{.numel = -4}, "its storage is not described as torch.save does"},
      {{.numel = kHuge}, "its storage has 16 bytes"},
      {{.storage_class = "DoubleStorage"}, "its storage has 16 bytes, expected 4 elements of 8"},
      {{.storage_class = "ComplexDoubleStorage"}, "elements of torch.ComplexDoubleStorage are not supported"},
      {{.key = "1"}, "its storage 1 is not in the file"},
      {{.key = "../data.pkl"}, "its storage ../data.pkl is not in the file"},
      {{.function = "_rebuild_sparse_tensor"},
       "is made by torch._utils._rebuild_sparse_tensor, which is not supported"},
      {{.more = conjugated}, "is a conjugated or negated view"},
  };
  for (const auto& one : cases) {  // clang 14 cannot capture structured bindings
    const std::string bytes = torch_zip(state_dict_pickle(one.first.bytes()));
    EXPECT_ERROR(open_bytes(folder, bytes), format, "tensor w");
    EXPECT_ERROR(open_bytes(folder, bytes), format, one.second);
  }
}

TEST_CASE("torch file: views that overlap or repeat their storage are read as PyTorch reads them") {
  const test::TempDir folder;
  const float values[] = {1, 2, 3, 4};
  const std::string storage(reinterpret_cast<const char*>(values), sizeof(values));
  const auto read = [&](const TensorCall& call) {
    return open_bytes(folder, torch_zip(state_dict_pickle(call.bytes()), storage)).tensor("w");
  };
  CHECK(read({}).to_vector<float>() == std::vector<float>{1, 2, 3, 4});
  CHECK(read({.size = {3, 2}, .stride = {1, 1}}).to_vector<float>() == std::vector<float>{1, 2, 2, 3, 3, 4});
  CHECK(read({.offset = 3, .size = {3}, .stride = {0}}).to_vector<float>() == std::vector<float>{4, 4, 4});
  CHECK(read({.size = {2, 2}, .stride = {1, 2}}).to_vector<float>() == std::vector<float>{1, 3, 2, 4});
  CHECK(read({.offset = 4, .size = {0}}).numel() == 0);
  CHECK(read({.offset = 1, .size = {}, .stride = {}}).item() == 2);
  const TensorCall eight{.size = {1, 2, 1, 1, 1, 1, 1, 2}, .stride = {1, 2, 1, 1, 1, 1, 1, 1}};
  EXPECT_ERROR(read(eight), format, "tensor w has 8 dimensions, at most 6 are supported");  // kept as bytes
  CHECK(open_bytes(folder, torch_zip(state_dict_pickle(eight.bytes()), storage)).find("w")->bytes() == 16);
}

TEST_CASE("torch file: tensors that share storages cannot make a small file huge") {
  const test::TempDir folder;
  std::string entries;
  for (int i = 0; i < 400; ++i) {
    entries += text(message("w", i)) + TensorCall{.numel = 40000, .size = {40000}}.bytes();
  }
  const std::string pickle = "\x80\x02}(" + entries + "u.";
  EXPECT_ERROR(open_bytes(folder, torch_zip(pickle, std::string(160000, '\1'))), format,
               "its tensors share storages so that they take 64000000 bytes");
}

TEST_CASE("torch file: a dictionary without tensors, a pickled module, names that repeat or are endless") {
  const test::TempDir folder;
  const auto open_root = [&](const std::string& root) {
    return open_bytes(folder, torch_zip("\x80\x02" + root + "."));
  };
  EXPECT_ERROR(open_root("}(" + text("epoch") + "K\1" + text("a\x1b") + "K\1u"), format,
               "holds no tensors under state_dict, model or the top level; its keys are epoch, a\\x1b");
  EXPECT_ERROR(open_root("K\1"), format, "holds a value that is not a dictionary of tensors");
  EXPECT_ERROR(open_root(global("timm.models", "VisionTransformer") + ")\x81}b"), format,
               "holds a pickled timm.models.VisionTransformer, not a dictionary of tensors");
  EXPECT_ERROR(open_root("}(" + text("w") + TensorCall{}.bytes() + text("w") + TensorCall{}.bytes() + "u"), format,
               "two tensors are named w");
  const std::string long_name(1025, 'n');
  EXPECT_ERROR(open_root("}(" + text(long_name) + TensorCall{}.bytes() + "u"), format, "has 1025 bytes, at most 1024");
  CHECK(open_root("}(" + text(long_name.substr(1)) + TensorCall{}.bytes() + "u").tensors.size() == 1);
  const Checkpoint mixed = open_root("}(" + text("w") + TensorCall{}.bytes() + text("step") + "K\1K\2K\3u");
  CHECK(mixed.skipped == std::vector<std::string>{"step", "2"});
}

// ---- zip
// ---------------------------------------------------------------------------------------------------------------

TEST_CASE("hostile zips are refused") {
  const test::TempDir folder;
  const std::string pickle = state_dict_pickle(TensorCall{}.bytes());
  const Member data{"archive/data.pkl", pickle};
  const std::string storage(16, '\1');
  const Member weights{"archive/data/0", storage};
  const std::string trailer = zip_file({data, weights});

  const auto member = [&](const auto& change) {
    Member changed = weights;
    change(changed);
    return zip_file({data, changed});
  };
  const auto lying = [&](const ZipLies& lies) { return zip_file({data, weights}, lies); };
  using M = Member;
  const std::string zip64_extra = le<std::uint16_t>(1) + le<std::uint16_t>(16) + le(std::uint64_t{1} << 62);
  const std::vector<std::pair<std::string, const char*>> cases = {
      {member([](M& m) { m.method = m.local_method = 8; }), "archive/data/0 is compressed (method 8)"},
      {member([](M& m) { m.local_method = 8; }), "is compressed, says the header in front of its data"},
      {member([](M& m) { m.flags = m.local_flags = 1; }), "is encrypted, patched or has flags"},
      {member([](M& m) { m.flags = m.local_flags = 1 << 5; }), "is encrypted, patched or has flags"},
      {member([](M& m) { m.local_flags = 1 << 11; }), "has other flags in front of its data"},
      {member([](M& m) { m.local_name = "archive/data/1"; }), "is called archive/data/1 in front of its data"},
      {member([](M& m) { m.name = m.local_name = "archive/../../etc/x"; }), "a member is named"},
      {member([](M& m) { m.name = m.local_name = "/etc/passwd"; }), "a member is named"},
      {member([](M& m) { m.name = m.local_name = std::string("archive/a\0b", 11); }), "archive/a\\x00b"},
      {member([](M& m) { m.name = m.local_name = "archive\\data"; }), "a member is named"},
      {member([](M& m) { m.name = m.local_name = ""; }), "a member is named"},
      {member([](M& m) { m.name = m.local_name = "other/data/0"; }), "lies outside of archive/"},
      {member([](M& m) { m.local_size = 8; }), "has another size or CRC in front of its data"},
      {member([](M& m) { m.size = m.packed = 8; }), "has another size or CRC"},
      {member([](M& m) { m.packed = 8; }), "takes 8 bytes for 16"},
      {member([](M& m) { m.size = m.packed = m.local_size = 0xfffffff0U; }), "(truncated)"},
      {member([](M& m) { m.size = m.packed = m.local_size = 0xffffffffU; }), "lacks its ZIP64 sizes"},
      {member([&](M& m) {
         m.size = m.packed = 0xffffffffU;
         m.extra = zip64_extra + le(std::uint64_t{1} << 62);
       }),
       "has another size or CRC"},
      {member([](M& m) { m.extra = le<std::uint16_t>(1) + le<std::uint16_t>(100); }), "an extra field beyond its end"},
      {member([](M& m) { m.crc ^= 1; }), "archive/data/0 is damaged: its CRC-32 differs"},
      {member([](M& m) { m.disk = 1; }), "it is spread over several files"},
      {member([](M& m) { m.header_shift = 1; }), "has no header at byte"},
      {member([](M& m) { m.gap = "junk"; }), "the members end at byte"},
      {zip_file({data, {.name = "archive/data/0", .data = storage, .gap = "PK"}, {"archive/version", "3"}}),
       "(bytes that belong to no member)"},
      {zip_file({data, weights, weights}), "two members are named archive/data/0"},
      {zip_file({data, {.name = "archive/x", .data = storage, .local_name = "archive/data.pkl", .header_shift = -1}}),
       "has no header"},
      {lying({.before = "MZ"}), "of an unknown type"},
      {lying({.after = "x"}), "no end record closes the file"},
      {lying({.comment = "hello"}), "no end record closes the file"},
      {lying({.disk = 1}), "it is spread over several files"},
      {lying({.entries_added = 1}), "no directory entry at byte"},
      {lying({.entries_added = -1}), "the directory has more entries than it says"},
      {lying({.directory_shift = 1}), "the directory takes bytes"},
      {lying({.directory_bytes_added = 4}), "the directory takes bytes"},
      {zip_file({{"archive/data.pkl", pickle}, {"archive/byteorder", "big"}}), "a big-endian machine"},
      {zip_file({{"archive/data.pkl", pickle}, {"archive/constants.pkl", "."}}), "a TorchScript archive"},
      {zip_file({{"archive/data.pkl", pickle + "N."}, weights}), "data.pkl goes on behind its end"},
      {zip_file({{"archive/x/data.pkl", pickle}}), "a zip archive without data.pkl"},
  };
  for (const auto& one : cases) {
    EXPECT_ERROR(open_bytes(folder, one.first), format, one.second);
  }
  // Two names for the same bytes (Fifield's overlapping bomb).
  Member second = weights;
  second.header_shift = -static_cast<std::int64_t>(30 + weights.name.size() + weights.data.size());
  EXPECT_ERROR(open_bytes(folder, zip_file({data, weights, second})), format, "two members are named");
  CHECK(open_bytes(folder, trailer).tensors.size() == 1);
}

TEST_CASE("zip: limits and ZIP64 counts") {
  const test::TempDir folder;
  const std::string pickle = state_dict_pickle(TensorCall{}.bytes());
  const std::vector<Member> members = {{"archive/data.pkl", pickle}, {"archive/data/0", std::string(16, '\1')}};
  OpenOptions options;
  options.torch.limits.zip.entries = 2;
  CHECK(open_bytes(folder, zip_file(members), options).tensors.size() == 1);
  options.torch.limits.zip.entries = 1;
  EXPECT_ERROR(open_bytes(folder, zip_file(members), options), format, "2 members, at most 1 are allowed");
  // A million members, by the ZIP64 record.
  const auto end64 = [&](std::uint64_t entries, std::uint64_t place_added) {
    const std::string plain = zip_file(members);
    const std::uint64_t directory = load_le<std::uint32_t>(plain, plain.size() - 6);
    const std::uint64_t bytes = load_le<std::uint32_t>(plain, plain.size() - 10);
    return le(zip::kEnd64) + le<std::uint64_t>(44) + le<std::uint16_t>(45) + le<std::uint16_t>(45) +
           le<std::uint32_t>(0) + le<std::uint32_t>(0) + le(entries) + le(entries) + le(bytes) + le(directory) +
           le(zip::kLocator64) + le<std::uint32_t>(0) + le(directory + bytes + place_added) + le<std::uint32_t>(1);
  };
  CHECK(open_bytes(folder, zip_file(members, {.end64 = end64(2, 0)})).tensors.size() == 1);
  EXPECT_ERROR(open_bytes(folder, zip_file(members, {.entries_added = 0xffff - 2, .end64 = end64(1'000'000, 0)})),
               format, "1000000 members, at most 100000 are allowed");
  EXPECT_ERROR(open_bytes(folder, zip_file(members, {.end64 = end64(3, 0)})), format, "its two end records disagree");
  EXPECT_ERROR(open_bytes(folder, zip_file(members, {.end64 = end64(2, 8)})), format,
               "its ZIP64 end record is not where the locator says");
}

TEST_CASE("zip: a damaged member is refused, unless checksums are switched off") {
  const test::TempDir folder;
  std::string bytes = test::read_text_file(test::golden("micro_ckpt_zip.ckpt"));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  EXPECT_ERROR(open_bytes(folder, bytes), format, "is damaged: its CRC-32 differs from the one in the directory");
  OpenOptions options;
  options.torch.verify_crc = false;
  CHECK(open_bytes(folder, bytes, options).tensors.size() == 64);
}

// ---- legacy
// ------------------------------------------------------------------------------------------------------------

TEST_CASE("legacy container: storages are checked against what the object says") {
  const test::TempDir folder;
  LegacyParts good;
  good.object = state_dict_pickle(TensorCall{.legacy = "N"}.bytes());
  CHECK(open_bytes(folder, good.bytes()).tensor("w").numel() == 4);
  const auto refuse = [&](const auto& change, const char* reason) {
    LegacyParts parts = good;
    change(parts);
    EXPECT_ERROR(open_bytes(folder, parts.bytes()), format, reason);
  };
  using P = LegacyParts;
  refuse([](P& p) { p.protocol = "\x80\x02K\7."; }, "another protocol than 1001");
  refuse([](P& p) { p.system = "\x80\x02}" + text("little_endian") + "\x89s."; }, "a big-endian machine");
  refuse([](P& p) { p.keys = "\x80\x02" + text("0") + "."; }, "the storage keys are not a list");
  refuse([](P& p) { p.keys = "\x80\x02](" + text("7") + "e."; }, "it stores 7, which nothing refers to");
  refuse([](P& p) { p.keys = "\x80\x02]."; }, "24 bytes follow the last storage");
  refuse([](P& p) { p.storages += "x"; }, "1 bytes follow the last storage");
  refuse([](P& p) { p.storages.pop_back(); }, "truncated: storage 0 has 4 elements, 15 bytes are left");
  refuse([](P& p) { p.storages = "1234"; }, "truncated: storage 0 is missing");
  refuse([](P& p) { p.storages = le<std::int64_t>(-1) + std::string(16, '\1'); }, "expected 4");
  refuse([](P& p) { p.keys = "\x80\x02](" + text("0") + text("0") + "e."; }, "truncated: storage 0 is missing");
  // A view of the storage, as torch 0.3 writes: key, offset, elements.
  const auto view = [&](std::int64_t offset, std::int64_t numel) {
    const std::string fields = message("(", text("v"), integer(offset), integer(numel), "t");
    LegacyParts parts = good;
    parts.object = state_dict_pickle(TensorCall{.size = {2}, .legacy = fields}.bytes());
    return parts.bytes();
  };
  const float values[] = {1, 2, 3, 4};
  good.storages = le<std::int64_t>(4) + std::string(reinterpret_cast<const char*>(values), sizeof(values));
  CHECK(open_bytes(folder, view(1, 2)).tensor("w").to_vector<float>() == std::vector<float>{2, 3});
  EXPECT_ERROR(open_bytes(folder, view(1, 1)), format, "reaches beyond its storage of 1 elements");
  EXPECT_ERROR(open_bytes(folder, view(3, 2)), format, "its storage is a view beyond the storage");
}

// ---- other files
// -------------------------------------------------------------------------------------------------------

TEST_CASE("wrong file types are named by their content") {
  const test::TempDir folder;
  const std::vector<std::pair<std::string, const char*>> cases = {
      {"", "an empty file"},
      {"\x89HDF\r\n\x1a\n----", "an HDF5 file"},
      {"\x1f\x8b\x08----", "gzip-compressed data (unpack it first"},
      {repeat("\1", 257) + "ustar", "a tar archive"},
      {"<!DOCTYPE html><html>", "a web page (a download that was answered with an error?)"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer"},
      {"{\"hidden_size\": 768}", "a JSON text"},
      {"hello\n", "a text"},
      {"\x93NUMPY\1", "a NumPy array"},
      {std::string("\0\0\0\x18"
                   "ftypmp42",
                   12),
       "an MP4 video"},
      {"\x80\x04K\1.", "a Python pickle that torch.save did not write"},
      {zip_file({{"w.npy", "x"}}), "a NumPy archive (.npz)"},
      {zip_file({{"readme.txt", "x"}}), "a zip archive without data.pkl (its first member is readme.txt)"},
      {std::string(64, '\xee'), "of an unknown type"},
  };
  for (const auto& one : cases) {
    EXPECT_ERROR(open_bytes(folder, one.first), format, message("not a checkpoint, but ", one.second));
  }
  EXPECT_ERROR(open_checkpoint(folder.path().string()), io, "not a regular file");
}

TEST_CASE("text: what reaches a terminal or JSON is harmless") {
  CHECK(printable("a\x1b[31m\n\x7f\xc2\x9b\xff\xc3\xa9") == "a\\x1b[31m\\x0a\\x7f\\xc2\\x9b\\xff\xc3\xa9");
  CHECK(printable(std::string(200, 'x'), 10) == "xxxxxxxxxx...");
  CHECK(json_quoted("\"\\\n\xff\xc3\xa9") == "\"\\\"\\\\\\u000a\xef\xbf\xbd\xc3\xa9\"");
  for (const char* const bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"})
    CHECK_FALSE(is_utf8(bad));
  CHECK(is_utf8("\xf0\x9f\x98\x80 \xe2\x82\xac"));
  CHECK(listed({"a", "b", "c"}, ", ", 2) == "a, b and 1 more");
  CHECK(crc32("123456789") == 0xcbf43926U);  // the check value of the standard's catalogue
}

// ---- cut and damaged files
// ---------------------------------------------------------------------------------------------

/// Whatever is read lies within the file: touches every element.
std::size_t touch(const Checkpoint& checkpoint) {
  std::size_t sum = 0;
  std::vector<char> scratch;
  for (const FileTensor& tensor : checkpoint.tensors) {
    for (const char byte : packed_bytes(tensor, scratch)) sum += static_cast<unsigned char>(byte);
  }
  return sum;
}

/// A small file in each container.
std::vector<std::string> small_files(const test::TempDir& folder) {
  LegacyParts legacy;
  legacy.object = state_dict_pickle(TensorCall{.size = {2, 2}, .stride = {1, 2}, .legacy = "N"}.bytes());
  save_torch(folder / "s.pth", {to_file_tensor("a.weight", normal({2, 3}, 0, 1, {1})),
                                to_file_tensor("a.ids", Tensor::zeros({3}, {DType::i64, {}}))});
  save_safetensors(folder / "s.safetensors", {{"a", normal({2, 3}, 0, 1, {1})}, {"b", Tensor::scalar(1)}});
  return {test::read_text_file(folder / "s.pth"), torch_zip(state_dict_pickle(TensorCall{}.bytes())), legacy.bytes(),
          test::read_text_file(folder / "s.safetensors")};
}

TEST_CASE("checkpoint: a file cut at any byte is refused") {
  const test::TempDir folder;
  const std::string path = folder / "cut";
  std::vector<std::string> files = small_files(folder);
  const std::size_t small = files.size();
  files.push_back(test::read_text_file(test::golden("micro_ckpt_odd_zip.ckpt")));
  files.push_back(test::read_text_file(test::golden("micro_ckpt_odd_legacy.ckpt")));
  for (std::size_t i = 0; i < files.size(); ++i) {
    write_file(path, files[i]);
    CHECK(touch(open_checkpoint(path)) > 0);
    // Every length of the small files; of the large ones every 41st, the odd step meets all kinds of places.
    for (std::size_t length = files[i].size() - 1; length > 0; length -= std::min(length, i < small ? 1UL : 41UL)) {
      std::filesystem::resize_file(path, length);
      INFO(i, " cut to ", length);
      EXPECT_ERROR(open_checkpoint(path), format, "cut: ");
    }
  }
}

TEST_CASE("checkpoint: with any bit flipped a file is refused or read within its bounds") {
  const test::TempDir folder;
  OpenOptions unchecked;  // CRC off: so the flips reach the readers behind it
  unchecked.torch.verify_crc = false;
  for (const std::string& bytes : small_files(folder)) {
    write_file(folder / "flip", bytes);
    std::fstream file(folder / "flip", std::ios::in | std::ios::out | std::ios::binary);  // flips in place are cheap
    const auto poke = [&](std::size_t at, char byte) {
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte).flush();
    };
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      poke(bit / 8, static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8))));
      try {
        touch(open_checkpoint(folder / "flip", unchecked));
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::format);
        ++refused;
      }
      poke(bit / 8, bytes[bit / 8]);
    }
    CHECK(refused > bytes.size());
    CHECK(refused < 8 * bytes.size());
  }
}

}  // namespace
}  // namespace aio::weights
