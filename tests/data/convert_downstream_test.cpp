// Data sets of retrieval, choice, questions, actions and captions. The fixtures' rows are made up, their formats are
// the publishers'; jsfusion_val_caption_idx.pkl was written by Python's pickle, protocol 3.

#include <doctest/doctest.h>

#include "tests/data/convert_fixture.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using test::convert_fixture;
using Lines = std::vector<std::string>;

TEST_CASE("convert msrvtt: captions in the file's order, the jsfusion cut by its pickle") {
  const auto set = convert_fixture("msrvtt");
  CHECK(set.info.task == Task::retrieval);
  CHECK(set.root() == "msrvtt/videos/all");
  CHECK(set.info.protocol == "jsfusion");
  CHECK(set.splits.at("train") == Lines{R"({"id":"video0","media":"video0.mp4","captions":["zero a","zero b"]})",
                                        R"({"id":"video1","media":"video1.mp4","captions":["one a","one b"]})"});
  CHECK(set.splits.at("test") == Lines{R"({"id":"video7000","media":"video7000.mp4","caption":"test b"})",
                                       R"({"id":"video7001","media":"video7001.mp4","caption":"other a"})"});
  CHECK(set.report.skipped[0].find("video \"video404\" has no captions") != std::string::npos);

  ConvertOptions options;
  options.cut = "full";
  const auto full = convert_fixture("msrvtt", options);
  CHECK(full.info.protocol == "full");
  CHECK(full.splits.size() == 3);
  CHECK(full.line("test", 0) == R"({"id":"video7001","media":"video7001.mp4","captions":["other a","other b"]})");
  options.cut = "8k";
  EXPECT_ERROR(convert_fixture("msrvtt", options), config, "no cut \"8k\"");
  options.cut = "jsfusion";
  options.train_list = test::fixture_root() + "/msrvtt/high-quality/structured-symlinks/train_list_full.txt";
  const auto own = convert_fixture("msrvtt", options);
  CHECK(own.splits.at("train").size() == 1);
  CHECK(own.info.protocol == "own lists");  // nobody published a number on these
}

TEST_CASE("convert msrvtt_mc and msrvtt_qa") {
  CHECK(convert_fixture("msrvtt_mc").line("test", 0) ==
        R"({"id":"mc0","media":"video7000.mp4","options":["a","b","c","d","e"],"answer_index":3})");
  const auto qa = convert_fixture("msrvtt_qa");
  CHECK(qa.info.answers == Lines{"bed", "couch"});
  CHECK(qa.splits.at("train") ==
        Lines{R"({"id":"train0","media":"video0.mp4","question":"what is a man sitting on?","answer":"couch"})",
              R"({"id":"train1","media":"video1.mp4","question":"who?","answer":"sofa"})"});  // kept, though unknown
}

TEST_CASE("convert msvd: pieces between commas, trimmed, without empty ones") {
  const auto set = convert_fixture("msvd");
  CHECK(set.root() == "msvd/YouTubeClips");
  CHECK(set.splits.at("train") ==
        Lines{R"({"id":"clip_0_10","media":"clip_0_10.avi","captions":["a man runs","someone \"runs\"","a man"]})",
              R"({"id":"clip_5_9","media":"clip_5_9.avi","caption":"a dog"})"});
  CHECK(set.splits.at("test").size() == 1);
}

TEST_CASE("convert msvd_qa: one array on one line, clips by number") {
  const auto set = convert_fixture("msvd_qa");
  CHECK(set.info.answers == Lines{"man", "woman", "person"});
  CHECK(set.splits.at("test") == Lines{R"({"id":"7","media":"clip_5_9.avi","question":"who runs?","answer":"man"})",
                                       R"({"id":"8","media":"clip_0_10.avi","question":"what?","answer":"zebra"})"});
  CHECK(set.report.skipped[0].find("video 99 is not in msvd_youtube_mapping.txt") != std::string::npos);
}

