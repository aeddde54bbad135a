#include "data/manifest.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "data/manifest_writer.h"
#include "data/media_root.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio {
namespace {

using test::write_text_file;

constexpr const char* kInfo =
    R"({"format": "aio-manifest", "version": 1, "name": "my-set", "task": "qa", "media_root": "clips",
        "splits": {"train": "train.jsonl", "test": "test.jsonl"}, "answers": "answers.txt", "prompt": null,
        "max_text_len": 30})";

void write_dataset(const test::TempDir& folder, const std::string& train, const std::string& info = kInfo) {
  write_text_file(folder / "dataset.json", info);
  write_text_file(folder / "answers.txt", "bike\r\ncar");
  write_text_file(folder / "train.jsonl", train);
  write_text_file(folder / "test.jsonl", "");
  write_text_file(folder / "clips/v1.mp4", "x");
}

TEST_CASE("manifest: dataset.json and JSON Lines, blank lines and all line ends") {
  const test::TempDir folder;
  write_dataset(folder,
                "\xef\xbb\xbf{\"id\":\"q1\",\"media\":\"v1.mp4\",\"question\":\"what?\",\"answer\":\"bike\"}\r\n\n   \n"
                "  {\"id\":\"q2\",\"media\":\"v1.mp4\",\"question\":\"who?\",\"answer\":\"nobody\"}");
  const Manifest m = Manifest::open(folder.path(), "train");
  CHECK(m.info().name == "my-set");
  CHECK(m.info().task == Task::qa);
  CHECK(m.info().max_text_len == 30);
  CHECK_FALSE(m.info().prompt);
  CHECK(m.split() == "train");
  REQUIRE(m.size() == 2);
  CHECK(m.sample(0).question == "what?");
  CHECK(m.sample(1).id == "q2");
  CHECK(m.where(1) == "train.jsonl:4");
  CHECK(m.answer_class("bike") == 0);
  CHECK(m.answer_class("car") == 1);
  CHECK(m.answer_class("nobody") == -1);
  CHECK(m.media_path("v1.mp4") == std::filesystem::canonical(folder / "clips/v1.mp4"));
  CHECK(Manifest::open(folder / "dataset.json", "test").size() == 0);
  EXPECT_ERROR(m.sample(2), index, "row 2 was asked for, there are 2");
}

TEST_CASE("manifest: rows of some kinds only") {
  const test::TempDir folder;
  write_dataset(folder,
                "{\"id\":\"a\",\"media\":\"v1.mp4\",\"kind\":\"motion\"}\n"
                "{\"id\":\"b\",\"media\":\"v1.mp4\"}\n"
                "{\"id\":\"c\",\"media\":\"v1.mp4\",\"kind\":\"colour\"}\n"
                "{\"id\":\"d\",\"media\":\"v1.mp4\",\"kind\":3}\n"
                "{\"id\":\"e\",\"media\":\"v1.mp4\",\"kind\":\"motion\"}\n");
  ManifestOptions options;
  options.kinds = {"motion"};
  const Manifest m = Manifest::open(folder.path(), "train", options);
  REQUIRE(m.size() == 2);
  CHECK(m.sample(0).id == "a");
  CHECK(m.sample(1).id == "e");
  CHECK(m.where(1) == "train.jsonl:5");
  EXPECT_ERROR(m.sample(2), index, "row 2 was asked for, there are 2");
  options.kinds = {"motion", "colour"};
  CHECK(Manifest::open(folder.path(), "train", options).size() == 3);
  options.kinds = {"motino"};
  EXPECT_ERROR(Manifest::open(folder.path(), "train", options), config,
               "no row's kind is motino (there are colour, motion)");
}

