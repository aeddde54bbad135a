// Checkpoints into a model: what is loaded, adapted, left fresh, refused.

#include "models/checkpoint/load.h"

#include <doctest/doctest.h>

#include <cstring>
#include <functional>

#include "models/all_in_one.h"
#include "models/checkpoint/adapt.h"
#include "tensor/raw.h"
#include "tensor/safetensors.h"
#include "tests/expect_error.h"
#include "tests/models/golden.h"
#include "tests/temp_dir.h"

namespace aio::weights {
namespace {

/// The configuration of the golden set "micro", with the heads of its checkpoints.
models::AioConfig micro() {
  models::AioConfig config;
  config.hidden_size = 64;
  config.heads = 4;
  config.layers = 3;
  config.image_size = 64;
  config.patch_size = 16;
  config.frames = 3;
  config.vocab_size = 200;
  config.max_text_len = 12;
  config.shared_dim = 32;
  return config;
}

struct Model {
  explicit Model(const models::AioConfig& config) : store(7), model(store, config) {}
  std::vector<float> values(const std::string& name) const { return store.get(name).value.to_vector<float>(); }
  nn::ParamStore store;
  models::AllInOne model;
};

std::vector<float> expected(const std::string& name, const std::string& file = "micro.weights.safetensors") {
  return SafetensorsFile(test::golden(file)).tensor(name).to_vector<float>();
}

LoadSummary load(Model& model, const std::string& name, const AdaptOptions& options = {}) {
  return load_checkpoint(model.store, open_checkpoint(test::golden(name)), options);
}

const LoadItem& item(const LoadSummary& summary, const std::string& name) {
  for (const LoadItem& candidate : summary.items) {
    if (candidate.name == name) return candidate;
  }
  FAIL("no item " << name);
  return summary.items.front();
}

/// micro.weights with some tensors changed, as a file.
Checkpoint edited(const test::TempDir& folder, const std::function<void(std::map<std::string, Tensor>&)>& edit) {
  auto tensors = load_safetensors(test::golden("micro.weights.safetensors"));
  for (const char* const head : {"vcop_classifier.", "vqa_classifier.", "mc_vqa_classifier."}) {
    std::erase_if(tensors, [&](const auto& entry) { return entry.first.starts_with(head); });
  }
  edit(tensors);
  save_safetensors(folder / "edited.safetensors", tensors);
  return open_checkpoint(folder / "edited.safetensors");
}

TEST_CASE("load: a Lightning checkpoint fills the model to the bit and says so in one line") {
  Model model(micro());
  const LoadSummary summary = load(model, "micro_ckpt_zip.ckpt");
  CHECK(summary.count(LoadResult::loaded) == model.store.parameters().size());
  CHECK(summary.count(LoadResult::fresh) == 0);
  CHECK(summary.count(LoadResult::unused) == 1);
  CHECK(item(summary, "text_embeddings.position_ids").note == "a constant, 0 to n - 1");
  for (const nn::Parameter& parameter : model.store.parameters()) {
    INFO(parameter.name);
    CHECK(model.values(parameter.name) == expected(parameter.name));
  }
  CHECK(
      summary.line().ends_with("micro_ckpt_zip.ckpt (torch zip): 63 loaded, 0 adapted, 0 fresh, 1 unused "
                               "(text_embeddings)"));
}

TEST_CASE("load: f16 and bf16 files are widened") {
  for (const char* const name : {"micro_ckpt_fp16_zip.ckpt", "micro_ckpt_bf16_legacy.ckpt"}) {
    Model model(micro());
    load(model, name);
    const auto a = model.values("pooler.dense.weight");
    const auto b = expected("pooler.dense.weight");
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(0.01));
    CHECK(a != b);
  }
}

TEST_CASE("load: rank_output becomes row 1 of itm_score.fc where the file lacks it") {
  auto config = micro();
  config.head.rank = true;
  Model model(config);
  const LoadSummary summary = load(model, "micro_ckpt_zip.ckpt");
  const auto match = expected("itm_score.fc.weight");
  CHECK(model.values("rank_output.weight") == std::vector<float>(match.begin() + 64, match.end()));
  CHECK(model.values("rank_output.bias") == std::vector<float>{expected("itm_score.fc.bias")[1]});
  CHECK(item(summary, "rank_output.weight").result == LoadResult::adapted);

  Model own(config);
  load_checkpoint(own.store, open_checkpoint(test::golden("micro.weights.safetensors")));
  CHECK(own.values("rank_output.weight") == expected("rank_output.weight"));

  Model anew(config);  // fresh = itm_score: the rank still starts from the file's row, as in the reference
  const auto before = anew.values("itm_score.fc.weight");
  load(anew, "micro_ckpt_zip.ckpt", {.fresh = {"itm_score."}});
  CHECK(anew.values("itm_score.fc.weight") == before);
  CHECK(anew.values("rank_output.weight") == model.values("rank_output.weight"));
}

TEST_CASE("load: heads that the file lacks stay fresh, or are an error where the task needs them") {
  auto config = micro();
  config.head.qa_labels = 23;
  Model model(config);
  const auto before = model.values("vqa_classifier.4.weight");
  const LoadSummary summary = load(model, "micro_ckpt_zip.ckpt");
  CHECK(item(summary, "vqa_classifier.4.weight").result == LoadResult::fresh);
  CHECK(summary.line().find("6 fresh (vqa_classifier)") != std::string::npos);
  CHECK(model.values("vqa_classifier.4.weight") == before);
  EXPECT_ERROR(load(model, "micro_ckpt_zip.ckpt", {.required = {"vqa_classifier."}}), format,
               "vqa_classifier.1.weight: would stay random (not in the checkpoint), but the task needs it trained");
  EXPECT_ERROR(load(model, "micro.weights.safetensors", {.fresh = {"vqa_"}, .required = {"vqa_classifier."}}), format,
               "would stay random (as asked for)");
  load(model, "micro.weights.safetensors", {.required = {"vqa_classifier."}});
  CHECK(model.values("vqa_classifier.4.weight") == expected("vqa_classifier.4.weight"));
}

TEST_CASE("load: another number of frames is refused with the flag, or the table is cut or extended by zeros") {
  const auto table = expected("transformer.temporal_embed");  // [1, 3, 64]
  for (const std::int64_t frames : {2, 5}) {
    auto config = micro();
    config.frames = frames;
    Model model(config);
    const auto before = model.values("pooler.dense.weight");
    EXPECT_ERROR(load(model, "micro_ckpt_zip.ckpt"), format,
                 "checkpoint has 3 frames, model has " + std::to_string(frames) +
                     ": set model.frames = 3 or model.resize_temporal = true");
    CHECK(model.values("pooler.dense.weight") == before);  // nothing is loaded in part
    const LoadSummary summary = load(model, "micro_ckpt_zip.ckpt", {.resize_temporal = true});
    CHECK(item(summary, "transformer.temporal_embed").result == LoadResult::adapted);
    auto wanted = table;
    wanted.resize(static_cast<std::size_t>(frames) * 64, 0.0F);
    CHECK(model.values("transformer.temporal_embed") == wanted);
  }
  auto config = micro();
  config.frames = 4;
  config.head.vcop = true;  // 4! orders of 6 pairs: cannot be made from 3! of 3
  Model model(config);
  const Checkpoint all = open_checkpoint(test::golden("micro.weights.safetensors"));
  EXPECT_ERROR(load_checkpoint(model.store, all), format, "set model.fresh = [\"vcop_classifier\"] to train it anew");
  CHECK(item(load_checkpoint(model.store, all, {.resize_temporal = true}), "vcop_classifier.fc8.weight").note ==
        "its size depends on the number of frames");
}

TEST_CASE("load: another image size is refused with the flag, or the position grid is interpolated") {
  auto config = micro();
  config.image_size = 96;
  Model model(config);
  EXPECT_ERROR(load(model, "micro_ckpt_zip.ckpt"), format,
               "checkpoint has positions for 4 x 4 patches, model for 6 x 6: choose model.image_size to match or "
               "set model.resize_positions = true");
  const LoadSummary summary = load(model, "micro_ckpt_zip.ckpt", {.resize_positions = true});
  CHECK(item(summary, "transformer.pos_embed").note == "interpolated from 4 x 4 to 6 x 6 patches");
  const auto loaded = model.values("transformer.pos_embed");
  const auto table = expected("transformer.pos_embed");
  for (std::size_t c = 0; c < 64; ++c) {
    CHECK(loaded[c] == table[c]);  // the class token's row
    // Corners of the grid: places beyond the edge repeat it.
    CHECK(loaded[64 + c] == doctest::Approx(table[64 + c]));
    CHECK(loaded[36 * 64 + c] == doctest::Approx(table[16 * 64 + c]));
  }
}

// pos_embed_resize.safetensors: torch.nn.functional.interpolate, as the reference's loader calls it.
TEST_CASE("load: the interpolated grid is the reference's") {
  const SafetensorsFile file(test::golden("pos_embed_resize.safetensors"));
  int cases = 0;
  for (const auto& entry : file.entries()) {
    if (!entry.name.starts_with("load.") || !entry.name.ends_with(".in")) continue;
    INFO(entry.name);
    const Tensor reference = file.tensor(entry.name.substr(0, entry.name.size() - 3) + ".out");
    const Tensor resized = resize_position_table(file.tensor(entry.name), 1, square_side(reference.dim(1) - 1));
    REQUIRE(resized.shape() == reference.shape());
    const auto a = resized.to_vector<float>();
    const auto b = reference.to_vector<float>();
    for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(std::abs(a[i] - b[i]) <= 1e-6F);  // observed 2.4e-7
    ++cases;
  }
  CHECK(cases == 5);
  EXPECT_ERROR(resize_position_table(Tensor::zeros({1, 8, 4}), 1, 2), shape, "7 patch positions, which are no square");
}

TEST_CASE("load: another text length is refused with the flag, or the common positions are kept") {
  const auto table = expected("text_embeddings.position_embeddings.weight");  // [12, 64]
  for (const std::int64_t length : {8, 20}) {
    auto config = micro();
    config.max_text_len = length;
    Model model(config);
    auto wanted = model.values("text_embeddings.position_embeddings.weight");
    EXPECT_ERROR(load(model, "micro_ckpt_zip.ckpt"), format, "set model.max_text_len = 12 or model.resize_text = true");
    load(model, "micro_ckpt_zip.ckpt", {.resize_text = true});
    std::copy_n(table.begin(), std::min<std::size_t>(wanted.size(), table.size()), wanted.begin());
    CHECK(model.values("text_embeddings.position_embeddings.weight") == wanted);
  }
}

TEST_CASE("load: weights of image transformers fill the transformer and nothing else") {
  for (const char* const name : {"micro_deit_legacy.pth", "micro_vit_flat_zip.pth"}) {
    Model model(micro());
    EXPECT_ERROR(load(model, name), format, "the checkpoint lacks text_embeddings.word_embeddings.weight, ");
    const LoadSummary summary = load(model, name, {.allow_missing = true});
    const SafetensorsFile file(test::golden("micro_deit_expected.safetensors"));
    std::size_t loaded = 0;
    for (const auto& entry : file.entries()) {
      if (entry.name.starts_with("head")) {
        CHECK(item(summary, entry.name).note == "an image classifier's");
        continue;
      }
      CHECK(model.values("transformer." + entry.name) == file.tensor(entry.name).to_vector<float>());
      ++loaded;
    }
    CHECK(summary.count(LoadResult::loaded) == loaded);
    for (const float value : model.values("transformer.temporal_embed")) CHECK(value == 0);
    CHECK(summary.line().find("weights of an image transformer") != std::string::npos);
  }
  auto config = micro();
  config.distilled = true;
  Model distilled(config);
  load(distilled, "micro_deit_distilled_legacy.pth", {.allow_missing = true});
  const std::string file = "micro_deit_distilled_expected.safetensors";
  CHECK(distilled.values("transformer.dist_token") == expected("dist_token", file));
  CHECK(distilled.values("transformer.pos_embed") == expected("pos_embed", file));
}

TEST_CASE("load: wrapper prefixes, CoTrain's names and renames on request are mapped and noted") {
  const test::TempDir folder;
  const auto rename_all = [](std::map<std::string, Tensor>& tensors) {
    std::map<std::string, Tensor> renamed;
    for (auto& [name, tensor] : tensors) {
      const bool match = name.starts_with("itm_score.");
      renamed.emplace("module.model." + (match ? "vtm" + name.substr(3) : name), tensor);
    }
    tensors = std::move(renamed);
  };
  Model model(micro());
  const LoadSummary summary = load_checkpoint(model.store, edited(folder, rename_all));
  CHECK(model.values("itm_score.fc.weight") == expected("itm_score.fc.weight"));
  CHECK(summary.notes == std::vector<std::string>{"the prefix module. was removed from all names",
                                                  "the prefix model. was removed from all names",
                                                  "2 names: vtm_score. -> itm_score."});
  const auto foreign = [](std::map<std::string, Tensor>& tensors) {
    tensors["neck.weight"] = tensors.at("pooler.dense.weight");
    tensors["neck.bias"] = tensors.at("pooler.dense.bias");
    tensors.erase("pooler.dense.weight");
    tensors.erase("pooler.dense.bias");
  };
  EXPECT_ERROR(load_checkpoint(model.store, edited(folder, foreign)), format,
               "the checkpoint lacks pooler.dense.weight, pooler.dense.bias: set model.allow_missing = true");
  load_checkpoint(model.store, edited(folder, foreign), {.renames = {{"neck.", "pooler.dense."}}});
  EXPECT_ERROR(load_checkpoint(model.store, edited(folder, foreign), {.renames = {{"neck.", "txt_proj."}}}), format,
               "after renaming two tensors are called txt_proj.bias");
}

TEST_CASE("load: a third token type starts as the second") {
  auto config = micro();
  config.head.nlvr2 = true;
  Model model(config);
  const LoadSummary summary = load(model, "micro_ckpt_zip.ckpt");
  auto wanted = expected("token_type_embeddings.weight");
  wanted.insert(wanted.end(), wanted.begin() + 64, wanted.begin() + 128);
  CHECK(model.values("token_type_embeddings.weight") == wanted);
  CHECK(item(summary, "token_type_embeddings.weight").note == "row 2 is a copy of row 1");
}

TEST_CASE("load: the wrong model is refused with what differs, and stays as it was") {
  const test::TempDir folder;
  const auto refuse = [](models::AioConfig config, const std::string& part) {
    Model model(config);
    const auto before = model.values("itm_score.fc.weight");
    EXPECT_ERROR(load(model, "micro_ckpt_zip.ckpt"), format, part);
    CHECK(model.values("itm_score.fc.weight") == before);
  };
  auto wide = micro();
  wide.hidden_size = 128;
  refuse(wide, "the checkpoint is 64 wide with 3 layers, the model is 128 wide with 3 layers");
  auto deep = micro();
  deep.layers = 4;
  refuse(deep, "the checkpoint is 64 wide with 3 layers, the model is 64 wide with 4 layers");
  auto words = micro();
  words.vocab_size = 300;
  refuse(words, "the checkpoint has 200 words, the model 300: use the checkpoint's vocabulary");
  auto patches = micro();
  patches.patch_size = 32;
  patches.image_size = 128;
  refuse(patches, "the checkpoint has patches of 16 pixels, the model of 32: set patch_size = 16");
  auto distilled = micro();
  distilled.distilled = true;
  refuse(distilled, "the model has a distillation token, the checkpoint has none");
  auto space = micro();
  space.shared_dim = 16;
  refuse(space,
         "the checkpoint has f32[32, 64], the model f32[16, 64]: set model.fresh = [\"txt_proj\"] to train it anew");

  Model model(micro());
  const auto load_edited = [&](const std::function<void(std::map<std::string, Tensor>&)>& edit,
                               const AdaptOptions& options = {}) {
    return load_checkpoint(model.store, edited(folder, edit), options);
  };
  const auto transpose = [](auto& tensors) {
    auto& weight = tensors.at("transformer.blocks.0.mlp.fc1.weight");
    weight = raw::contiguous(raw::transpose(weight, 0, 1));
  };
  EXPECT_ERROR(load_edited(transpose), format,
               "transformer.blocks.0.mlp.fc1.weight: the checkpoint has f32[64, 256], the model f32[256, 64]");
  const auto integers = [](auto& tensors) { tensors["pooler.dense.bias"] = Tensor::zeros({64}, {DType::i64, {}}); };
  EXPECT_ERROR(load_edited(integers), format, "pooler.dense.bias: has 1 dimensions of I64, expected f32[64]");
  const auto extra = [](auto& tensors) { tensors["transformer.extra"] = Tensor::zeros({2}); };
  EXPECT_ERROR(load_edited(extra), format,
               "the model has no place for transformer.extra: set model.allow_unused = true");
  CHECK(load_edited(extra, {.allow_unused = true}).count(LoadResult::unused) == 3);  // rank_output's two as well
  const auto all_gone = [](auto& tensors) {
    std::erase_if(tensors, [](const auto& entry) { return entry.first.starts_with("transformer."); });
  };
  EXPECT_ERROR(load_edited(all_gone), format, "transformer.pos_embed and 39 more: set model.allow_missing = true");
}

}  // namespace
}  // namespace aio::weights