TEST_CASE("convert didemo and activitynet: paragraphs on one line") {
  const auto didemo = convert_fixture("didemo");
  CHECK(didemo.root() == "didemo/video");
  CHECK(didemo.info.max_text_len == 80);
  CHECK(didemo.splits.at("test") ==
        Lines{R"({"id":"123@N00_1.mp4","media":"123@N00_1.mp4","caption":"a man walks, he sits,"})",
              R"({"id":"5_2.mov","media":"5_2.mov","caption":"a dog,"})"});
  const auto activitynet = convert_fixture("activitynet");
  CHECK(activitynet.root() == "activitynet/videos");
  CHECK(activitynet.line("val1", 0) == R"({"id":"v_1","media":"v_1.mkv","caption":"He jumps. Then he runs."})");

  const test::TempDir folder;
  test::write_text_file(folder / "meta_data/activitynet/train.jsonl", "{\"clip_name\":\"v_1\",\"caption\":\"x\"}\n");
  test::write_text_file(folder / "activitynet/activitynet_frames/v_1/000.jpg", "");
  ConvertOptions options;
  options.data_root = folder.path();
  CHECK(convert_fixture("activitynet", options).line("train", 0) ==
        R"({"id":"v_1","media":"v_1","frames":{"pattern":"%03d.jpg","first":0,"fps":3.0},"caption":"x"})");
}

TEST_CASE("convert lsmdc: the sentence is column 5, rows of one clip are merged") {
  const auto set = convert_fixture("lsmdc");
  CHECK(
      set.splits.at("train") ==
      Lines{
          R"({"id":"0001_A_Film_00.00.01.000-00.00.02.000","media":"0001_A_Film/0001_A_Film_00.00.01.000-00.00.02.000.avi","captions":["SOMEONE walks.","He strolls."]})",
          R"({"id":"0001_A_Film_00.00.03.000-00.00.04.000","media":"0001_A_Film/0001_A_Film_00.00.03.000-00.00.04.000.avi","caption":"He sits."})"});
  CHECK(set.report.skipped[0].find("LSMDC16_annos_training.csv:4: has 7 fields, expected 6") != std::string::npos);
  const auto choice = convert_fixture("lsmdc_mc");
  CHECK(choice.line("train", 0).find(R"("options":["right","w1","w2","w3","w4"],"answer_index":0})") !=
        std::string::npos);
  CHECK(choice.line("test", 0).find(R"("options":["w1","w2","right","w3","w4"],"answer_index":2})") !=
        std::string::npos);
}

