#include "data/dataset_check.h"

#include <doctest/doctest.h>

#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio {
namespace {

DecodeResult fake_decode(const DecodeRequest& request) {
  DecodeResult result;
  result.info.frames = 50;
  result.info.seconds = 2;
  if (test::read_text_file(request.source.path) == "broken") {
    result.fault = DecodeFault::format;
    result.error = request.source.path + ": no video";
  }
  return result;
}

std::vector<std::string> faults_of(const std::string& lines, const std::string& task, int threads = 3) {
  const test::TempDir folder;
  test::write_text_file(folder / "dataset.json",
                        R"({"format":"aio-manifest","version":1,"name":"s","task":")" + task +
                            R"(","media_root":".","splits":{"train":"train.jsonl"},"labels":"labels.txt"})");
  test::write_text_file(folder / "labels.txt", "run\njump\n");
  test::write_text_file(folder / "a.mp4", "fine");
  test::write_text_file(folder / "b.mp4", "broken");
  test::write_text_file(folder / "train.jsonl", lines);
  CheckOptions options;
  options.threads = threads;
  std::vector<std::string> result;
  for (const SampleFault& f : check_dataset(Manifest::open(folder.path(), "train"), fake_decode, options)) {
    result.push_back(f.where + (f.unreadable ? ": unreadable: " : ": ") + f.reason.substr(f.reason.rfind('/') + 1));
  }
  return result;
}

using Faults = std::vector<std::string>;

TEST_CASE("check: every fault with its line, the same on any number of threads") {
  const std::string lines =
      "{\"id\":\"1\",\"media\":\"a.mp4\",\"caption\":\"x\"}\n"
      "{\"id\":\"2\",\"media\":\"b.mp4\",\"caption\":\"x\"}\n"
      "{oops\n"
      "{\"id\":\"1\",\"media\":\"a.mp4\",\"caption\":\"y\"}\n"
      "{\"id\":\"4\",\"media\":\"c.mp4\",\"caption\":\"x\"}\n"
      "{\"id\":\"5\",\"media\":\"a.mp4\",\"captions\":[\"x\",\" \"]}\n";
  const Faults faults = faults_of(lines, "retrieval");
  REQUIRE(faults.size() == 5);
  CHECK(faults[0] == "train.jsonl:2: unreadable: b.mp4: no video");
  CHECK(faults[1].find("train.jsonl:3: unreadable: not JSON") == 0);
  CHECK(faults[2] == "train.jsonl:4: id \"1\" is there already, on train.jsonl:1");
  CHECK(faults[3].find("train.jsonl:5: unreadable: c.mp4: cannot open: No such file") == 0);
  CHECK(faults[4] == "train.jsonl:6: a caption is empty");
  CHECK(faults_of(lines, "retrieval", 1) == faults);
}

TEST_CASE("check: what each task needs") {
  const std::string bare = "{\"id\":\"1\",\"media\":\"a.mp4\"}\n";
  const std::string at = "train.jsonl:1: ";
  CHECK(faults_of(bare, "pretrain") == Faults{at + "has no caption"});
  CHECK(faults_of(bare, "qa") == Faults{at + "has no question", at + "has no answer, so that it cannot be scored"});
  CHECK(faults_of(bare, "choice") ==
        Faults{at + "has no options", at + "has no answer_index, so that it cannot be scored"});
  CHECK(faults_of(bare, "mc_qa").size() == 3);
  CHECK(faults_of(bare, "classify") == Faults{at + "has neither label nor label_name"});
  CHECK(faults_of("{\"id\":\"1\",\"media\":\"a.mp4\",\"label_name\":\"rum\"}\n", "classify").size() == 1);
  CHECK(faults_of("{\"id\":\"1\",\"media\":\"a.mp4\",\"label\":2}\n", "classify").size() == 1);
  CHECK(faults_of("{\"id\":\"1\",\"media\":\"a.mp4\",\"label_name\":\"run\"}\n", "classify").empty());
}

TEST_CASE("check: a clip that starts after the end of its file") {
  const std::string lines =
      "{\"id\":\"1\",\"media\":\"a.mp4\",\"caption\":\"x\",\"start\":1.5,\"end\":9}\n"
      "{\"id\":\"2\",\"media\":\"a.mp4\",\"caption\":\"x\",\"start\":1500}\n";
  CHECK(faults_of(lines, "pretrain") == Faults{"train.jsonl:2: start is second 1500, the file ends at 2"});
}

TEST_CASE("check: the skip list holds the ids of unreadable samples") {
  const test::TempDir folder;
  const std::string text = skip_list({{0, "f:1", "a", "no\nvideo", true},
                                      {1, "f:2", "b", "no caption", false},
                                      {2, "f:3", "", "not JSON", true},
                                      {3, "f:4", "c d", "gone", true}});
  CHECK(text == "a\tno video\nc d\tgone\n");
  test::write_text_file(folder / "skip.txt", text + "\nonly an id\r\n");
  CHECK(read_skip_list(folder / "skip.txt") == std::set<std::string>{"a", "c d", "only an id"});
}

}  // namespace
}  // namespace aio