TEST_CASE("manifest: CSV, TSV and arrays of objects without conversion") {
  const test::TempDir folder;
  write_text_file(folder / "a.csv", "Path,caption,start,end\nv1.mp4,\"a man,\na dog\",1,2.5\nv2.mp4,x,,\nv3.mp4,y\n");
  const Manifest csv = Manifest::open(folder / "a.csv", "");
  REQUIRE(csv.size() == 3);
  CHECK(csv.info().task == Task::pretrain);
  CHECK(csv.sample(0).captions[0] == "a man,\na dog");
  CHECK(csv.sample(0).end == 2.5);
  CHECK(csv.sample(1).id == "1");
  CHECK_FALSE(csv.sample(1).start);
  CHECK(csv.where(1) == "a.csv:4");
  EXPECT_ERROR(csv.sample(2), format, "a.csv:5: has 2 fields, the header has 4");

  write_text_file(folder / "b.tsv", "id\tvideo\tlabel\nx\tb.avi\tbrush hair\n");
  const Manifest tsv = Manifest::open(folder / "b.tsv", "");
  CHECK(tsv.info().task == Task::classify);
  CHECK(tsv.sample(0).label_name == "brush hair");
  write_text_file(folder / "c.csv", "name,caption\nx,y\n");
  EXPECT_ERROR(Manifest::open(folder / "c.csv", ""), format, "the header has no column media");

  write_text_file(folder / "d.json",
                  " [ {\"image\": \"a,]}.jpg\", \"caption\": \"say \\\"[\\\" \"},\n\n"
                  "{\"image\":\"b.jpg\",\"caption\":[\"x\",\"y\"]} , 3]");
  const Manifest array = Manifest::open(folder / "d.json", "");
  REQUIRE(array.size() == 3);
  CHECK(array.sample(0).media == "a,]}.jpg");
  CHECK(array.sample(0).captions[0] == "say \"[\" ");
  CHECK(array.sample(1).captions.size() == 2);
  CHECK(array.where(1) == "d.json:3");
  EXPECT_ERROR(array.sample(2), format, "d.json:3: not a JSON object");
  write_text_file(folder / "e.json", "{}");
  EXPECT_ERROR(Manifest::open(folder / "e.json", ""), format, "expected a JSON array");
  write_text_file(folder / "e.json", "[{}\n,{");
  EXPECT_ERROR(Manifest::open(folder / "e.json", ""), format, "line 2: the file ends inside its JSON array");
  write_text_file(folder / "e.json", "[]");
  CHECK(Manifest::open(folder / "e.json", "").size() == 0);
}

TEST_CASE("manifest: what is wrong with a data set is said at once") {
  const test::TempDir folder;
  EXPECT_ERROR(Manifest::open(folder / "nothing", "train"), io, "nothing");
  const auto expect = [&](const std::string& from, const std::string& to, const std::string& reason) {
    std::string info = kInfo;
    info.replace(info.find(from), from.size(), to);
    write_dataset(folder, "", info);
    EXPECT_ERROR(Manifest::open(folder.path(), "train"), format, "dataset.json: " + reason);
  };
  expect("aio-manifest", "other", "format is \"other\", expected \"aio-manifest\"");
  expect("\"version\": 1", "\"version\": 2", "version is 2, this program reads version 1");
  expect("\"qa\"", "\"qu\"", "unknown task \"qu\", expected one of");
  expect("30", "1", "max_text_len is 1, expected 2 to 512");
  expect("30}", "30", "not JSON");
  expect("{\"train\": \"train.jsonl\", \"test\": \"test.jsonl\"}", "3", "splits is not an object");
  expect("\"name\": \"my-set\"", "\"name\": {\"a\":[[[[[[[[[[1]]]]]]]]]]}", "nested deeper than 8");

  write_dataset(folder, "");
  EXPECT_ERROR(Manifest::open(folder.path(), "val"), config, "has no split \"val\", only test, train");
  std::filesystem::remove_all(folder / "clips");
  EXPECT_ERROR(Manifest::open(folder.path(), "train"), io, "clips: the media root cannot be opened: No such file");
  write_text_file(folder / "clips", "");
  EXPECT_ERROR(Manifest::open(folder.path(), "train"), io, "clips: the media root is not a folder");
}

TEST_CASE("manifest: a data set may say how its pixels are to be normalised") {
  const test::TempDir folder;
  const auto open = [&](const std::string& value) {
    std::string info = kInfo;
    info.insert(info.size() - 1, ", \"normalization\": " + value);
    write_dataset(folder, "", info);
    return Manifest::open(folder.path(), "train").info().normalization;
  };
  const auto given = open(R"({"mean": [0.3, 0, -1], "std": [0.25, 1, 2]})");
  REQUIRE(given);
  CHECK(given->mean[0] == 0.3F);
  CHECK(given->mean[2] == -1);
  CHECK(given->stddev[2] == 2);
  CHECK_FALSE(open("null"));
  EXPECT_ERROR(open("3"), format, "normalization has no list of three numbers named mean");
  EXPECT_ERROR(open(R"({"mean": [0, 0, 0]})"), format, "normalization has no list of three numbers named std");
  EXPECT_ERROR(open(R"({"mean": [0, 0, 1e99], "std": [1, 1, 1]})"), format, "mean is [0,0,1e+99], expected finite");
  EXPECT_ERROR(open(R"({"mean": [0, 0, 0], "std": [1, 0, 1]})"), format, "std is [1,0,1], expected finite numbers");
}

TEST_CASE("manifest: a bad row is an error of its own, a changed file too") {
  const test::TempDir folder;
  const std::string good = "{\"id\":\"1\",\"media\":\"v1.mp4\"}\n";
  write_dataset(folder, good + "{oops\n" + std::string(3 << 20, 'x') + "\n" + good);
  const Manifest m = Manifest::open(folder.path(), "train");
  REQUIRE(m.size() == 4);
  EXPECT_ERROR(m.sample(1), format, "train.jsonl:2: not JSON");
  EXPECT_ERROR(m.sample(2), format, "train.jsonl:3: the line has 3145729 bytes, at most 1048576 are allowed");
  CHECK(m.sample(3).id == "1");
  std::filesystem::resize_file(folder / "train.jsonl", 10);
  EXPECT_ERROR(m.sample(3), io, "cut short or was changed");
}