TEST_CASE("convert ego4d_mc: Python literals in the cells") {
  CHECK(
      convert_fixture("ego4d_mc").line("val", 0) ==
      R"({"id":"mc0","media":"uid1.mp4","start":8.0,"end":12.0,"options":["#C C sits","#C C doesn't walk","#C C runs"],"answer_index":1})");
}

TEST_CASE("convert tgif: all four tasks") {
  const auto frameqa = convert_fixture("tgif_frameqa");
  CHECK(frameqa.info.answers == Lines{"cup", "dog"});
  CHECK(frameqa.line("test", 0) ==
        R"({"id":"test0","media":"tumblr_a.gif","question":"what is he holding ?","answer":"cup"})");
  CHECK(
      convert_fixture("tgif_action").line("train", 0) ==
      R"({"id":"train0","media":"tumblr_a.gif","question":"what does he do 3 times ?","options":["jump","run","sit","nod","eat"],"answer_index":4})");
  CHECK(
      convert_fixture("tgif_transition").line("test", 0) ==
      R"({"id":"11","media":"tumblr_a.gif","question":"What does he do before ?","options":["jump","run","sit","nod","eat"],"answer_index":2})");
  CHECK(convert_fixture("tgif_count").line("test", 0) ==
        R"({"id":"12","media":"tumblr_a.gif","question":"How many times ?","answer":"5"})");
}

TEST_CASE("convert tvqa and tvc: frames in folders by show, times that are not a number") {
  const std::string frames = R"("frames":{"pattern":"%05d.jpg","first":1,"fps":3.0})";
  const auto tvqa = convert_fixture("tvqa");
  CHECK(tvqa.root() == "tvqa/frames/raw_frames/frames_hq");
  CHECK(tvqa.info.max_text_len == 100);
  CHECK(tvqa.line("val", 0) ==
        R"({"id":"122039","media":"castle_frames/castle_s01e01_seg02_clip_00","start":1.21,"end":8.49,)" + frames +
            R"(,"question":"What?","options":["x0","x1","x2","x3","x4"],"answer_index":2})");
  CHECK(tvqa.line("val", 1) == R"({"id":"122040","media":"bbt_frames/s01e01_seg02_clip_00",)" + frames +
                                   R"(,"question":"Who?","options":["x0","x1","x2","x3","x4"],"answer_index":0})");
  CHECK(tvqa.line("test", 0).find("answer_index") == std::string::npos);
  const auto tvc = convert_fixture("tvc");
  CHECK(tvc.line("val", 0) ==
        R"({"id":"87604","media":"friends_frames/friends_s01e03_seg02_clip_19","start":49.1,"end":56.0,)" + frames +
            R"(,"captions":["Ross talks.","He laughs."]})");
  CHECK(tvc.line("test", 0).find("caption") == std::string::npos);
}

TEST_CASE("convert k400: the last two parts of any path, files whose names go on") {
  const auto set = convert_fixture("k400");
  CHECK(set.info.labels == Lines{"abseiling", "air drumming"});
  CHECK(set.info.prompt == "A persion is doing [MASK]");
  CHECK(set.line("train", 0) ==
        R"({"id":"abc_000001_000011","media":"train/air_drumming/abc_000001_000011.mp4","label":1})");
  CHECK(set.splits.at("test") ==
        Lines{R"({"id":"xyz_000004_000014","media":"val/abseiling/xyz_000004_000014_extra.mkv","label":0})",
              R"({"id":"gone_000004_000014","media":"val/abseiling/gone_000004_000014.mp4","label":0})"});
  CHECK(set.line("val", 0) ==
        R"({"id":"-q1_000007_000017","media":"val/air_drumming/-q1_000007_000017.webm","label_name":"air drumming"})");
}

TEST_CASE("convert hmdb51 and ucf101: lists of Temporal Segment Networks, and the publisher's") {
  const auto hmdb = convert_fixture("hmdb51");
  CHECK(hmdb.info.labels == Lines{"brush_hair", "wave"});
  CHECK(hmdb.splits.at("train") == Lines{R"({"id":"April_brush_hair_1","media":"April_brush_hair_1.avi","label":0})",
                                         R"({"id":"w_2.avi","media":"w_2.avi","label":1})"});
  CHECK(hmdb.splits.at("test").size() == 1);
  const auto ucf = convert_fixture("ucf101");
  CHECK(ucf.info.labels == Lines{"ApplyEyeMakeup", "Archery"});
  CHECK(
      ucf.line("train", 0) ==
      R"({"id":"v_ApplyEyeMakeup_g08_c01","media":"ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi","label_name":"ApplyEyeMakeup"})");
  CHECK(ucf.line("test", 0).find(R"("label_name":"Archery")") != std::string::npos);
}

TEST_CASE("convert youcook2: cut clips where there are any, else times in the whole video") {
  const auto set = convert_fixture("youcook2");
  CHECK(
      set.splits.at("train") ==
      Lines{R"({"id":"GLd3aX16zBg_0","media":"training/GLd3aX16zBg_0.mp4","caption":"spread margarine"})",
            R"({"id":"GLd3aX16zBg_1","media":"GLd3aX16zBg.mp4","start":114.0,"end":127.0,"caption":"place cheese"})"});
  CHECK(set.line("val", 0) ==
        R"({"id":"fn9anlEL4FI_0","media":"videos/fn9anlEL4FI.webm","start":1.0,"end":2.5,"caption":"mix"})");
}

}  // namespace
}  // namespace aio
