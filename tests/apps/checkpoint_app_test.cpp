// aio_model inspect and convert as a user meets them: what they print, write and refuse.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "models/checkpoint/checkpoint.h"
#include "tensor/safetensors.h"
#include "tests/models/golden.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio {
namespace {

using weights::Checkpoint;
using weights::open_checkpoint;

struct Run {
  int code;
  std::string out, err;
};

Run aio_model(const test::TempDir& folder, const std::string& arguments) {
  const std::string out = folder / "out.txt", err = folder / "err.txt";
  const int status = std::system((AIO_BIN "/aio_model " + arguments + " > " + out + " 2> " + err).c_str());
  return {WEXITSTATUS(status), test::read_text_file(out), test::read_text_file(err)};
}

void check_same(const Checkpoint& a, const Checkpoint& b) {
  REQUIRE(a.tensors.size() == b.tensors.size());
  for (const FileTensor& tensor : a.tensors) {
    INFO(tensor.name);
    REQUIRE(b.contains(tensor.name));
    const FileTensor& other = *b.find(tensor.name);
    std::vector<char> first, second;
    CHECK(tensor.dtype == other.dtype);
    CHECK(tensor.shape == other.shape);
    CHECK(packed_bytes(tensor, first) == packed_bytes(other, second));
  }
}

TEST_CASE("aio_model convert: every golden checkpoint to safetensors, to .pth and back, to the bit") {
  const test::TempDir folder;
  for (const char* const name : {"micro_ckpt_zip.ckpt", "micro_ckpt_legacy.ckpt", "micro_ckpt_torch18_zip.ckpt",
                                 "micro_ckpt_fp16_zip.ckpt", "micro_ckpt_bf16_legacy.ckpt", "micro_ckpt_odd_zip.ckpt",
                                 "micro_ckpt_odd_legacy.ckpt", "micro_deit_legacy.pth", "micro_vit_flat_zip.pth"}) {
    INFO(name);
    const Checkpoint original = open_checkpoint(test::golden(name));
    const std::string first = folder / "a.safetensors", second = folder / "b.pth", third = folder / "c.safetensors";
    CHECK(aio_model(folder, "convert " + test::golden(name) + " " + first).code == 0);
    check_same(original, open_checkpoint(first));
    CHECK(aio_model(folder, "convert " + first + " " + second).code == 0);
    check_same(original, open_checkpoint(second));
    CHECK(aio_model(folder, "convert " + second + " " + third).code == 0);
    check_same(original, open_checkpoint(third));
  }
}

TEST_CASE("aio_model convert: nothing is adapted unless asked for") {
  const test::TempDir folder;
  const std::string out = folder / "out.safetensors";
  Run run = aio_model(folder, "convert " + test::golden("micro_ckpt_zip.ckpt") + " " + out +
                                  " --frames 5 --image-size 96" + " --drop mlm_score. --rename itm_score=vtm_score");
  REQUIRE(run.code == 0);
  CHECK(run.out.find("transformer.temporal_embed: 3 to 5 frames") != std::string::npos);
  CHECK(run.out.find("not converted: callbacks, optimizer_states") != std::string::npos);
  const Checkpoint adapted = open_checkpoint(out);
  CHECK(adapted.find("transformer.temporal_embed")->shape == std::vector<std::uint64_t>{1, 5, 64});
  CHECK(adapted.find("transformer.pos_embed")->shape == std::vector<std::uint64_t>{1, 37, 64});
  CHECK(adapted.contains("vtm_score.fc.weight"));
  CHECK_FALSE(adapted.contains("mlm_score.bias"));
  CHECK(adapted.metadata.at("epoch") == "4");
  CHECK(adapted.hyper_parameters == open_checkpoint(test::golden("micro_ckpt_zip.ckpt")).hyper_parameters);

  run = aio_model(folder, "convert " + test::golden("micro_deit_legacy.pth") + " " + out + " --known-names --json");
  REQUIRE(run.code == 0);
  CHECK(nlohmann::json::parse(run.out)["container"] == "safetensors");
  CHECK(open_checkpoint(out).contains("transformer.blocks.0.attn.qkv.weight"));
  CHECK_FALSE(open_checkpoint(out).contains("head.weight"));
}

TEST_CASE("aio_model inspect: one line a tensor, or one JSON document on one line") {
  const test::TempDir folder;
  Run run = aio_model(folder, "inspect " + test::golden("micro_ckpt_fp16_legacy.ckpt"));
  CHECK(run.code == 0);
  CHECK(run.out.find("torch legacy, 64 tensors under state_dict") != std::string::npos);
  CHECK(run.out.find("pooler.dense.weight") != std::string::npos);
  CHECK(run.out.find("hyper-parameters: {\"config\":{") != std::string::npos);

  run = aio_model(folder, "inspect --json " + test::golden("micro_ckpt_zip.ckpt"));
  CHECK(run.code == 0);
  CHECK(run.err.empty());
  CHECK(run.out.find('\n') == run.out.size() - 1);
  const nlohmann::json document = nlohmann::json::parse(run.out);
  CHECK(document["container"] == "torch zip");
  CHECK(document["hyper_parameters"]["config"]["vit"] == "vit_micro_patch16_64");
  CHECK(document["tensors"].size() == 64);
  const auto& ids = document["tensors"][0];
  CHECK(ids["name"] == "text_embeddings.position_ids");
  CHECK(ids["dtype"] == "I64");
  CHECK(ids["shape"] == std::vector<int>{1, 12});
  CHECK(ids["bytes"] == 96);
  CHECK(run.out.find("null") == std::string::npos);
}

TEST_CASE("aio_model inspect and convert: refusals name the file, the reason, and end with the right code") {
  const test::TempDir folder;
  const auto expect = [&](const std::string& arguments, int code, const std::string& part) {
    const Run run = aio_model(folder, arguments);
    INFO(arguments, ": ", run.err);
    CHECK(run.code == code);
    CHECK(run.err.find(part) != std::string::npos);
    CHECK(run.out.empty());
  };
  expect("inspect /no/such/file", 4, "cannot open: No such file");
  expect("inspect " + folder.path().string(), 4, "not a regular file");
  expect("inspect " AIO_TEST_DATA "/golden/ops.json", 4, "not a checkpoint, but a JSON text");
  const std::string whole = test::read_text_file(test::golden("micro_ckpt_odd_zip.ckpt"));
  std::ofstream(folder / "cut.ckpt", std::ios::binary).write(whole.data(), 20000);
  expect("inspect --json " + (folder / "cut.ckpt"), 4, "truncated");
  expect("convert " + test::golden("micro_ckpt_zip.ckpt") + " " + (folder / "out.h5"), 2, "which format?");
  expect("convert " + test::golden("micro_ckpt_zip.ckpt") + " " + (folder / "out.pth") + " --rename x", 2,
         "expected FROM=TO");
  expect("convert " + test::golden("micro_ckpt_zip.ckpt") + " " + (folder / "out.pth") + " --drop nothing", 2,
         "no tensor's name starts so");
  expect("convert " + test::golden("micro_ckpt_zip.ckpt") + " " + (folder / "out.pth") + " --image-size 90", 2,
         "not a multiple of the patch size 16");
  CHECK_FALSE(std::ifstream(folder / "out.pth").good());
}

}  // namespace
}  // namespace aio
