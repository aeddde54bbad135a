// Data sets of reasoning on images: NLVR2's pairs, VCR's two questions. The fixtures' rows are made up, their formats
// are the publishers': NLVR2 as pyarrow's Table.from_pandas writes ViLT's columns, VCR as its annotations' lines.

#include <doctest/doctest.h>

#include "data/sample_texts.h"
#include "tests/data/convert_fixture.h"
#include "tests/expect_error.h"

namespace aio {
namespace {

using test::convert_fixture;
using Lines = std::vector<std::string>;

TEST_CASE("convert nlvr2: both images of a row are cells of the Arrow file, a sample a sentence") {
  const auto set = convert_fixture("nlvr2");
  CHECK(set.info.task == Task::classify);
  CHECK(set.info.labels == Lines{"False", "True"});
  CHECK(set.info.prompt == "{question}");
  CHECK(set.root() == "nlvr2");
  REQUIRE(set.splits.at("train").size() == 3);
  REQUIRE(set.splits.at("val").size() == 2);
  CHECK(set.splits.at("test").size() == 1);
  const Sample first = parse_sample(set.line("train", 0), "line"), last = parse_sample(set.line("train", 2), "line");
  CHECK(first.id == "train-10171-0-0");
  CHECK(first.question == "There are two dogs.");
  CHECK(first.label == 1);
  CHECK(last.id == "train-4-2-0");
  CHECK(last.label == 0);
  const std::string file = test::read_text_file(set.info.media_root + "/nlvr2_train.arrow");
  for (const Sample& image : {last, second_of_pair(last)}) {
    CHECK(image.media == "nlvr2_train.arrow#1");
    CHECK(file.substr(static_cast<std::size_t>(*image.offset), 4) == "\x89PNG");
    CHECK(file.substr(static_cast<std::size_t>(*image.offset + *image.bytes - 8), 4) == "IEND");
  }
  CHECK(last.offset != last.offset2);
}

TEST_CASE("convert nlvr2: the publisher's lines and folders of pictures") {
  const test::TempDir folder;
  test::write_text_file(folder / "meta_data/nlvr2/train.json",
                        R"({"sentence": "A dog.", "left_url": "http://a", "right_url": "http://b", "label": "True",)"
                        R"( "identifier": "train-10171-0-3", "directory": 9, "synset": "dog", "query": "dog1"})"
                        "\n");
  test::write_text_file(folder / "meta_data/nlvr2/dev.json",
                        R"({"sentence": "A cat.", "label": "False", "identifier": "dev-850-0-1"})"
                        "\n");
  test::write_text_file(folder / "nlvr2/dev/dev-850-0-img0.png", "");
  ConvertOptions options;
  options.data_root = folder.path();
  const auto set = convert_fixture("nlvr2", options);
  CHECK(set.splits.at("train") ==
        Lines{R"({"id":"train-10171-0-3","media":"images/train/9/train-10171-0-img0.png",)"
              R"("media2":"images/train/9/train-10171-0-img1.png","question":"A dog.","label":1})"});
  CHECK(set.splits.at("val") == Lines{R"({"id":"dev-850-0-1","media":"dev/dev-850-0-img0.png",)"
                                      R"("media2":"dev/dev-850-0-img1.png","question":"A cat.","label":0})"});
  test::write_text_file(folder / "meta_data/nlvr2/dev.json",
                        R"({"sentence": "A cat.", "label": "maybe", "identifier": "dev-850-0-1"})"
                        "\n");
  EXPECT_ERROR(convert_fixture("nlvr2", options), format, "the answer is \"maybe\"");
}

TEST_CASE("convert vcr: objects become names and numbers, in the order in which the texts name them") {
  const auto set = convert_fixture("vcr");
  CHECK(set.info.task == Task::mc_qa);
  CHECK(set.info.prompt == "{question}[SEP]{option}");
  CHECK(set.root() == "vcr/vcr1images");
  const Sample sample = parse_sample(set.line("val", 0), "line");
  CHECK(sample.id == "val-0");
  CHECK(sample.question == "Does person 0 feel comfortable ?");
  CHECK(sample.options ==
        Lines{"Yes because person 1 smiles .", "No she does not .", "Yes , person 0 car 2 wait .", "She is cold ."});
  CHECK(sample.answer_index == 1);
  CHECK(sample.rationales[1] == "person 0 stands with her arms crossed .");
  CHECK(sample.rationales[3] == "person 1 is asleep .");
  CHECK(sample.rationale_index == 1);
  REQUIRE(sample.boxes.size() == 3);  // of objects 1, 0, 2
  CHECK(sample.boxes[0].left == 30.0);
  CHECK(sample.boxes[0].right == 60.7);
  CHECK(sample.boxes[1].top == 2.25);
  CHECK(sample.boxes[2].bottom == 30.0);
  CHECK(set.splits.at("train").size() == 2);

  const SampleTexts texts = sample_texts(sample, Task::mc_qa, set.info.prompt, false, {});
  CHECK(texts.options[1] == "Does person 0 feel comfortable ?[SEP]No she does not .");
  CHECK(texts.rationales[0] == "Does person 0 feel comfortable ? No she does not .[SEP]There is snow .");

  const Sample unlabelled = parse_sample(set.line("test", 0), "line");
  CHECK(unlabelled.options.size() == 4);
  CHECK_FALSE(unlabelled.answer_index);
  CHECK(unlabelled.rationales.empty());
  CHECK(sample_texts(unlabelled, Task::mc_qa, set.info.prompt, false, {}).rationales.empty());
}

TEST_CASE("convert vcr: a line that names what is not there is refused with its place") {
  const test::TempDir folder;
  test::write_text_file(folder / "vcr/vcr1images/a.jpg", "");
  const auto convert = [&](const std::string& objects, const std::string& question) {
    test::write_text_file(folder / "vcr1annots/val.jsonl",
                          R"({"annot_id":"val-0","img_fn":"a.jpg","metadata_fn":"a.json","objects":)" + objects +
                              R"(,"question":)" + question + R"(,"answer_choices":[["a"],["b"]],"answer_label":0})" +
                              "\n");
    ConvertOptions options;
    options.data_root = folder.path();
    return convert_fixture("vcr", options);
  };
  const std::string good = convert(R"(["person"])", R"(["Why","is",[0],"?"])").line("val", 0);
  CHECK(good.find(R"("question":"Why is person 0 ?")") != std::string::npos);
  CHECK(good.find("boxes") == std::string::npos);  // a.json is not there
  EXPECT_ERROR(convert(R"(["person"])", R"(["Why",[1]])"), format, "val.jsonl:1: names object 1, there are 1");
  EXPECT_ERROR(convert(R"(["person"])", R"(["Why",[-1]])"), format, "names object -1");
  EXPECT_ERROR(convert(R"(["person"])", R"(["Why",3])"), format, "3 is neither a word nor a list");
  EXPECT_ERROR(convert(R"(["person"])", R"("Why")"), format, "question is string, expected a list");
}

}  // namespace
}  // namespace aio
