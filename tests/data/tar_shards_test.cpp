#include "data/tar_shards.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstring>
#include <filesystem>

#include "data/decode_service.h"
#include "data/dice.h"
#include "data/image_writer.h"
#include "data/tar_writer.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

/// A header block, as the writer makes it, with fields changed.
struct RawMember {
  std::string name;
  std::string data;
  char type = '0';
  std::string size;  ///< the 12 bytes of the size field, if not the true one

  std::string bytes() const {
    std::string block(512, '\0');
    block.replace(0, name.size(), name);
    char number[24];
    std::snprintf(number, sizeof(number), "%011zo", data.size());
    block.replace(124, 12, size.empty() ? std::string(number, 12) : size);
    block.replace(148, 8, 8, ' ');
    block[156] = type;
    block.replace(257, 8, std::string("ustar\00000", 8));
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    std::snprintf(number, sizeof(number), "%06o", sum);
    block.replace(148, 7, std::string(number, 7));
    return block + data + std::string((512 - data.size() % 512) % 512, '\0');
  }
};

std::string tar_of(const std::vector<RawMember>& members) {
  std::string bytes;
  for (const RawMember& member : members) bytes += member.bytes();
  return bytes + std::string(1024, '\0');
}

struct Shard {
  test::TempDir folder;
  std::string path = folder / "train-000000.tar";
  explicit Shard(const std::string& bytes) { test::write_text_file(path, bytes); }
  explicit Shard(const std::vector<RawMember>& members) : Shard(tar_of(members)) {}

  Names names(std::int64_t* ignored = nullptr) const {
    TarReader reader(path);
    Names result;
    for (TarMember member; reader.next(member);) result.push_back(member.name);
    if (ignored != nullptr) *ignored = reader.ignored();
    return result;
  }
  void read_samples() const {
    ShardReader reader(path);
    for (ShardSample sample; reader.next(sample);) {
    }
  }
};

TEST_CASE("tar: what the writer writes is read, and is the same file every time") {
  const test::TempDir folder;
  std::string files[2];
  for (std::string& file : files) {
    TarWriter writer(folder / "a.tar");
    CHECK(writer.begin("000.json", 5) == 512);
    writer.write("hello");
    CHECK(writer.begin("000.mp4", 512) == 1536);
    writer.write(std::string(512, 'x'));
    CHECK(writer.begin("001.txt", 0) == 2560);
    writer.finish();
    file = test::read_text_file(folder / "a.tar");
  }
  CHECK(files[0] == files[1]);
  CHECK(files[0].size() == 2560 + 1024);
  TarReader reader(folder / "a.tar");
  TarMember member;
  CHECK(reader.next(member));
  CHECK((member.name == "000.json" && member.offset == 512 && member.bytes == 5));
  CHECK(reader.next(member));
  CHECK((member.name == "000.mp4" && member.offset == 1536 && member.bytes == 512));
  CHECK(reader.next(member));
  CHECK_FALSE(reader.next(member));
  TarWriter broken(folder / "b.tar");
  broken.begin("x", 3);
  EXPECT_ERROR(broken.write("four"), state, "4 bytes for a member that lacks 3");
  EXPECT_ERROR(broken.finish(), state, "the last member lacks 3 bytes");
  EXPECT_ERROR(TarWriter(folder / "c.tar").begin(std::string(101, 'n'), 0), value, "names have 1 to 100 bytes");
}

TEST_CASE("tar: long names and sizes of pax and GNU") {
  const std::string name(150, 'n');
  std::int64_t ignored = 0;
  CHECK(Shard({{"PaxHeaders/x", "160 path=" + name + "\n", 'x', ""}, {"short", "data", '0', ""}}).names() ==
        Names{name});
  CHECK(Shard({{"././@LongLink", name + '\0', 'L', ""}, {"short", "data", '0', ""}, {"next", "", '0', ""}}).names() ==
        Names{name, "next"});
  // The size of a pax header stands for the one in the block.
  CHECK(Shard({{"pax", "9 size=4\n", 'x', ""}, {"a", "data", '0', "00000000000 "}, {"b", "", '0', ""}}).names() ==
        Names{"a", "b"});
  const std::string binary = std::string("\x80\0\0\0\0\0\0\0\0\0\0", 11) + '\4';
  CHECK(Shard({{"a", "data", '0', binary}, {"b", "", '0', ""}}).names(&ignored) == Names{"a", "b"});
  CHECK(ignored == 0);
}

TEST_CASE("tar: only regular files with plain names; the rest is passed over and counted") {
  std::int64_t ignored = 0;
  const Shard shard({{"../../etc/passwd", "x", '0', ""},
                     {"/etc/passwd", "x", '0', ""},
                     {"a/../../b", "x", '0', ""},
                     {"link", "", '2', ""},
                     {"hard", "", '1', ""},
                     {"device", "", '3', ""},
                     {"folder/", "", '5', ""},
                     {"sparse", "", 'S', ""},
                     {"..good.txt", "x", '0', ""}});
  CHECK(shard.names(&ignored) == Names{"..good.txt"});
  CHECK(ignored == 8);
  CHECK(std::distance(std::filesystem::directory_iterator(shard.folder.path()), {}) == 1);
}

