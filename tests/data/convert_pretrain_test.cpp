// Data sets for pre-training. The fixtures' rows are made up, their formats are the publishers'.

#include <doctest/doctest.h>

#include "tests/data/convert_fixture.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using test::convert_fixture;
using Lines = std::vector<std::string>;

TEST_CASE("convert webvid: no header, CRLF, quoted captions with line feeds, NA is a text") {
  const auto set = convert_fixture("webvid");
  CHECK(set.info.task == Task::pretrain);
  CHECK(set.root() == "webvid");
  CHECK(set.splits.at("train") ==
        Lines{R"({"id":"000001_000050/11","media":"train/000001_000050/11.mp4","caption":"a man rides a bike"})",
              R"({"id":"000001_000050/12","media":"train/000001_000050/12.mp4","caption":"two\nlines, \"quoted\""})",
              R"({"id":"000051_000100/13","media":"train/000051_000100/13.mp4","caption":"NA"})"});
  CHECK(set.line("val", 0) ==
        R"({"id":"000001_000050/21","media":"val/000001_000050/21.mp4","caption":"val caption"})");
  ConvertOptions reference;
  reference.compat = Compat::reference;
  CHECK(convert_fixture("webvid", reference).splits.at("train").size() == 2);  // the first one was taken for a header
}

TEST_CASE("convert webvid: the publisher's CSV") {
  const test::TempDir folder;
  test::write_text_file(folder / "webvid/results_2M_val.csv",
                        "videoid,contentUrl,duration,page_dir,name\n21,http://x/21.mp4,PT00H00M15S,000001_000050,"
                        "\"Sea, waves\"\n");
  ConvertOptions options;
  options.data_root = folder.path();
  CHECK(convert_fixture("webvid", options).line("val", 0) ==
        R"({"id":"000001_000050/21","media":"val/000001_000050/21.mp4","caption":"Sea, waves"})");
}

TEST_CASE("convert howto100m: a video with its lines, 4 seconds at least; or a sample a line") {
  const auto set = convert_fixture("howto100m");
  CHECK(set.splits.at("train") ==
        Lines{R"({"id":"aaa","media":"food/aaa.mp4","segments":[[0.0,4.0,"hello there"],[10.0,20.0,"a, b"]]})",
              R"({"id":"bbb","media":"food/bbb.v2.mp4","segments":[[98.5,102.5,"so now we cut"]]})"});
  CHECK(set.report.skipped_rows == 1);
  CHECK(set.report.skipped[0].find("missing.csv is not there") != std::string::npos);
  ConvertOptions options;
  options.one_caption_a_line = true;
  const auto lines = convert_fixture("howto100m", options).splits.at("train");
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] == R"({"id":"aaa_1","media":"food/aaa.mp4","start":10.0,"end":20.0,"caption":"a, b"})");
}

TEST_CASE("convert yttemporal: cleaned words get the times of the heard ones") {
  const auto set = convert_fixture("yttemporal");
  CHECK(set.root() == "yttemporal/videos");
  CHECK(
      set.splits.at("train") ==
      Lines{
          R"({"id":"vid1","media":"subset_87/data/vid1.mp4","end":60.0,"words":[["So",1.0],["today,",1.5],["we",2.0],)"
          R"(["bake",2.5],["a very good",3.0],["cake.",3.2],["It’s",4.0],["good!",4.5]]})"});
  REQUIRE(set.report.skipped_rows == 2);
  CHECK(set.report.skipped[0].find("none.json is not there") != std::string::npos);
  CHECK(set.report.skipped[1].find("broken.json: not JSON") != std::string::npos);
}