TEST_CASE("manifest: media stay inside their root") {
  const test::TempDir folder;
  write_text_file(folder / "root/sub/v.mp4", "x");
  write_text_file(folder / "root2/v.mp4", "x");
  write_text_file(folder / "secret", "x");
  std::filesystem::create_symlink(folder / "secret", folder / "root/escape.mp4");
  std::filesystem::create_symlink("sub/v.mp4", folder / "root/inside.mp4");
  std::filesystem::create_symlink(folder / "root2", folder / "root/sibling");
  std::filesystem::create_symlink(folder / "root", folder / "link");
  const MediaRoot root(folder / "link", false);
  const std::string real = std::filesystem::canonical(folder / "root");
  CHECK(root.path() == real);
  CHECK(root.resolve("sub/v.mp4") == real + "/sub/v.mp4");
  CHECK(root.resolve("./sub//v.mp4") == real + "/sub/v.mp4");
  CHECK(root.resolve("inside.mp4") == real + "/sub/v.mp4");
  CHECK(root.resolve("sub") == real + "/sub");
  EXPECT_ERROR(root.resolve("../secret"), value, "has a component \"..\"");
  EXPECT_ERROR(root.resolve("sub/.."), value, "has a component \"..\"");
  EXPECT_ERROR(root.resolve(folder / "secret"), value, "the path is absolute");
  EXPECT_ERROR(root.resolve("escape.mp4"), value, "outside the media root");
  EXPECT_ERROR(root.resolve("sibling/v.mp4"), value, "outside the media root");
  EXPECT_ERROR(root.resolve(""), value, "the media path is empty");
  EXPECT_ERROR(root.resolve(std::string("a\0b", 3)), value, "holds a NUL byte");
  EXPECT_ERROR(root.resolve("http://127.0.0.1/v.mp4"), io, "No such file");
  EXPECT_ERROR(root.resolve("none.mp4"), io, "none.mp4: cannot open: No such file");
  mkfifo((folder / "root/pipe.mp4").c_str(), 0600);
  EXPECT_ERROR(root.resolve("pipe.mp4"), io, "neither a regular file nor a folder");

  const MediaRoot open_root(folder / "root", true);
  CHECK(open_root.resolve("../secret") == std::filesystem::canonical(folder / "secret"));
  CHECK(open_root.resolve("escape.mp4") == std::filesystem::canonical(folder / "secret"));
  CHECK(open_root.resolve(folder / "secret") == std::filesystem::canonical(folder / "secret"));
  EXPECT_ERROR(open_root.resolve(std::string("a\0b", 3)), value, "holds a NUL byte");
}

TEST_CASE("manifest: members of containers") {
  CHECK(split_media("a/b.tar#x.mp4").file == "a/b.tar");
  CHECK(split_media("a/b.tar#x.mp4").member == "x.mp4");
  CHECK(split_media("c.arrow#17").member == "17");
  CHECK(split_media("take #2.mp4").file == "take #2.mp4");
}

TEST_CASE("manifest: what is written is read") {
  const test::TempDir folder;
  write_text_file(folder / "media/v.mp4", "x");
  ManifestWriter writer(folder / "set");
  Sample sample;
  sample.id = "a";
  sample.media = "v.mp4";
  sample.label_name = "run";
  writer.add("train", sample);
  sample.id = "b";
  sample.label_name = "rum";
  writer.add("train", sample);
  EXPECT_ERROR(writer.add("train", sample), value, "split train: sample \"b\" is there twice");
  writer.add("test", sample);
  CHECK(writer.size("train") == 2);
  CHECK_FALSE(std::filesystem::exists(folder / "set/train.jsonl"));
  DatasetInfo info;
  info.name = "moves";
  info.task = Task::classify;
  info.media_root = "../media";
  info.labels = {"run", "jump"};
  info.prompt = "A person is doing [MASK]";
  writer.finish(info);

  const Manifest m = Manifest::open(folder / "set", "train");
  CHECK(m.size() == 2);
  CHECK(m.info().name == "moves");
  CHECK(m.info().prompt == info.prompt);
  CHECK(m.info().splits.size() == 2);
  CHECK(m.label_class(m.sample(0)) == 0);
  EXPECT_ERROR(m.label_class(m.sample(1)), value, "label_name is \"rum\", which labels.txt does not have (the nearest");
  sample.label = 2;
  EXPECT_ERROR(m.label_class(sample), value, "label is 2, but labels.txt has 2 lines");
  CHECK(m.media_path("v.mp4") == std::filesystem::canonical(folder / "media/v.mp4"));
}

}  // namespace
}  // namespace aio