TEST_CASE("tar: hostile and broken shards are refused with the place") {
  const auto expect = [](const Shard& shard, const std::string& reason) {
    EXPECT_ERROR(shard.names(), format, "train-000000.tar: " + reason);
  };
  expect(Shard({{"a", "x", '0', "77777777777 "}}), "at byte 512: member \"a\" has 8589934591 bytes, the file has");
  expect(Shard({{"a", "x", '0', std::string(12, '\xff')}}), "at byte 0: a member's size is no number, or too large");
  expect(Shard({{"a", "x", '0', "hello, world"}}), "at byte 0: a member's size is no number, or too large");
  expect(Shard({{"p", "30 size=99999999999999999999999\n", 'x', ""}, {"a", "x", '0', ""}}), "at byte 512: a");
  expect(Shard({{"p", "0 path=x\n", 'x', ""}, {"a", "x", '0', ""}}), "at byte 512: a broken extended header");
  expect(Shard(std::string(2048, 'x')), "at byte 0: no tar header: its checksum is wrong");
  const std::string whole = tar_of({{"a", std::string(600, 'x'), '0', ""}});
  expect(Shard(whole.substr(0, 100)), "at byte 0: the file ends inside a header");
  expect(Shard(whole.substr(0, 1000)), "at byte 512: member \"a\" has 600 bytes, the file has 488 left");
  EXPECT_ERROR(Shard(std::string("\x1f\x8b\x08 gzip")).names(), format, "is compressed by gzip");
  CHECK(Shard(std::string()).names().empty());
}

TEST_CASE("tar: changed bytes never lead outside the file") {
  const std::string whole = tar_of({{"p", "10 path=b\n", 'x', ""}, {"a", "data", '0', ""}, {"c", "more", '0', ""}});
  Dice dice({2, 0, 0});
  for (int round = 0; round < 1000; ++round) {
    std::string bytes = whole.substr(0, static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(whole.size()))));
    if (!bytes.empty()) {
      bytes[static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(bytes.size())))] =
          static_cast<char>(dice.bits());
    }
    const Shard shard(bytes);
    try {
      shard.names();
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::format);
    }
  }
}

TEST_CASE("shards: members of a sample must be adjacent, and of different kinds") {
  EXPECT_ERROR(Shard({{"a/1.mp4", "x", '0', ""}, {"a/2.mp4", "x", '0', ""}, {"a/1.txt", "x", '0', ""}}).read_samples(),
               format, "key \"a/1\" comes back at byte 2560: the members of a sample must be adjacent");
  EXPECT_ERROR(Shard({{"1.mp4", "x", '0', ""}, {"1.MP4", "x", '0', ""}}).read_samples(), format,
               "key \"1\" has two members .mp4");
  ShardReader reader(Shard({{"v1.0/7.seg.png", "x", '0', ""}, {"v1.0/7.txt", "x", '0', ""}}).path);
}

TEST_CASE("shards: shards from elsewhere get a manifest") {
  const Shard shard({{"001.jpg", "JPEG1", '0', ""},
                     {"001.txt", "a cat\n", '0', ""},
                     {"002.json", R"({"caption":"a dog","id":"d"})", '0', ""},
                     {"002.jpg", "JPEG22", '0', ""},
                     {"003.txt", "no image", '0', ""},
                     {"004.json", "{}", '0', ""},
                     {"004.mp4", "V", '0', ""}});
  const test::TempDir out;
  const ConvertReport report = index_shards({shard.path}, out / "m");
  CHECK(report.skipped_rows == 1);
  const Manifest m = Manifest::open(out / "m", "train");
  REQUIRE(m.size() == 3);
  CHECK(m.sample(0).captions == Names{"a cat"});
  CHECK(m.sample(0).media == "train-000000.tar#001.jpg");
  CHECK(m.sample(1).id == "d");
  CHECK(m.sample(1).captions == Names{"a dog"});
  const MediaSource source = m.media_source(m.sample(1));
  CHECK(test::read_text_file(source.path).substr(static_cast<std::size_t>(source.offset), 6) == "JPEG22");
  CHECK(source.bytes == 6);

  // The shard is rewritten with other contents: an error, not another sample's image.
  test::write_text_file(shard.path, tar_of({{"009.jpg", "another one", '0', ""}, {"010.jpg", "y", '0', ""}}));
  EXPECT_ERROR(m.media_source(m.sample(0)), format, "the shard was changed since it was indexed");
  EXPECT_ERROR(m.media_source(m.sample(1)), format, "the shard was changed since it was indexed");
}