TEST_CASE("convert ego4d: two seconds on both sides of the narration, over-long rows skipped") {
  const auto set = convert_fixture("ego4d");
  CHECK(set.root() == "ego4d/videos");
  CHECK(set.splits.at("train") ==
        Lines{R"({"id":"uid1_300","media":"uid1.mp4","start":8.0,"end":12.0,"caption":"#C C walks on the ground"})",
              R"({"id":"uid1_30","media":"uid1.mp4","start":0.0,"end":3.0,"caption":"#C C stops"})"});
  CHECK(set.report.skipped[0].find("ego4d_train_subset.csv:3: has 8 fields, expected 7") != std::string::npos);
}

TEST_CASE("convert cc3m and cc12m: image files") {
  const auto set = convert_fixture("cc3m");
  CHECK(set.splits.at("train") == Lines{R"({"id":"0_111","media":"training/0_111","caption":"a cat"})",
                                        R"({"id":"0_222","media":"training/0_222.jpg","caption":"a dog"})"});
  CHECK(set.line("val", 0) == R"({"id":"1_333","media":"validation/1_333","caption":"a bird"})");
  CHECK(convert_fixture("cc12m").line("train", 0) == R"({"id":"4.jpg","media":"4.jpg","caption":"a house"})");
}

TEST_CASE("convert coco, vg, sbu: images are cells of the Arrow files") {
  const auto set = convert_fixture("coco");
  const Lines& train = set.splits.at("train");
  REQUIRE(train.size() == 4);  // two record batches, and the restval file
  const Manifest m = [&] {
    const test::TempDir folder;
    test::write_text_file(folder / "rows.jsonl", train[2] + "\n" + train[3] + "\n");
    ManifestOptions options;
    options.media_root = set.info.media_root;
    return Manifest::open(folder / "rows.jsonl", "", options);
  }();
  const std::string expected[] = {"333", "r"};
  for (int i = 0; i < 2; ++i) {
    const MediaSource source = m.media_source(m.sample(i));
    const std::string file = test::read_text_file(source.path);
    CHECK(file.substr(static_cast<std::size_t>(source.offset), static_cast<std::size_t>(source.bytes)) ==
          "\xff\xd8 not decoded " + expected[i]);
  }
  CHECK(train[0].find(R"("id":"COCO_1.jpg","media":"coco_caption_karpathy_train.arrow#0")") != std::string::npos);
  CHECK(train[0].find(R"("captions":["a man","a dog"])") != std::string::npos);  // repetitions dropped
  CHECK(convert_fixture("vg").line("train", 0).find(R"("captions":["sky","tree"])") != std::string::npos);
  CHECK(convert_fixture("sbu").line("train", 0).find(R"("caption":"sbu caption")") != std::string::npos);
}

TEST_CASE("convert f30k and gcc: the Arrow files that are there, of all that could be") {
  const auto flickr = convert_fixture("f30k");
  CHECK(flickr.info.task == Task::retrieval);
  REQUIRE(flickr.splits.size() == 2);  // there is no file of val
  CHECK(flickr.line("train", 0)
            .find(R"("id":"1000092795.jpg","media":"f30k_caption_karpathy_train.arrow#0","offset":)") == 1);
  CHECK(flickr.line("train", 0).find(R"("captions":["Two men.","They stand."])") != std::string::npos);
  CHECK(flickr.line("test", 0).find(R"("captions":["A dog.","It runs."])") != std::string::npos);
  const auto conceptual = convert_fixture("gcc");
  CHECK(conceptual.info.task == Task::pretrain);
  CHECK(conceptual.root() == "conceptual");
  REQUIRE(conceptual.splits.at("train").size() == 2);
  CHECK(conceptual.line("train", 1)
            .find(R"("id":"train_00001","media":"conceptual_caption_train_7.arrow#1","offset":)") == 1);
  CHECK(conceptual.line("train", 1).find(R"("caption":"sea")") != std::string::npos);
  CHECK(conceptual.line("val", 0).find(R"("caption":"a bird")") != std::string::npos);
}

TEST_CASE("convert vqav2: questions of an image, soft answers, classes out of the rows") {
  const auto set = convert_fixture("vqav2");
  CHECK(set.info.answers == Lines{"net", "man", "fence"});
  REQUIRE(set.splits.at("train").size() == 2);
  CHECK(set.line("train", 0).find(R"("id":"90",)") == 1);
  CHECK(set.line("train", 0).find(R"("question":"what?","answers":[["net",1.0],["fence",0.3]]})") != std::string::npos);
}

TEST_CASE("convert: names, missing roots and missing files") {
  ConvertOptions options;
  options.data_root = "/nowhere";
  EXPECT_ERROR(convert_dataset("webvit", options), config, "no data set \"webvit\"; the nearest is \"webvid\"");
  const test::TempDir folder;
  options.out = folder / "out";
  EXPECT_ERROR(convert_dataset("webvid", options), io, "/nowhere: no such folder");
  options.data_root = folder.path();
  EXPECT_ERROR(convert_dataset("webvid", options), io, "webvid_training_success_full.tsv");
  EXPECT_ERROR(convert_dataset("msrvtt_qa", options), io, "msrvtt_qa: found none of");
  for (const DatasetReader& reader : dataset_readers()) CHECK_FALSE(reader.what.empty());
}

}  // namespace
}  // namespace aio
