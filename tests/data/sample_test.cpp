#include "data/sample.h"

#include <doctest/doctest.h>

#include "tests/expect_error.h"

namespace aio {
namespace {

Sample parse(const std::string& json) { return parse_sample(json, "train.jsonl:17"); }

TEST_CASE("sample: every key is read, and written again") {
  const std::string line =
      R"({"id":"v1","media":"clips/v1.mp4","offset":512,"bytes":99,"media2":"b.jpg","offset2":5,"bytes2":7,)"
      R"("start":3.5,"end":9.25,)"
      R"("frames":{"pattern":"%03d.jpg","first":0,"fps":2.5},"captions":["a man","someone"],)"
      R"("segments":[[1.5,2.0,"hello"]],"words":[["hi",1.25]],"question":"what?","answer":"bike",)"
      R"("answers":[["bike",1.0],["car",0.3]],"options":["he falls","he stops"],"answer_index":1,)"
      R"("rationales":["a","b"],"rationale_index":0,"boxes":[[1.5,2.0,3.0,4.0]],"label":3,)"
      R"("label_name":"run","group":"g","weather":{"sun":true}})";
  const Sample s = parse(line);
  CHECK(s.id == "v1");
  CHECK(s.media == "clips/v1.mp4");
  CHECK(s.offset == 512);
  CHECK(s.start == 3.5);
  CHECK(s.end == 9.25);
  CHECK(s.frames->first == 0);
  CHECK(s.captions == std::vector<std::string>{"a man", "someone"});
  CHECK(s.segments[0].text == "hello");
  CHECK(s.words[0].time == 1.25);
  CHECK(s.answer == "bike");
  CHECK(s.answers[1].score == 0.3);
  CHECK(s.answer_index == 1);
  CHECK(s.rationales[1] == "b");
  CHECK(s.rationale_index == 0);
  CHECK(s.boxes[0].bottom == 4);
  CHECK(s.label == 3);
  CHECK(s.extra == R"({"weather":{"sun":true}})");
  CHECK(to_json(s) == line);
}

TEST_CASE("sample: other spellings of the same") {
  CHECK(parse(R"({"id":7,"path":"a.mp4","caption":"x"})").id == "7");
  CHECK(parse(R"({"id":"1","video":"a.mp4"})").media == "a.mp4");
  CHECK(parse(R"({"id":"1","image":"a.jpg","caption":["x","y"]})").captions.size() == 2);
  CHECK(parse(R"({"id":"1","media":"a","start":"1.5","end":"2","label":"4"})").label == 4);
  CHECK(parse(R"({"id":"1","media":"a","label":"brush hair"})").label_name == "brush hair");
  CHECK(parse(R"({"id":"1","media":"a","answer":2,"answer_index":null})").answer == "2");
  CHECK_FALSE(parse(R"({"id":"1","media":"a","answer_index":null})").answer_index);
  CHECK(parse_sample(R"({"media":"a"})", "f", {"12", ""}).id == "12");
  CHECK(parse(R"({"id":"1","media":"a","answers":["x","y"]})").answers[1].score == 1);
}

TEST_CASE("sample: what is wrong is said with file and line") {
  const auto expect = [](const std::string& json, const std::string& reason) {
    EXPECT_ERROR(parse(json), format, "train.jsonl:17: " + reason);
  };
  expect(R"({"id":"1","media":)", "not JSON: ");
  expect("[1]", "not a JSON object");
  expect(R"({"media":"a"})", "has no id");
  expect(R"({"id":"1"})", "has no media");
  expect(R"({"id":"1","media":3})", "media is number, expected a string");
  expect(R"({"id":"1","media":"a","caption":[1]})", "caption is number, expected a string");
  expect(R"({"id":"1","media":"a","answer_index":1.5})", "answer_index is 1.5, expected an integer from 0");
  expect(R"({"id":"1","media":"a","answer_index":-1})", "answer_index is -1, expected an integer from 0");
  expect(R"({"id":"1","media":"a","options":["x","y"],"answer_index":2})",
         "answer_index is 2, but there are 2 options, counted from 0");
  expect(R"({"id":"1","media":"a","options":["x"]})", "has one option, expected at least two");
  expect(R"({"id":"1","media":"a","rationales":["x","y"],"rationale_index":2})",
         "rationale_index is 2, but there are 2 rationales, counted from 0");
  expect(R"({"id":"1","media":"a","rationale_index":0})", "rationale_index is 0, but there are 0 rationales");
  expect(R"({"id":"1","media":"a","boxes":[[1,2,3]]})", "boxes holds [1,2,3], expected a list of 4");
  expect(R"({"id":"1","media":"a","offset":5})", "has one of offset and bytes, expected both or none");
  expect(R"({"id":"1","media":"a","start":5,"end":5})", "start 5 is not before end 5");
  expect(R"({"id":"1","media":"a","start":-1})", "start is -1, expected seconds from 0");
  expect(R"({"id":"1","media":"a","start":"nan"})", "start is \"nan\", expected a number");
  expect(R"({"id":"1","media":"a","start":1e999})", "not JSON: ");
  expect(R"({"id":"1","media":"a","frames":{"fps":0}})", "frames.fps is 0, expected more than 0");
  expect(R"({"id":"1","media":"a","segments":[[1,2]]})", "segments holds [1,2], expected a list of 3");
  expect("{\"id\":\"1\",\"media\":\"\xff\"}", "not JSON: ");
}

TEST_CASE("sample: hostile lines are refused in no time") {
  const std::string deep(500000, '[');
  EXPECT_ERROR(parse(deep), format, "train.jsonl:17: nested deeper than");
  EXPECT_ERROR(parse(std::string(kMaxLineBytes + 1, ' ')), format, "train.jsonl:17: the line has 1048577 bytes");
}

TEST_CASE("sample: long texts are cut between characters, and counted") {
  // 8191 letters, then a character of two bytes: it would end on byte 8193.
  const std::string text = std::string(kMaxTextBytes - 1, 'x') + "\xc3\xa9";
  const Sample s = parse(R"({"id":"1","media":"a","caption":")" + text + "\"}");
  CHECK(s.captions[0] == std::string(kMaxTextBytes - 1, 'x'));
  CHECK(s.cut_texts == 1);
  const std::string fits = std::string(kMaxTextBytes - 2, 'x') + "\xc3\xa9";
  CHECK(parse(R"({"id":"1","media":"a","caption":")" + fits + "\"}").captions[0] == fits);
}

TEST_CASE("sample: bytes that are no UTF-8 do not break the file they are written to") {
  Sample s = parse(R"({"id":"1","media":"a"})");
  s.captions = {"caf\xe9"};
  CHECK(parse(to_json(s)).captions[0] == "caf\xef\xbf\xbd");
}

TEST_CASE("sample: tasks by name") {
  CHECK(parse_task("mc_qa") == Task::mc_qa);
  EXPECT_ERROR(parse_task("mcqa"), format, "unknown task \"mcqa\", expected one of caption, retrieval, choice");
}

}  // namespace
}  // namespace aio