TEST_CASE("shards: a packed data set is the same data set") {
  const test::TempDir folder;
  ManifestWriter writer(folder / "set");
  for (int i = 0; i < 7; ++i) {
    Sample s = make_sample(message("v", i), message(i, ".mp4"));
    s.captions = {message("caption ", i)};
    s.start = 0.5 * i;
    if (i != 5)
      test::write_text_file(folder / message("media/", i, ".mp4"), std::string(1000, static_cast<char>('a' + i)));
    writer.add(i < 6 ? "train" : "test", s);
  }
  DatasetInfo info;
  info.name = message("small");
  info.task = Task::retrieval;
  info.media_root = folder / "media";
  info.max_text_len = 33;
  writer.finish(info);

  PackOptions options;
  options.shard_bytes = 3000;  // two samples a shard
  const ConvertReport report = pack_dataset(folder / "set", folder / "out", options);
  CHECK(report.skipped_rows == 1);
  CHECK(report.skipped[0].find("train.jsonl:6: ") == 0);
  const Manifest m = Manifest::open(folder / "out", "train");
  CHECK(m.info().task == Task::retrieval);
  CHECK(m.info().max_text_len == 33);
  REQUIRE(m.size() == 5);
  CHECK(m.sample(4).media == "train-000002.tar#000000004.mp4");
  for (int i = 0; i < 5; ++i) {
    const Sample s = m.sample(i);
    CHECK(s.id == message("v", i));
    CHECK(s.start == 0.5 * i);
    const MediaSource source = m.media_source(s);
    CHECK(test::read_text_file(source.path)
              .substr(static_cast<std::size_t>(source.offset), static_cast<std::size_t>(source.bytes)) ==
          std::string(1000, static_cast<char>('a' + i)));
  }
  // The shards alone are enough.
  index_shards({folder / "out/train-000000.tar", folder / "out/train-000001.tar", folder / "out/train-000002.tar"},
               folder / "again");
  const Manifest again = Manifest::open(folder / "again", "train");
  REQUIRE(again.size() == 5);
  CHECK(to_json(again.sample(3)) == to_json(m.sample(3)));
}

/// A picture of one colour; its file.
std::string picture_file(const std::string& path, std::uint8_t value) {
  const Tensor picture = Tensor::from(std::vector<std::uint8_t>(4 * 6 * 3, value), {4, 6, 3});
  fs::create_directories(fs::path(path).parent_path());
  write_png(path, picture);
  return path;
}

TEST_CASE("shards: folders of frames and pairs of images") {
  const test::TempDir folder;
  for (int i = 0; i < 12; ++i) {
    picture_file(folder / message("media/clip/", 7 + i, ".png"), static_cast<std::uint8_t>(20 * i));
  }
  picture_file(folder / "media/left.png", 100);
  picture_file(folder / "media/right.PNG", 200);
  ManifestWriter writer(folder / "set");
  Sample clip = make_sample("clip", "clip");
  clip.frames = FrameFolder{"%d.png", 7, 4};
  clip.captions = {"a clip"};
  writer.add("train", clip);
  Sample pair = make_sample("pair", "left.png");
  pair.media2 = "right.PNG";
  pair.captions = {"a pair"};
  writer.add("train", pair);
  DatasetInfo info;
  info.media_root = folder / "media";
  info.task = Task::pretrain;
  writer.finish(info);

  CHECK(pack_dataset(folder / "set", folder / "out", {}).skipped_rows == 0);
  CHECK(pack_dataset(folder / "out", folder / "twice", {}).skipped_rows == 0);  // shards are packed like files
  index_shards({folder / "out/train-000000.tar"}, folder / "again");
  DecodeService service;
  for (const char* place : {"set", "out", "twice", "again"}) {
    CAPTURE(place);
    const Manifest m = Manifest::open(folder / place, "train");
    REQUIRE(m.size() == 2);
    DecodeRequest request;
    request.source = m.media_source(m.sample(0));
    request.indices = {11, 0, 3};
    const DecodeResult frames = service.decode(request);
    REQUIRE_MESSAGE(frames.ok(), frames.error);
    CHECK(frames.info.frames == 12);
    CHECK(frames.info.seconds == 3);
    const auto pixels = frames.frames.to_vector<std::uint8_t>();
    CHECK(pixels[0] == 220);
    CHECK(pixels[72] == 0);
    CHECK(pixels[144] == 60);
    request.indices = {0};
    request.source = m.media_source(m.sample(1));
    CHECK(service.decode(request).frames.to_vector<std::uint8_t>()[0] == 100);
    request.source = m.media_source(second_of_pair(m.sample(1)));
    CHECK(service.decode(request).frames.to_vector<std::uint8_t>()[0] == 200);
  }
  const Manifest packed = Manifest::open(folder / "out", "train");
  CHECK(packed.sample(0).frames->pattern == "000000000.%05d.png");
  CHECK(packed.sample(1).media2 == "train-000000.tar#000000001.2.png");

  fs::remove(folder / "media/right.PNG");
  CHECK(pack_dataset(folder / "set", folder / "less", {}).skipped_rows == 1);
}

}  // namespace
}  // namespace aio
