// aio_visualize: its parts against what they say, and both commands on a trained model.

#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/common/app.h"
#include "apps/visualizer/attention_map.h"
#include "apps/visualizer/density_chart.h"
#include "apps/visualizer/heat_map.h"
#include "apps/visualizer/token_home.h"
#include "apps/visualizer/words.h"
#include "autograd/ops.h"
#include "models/token_rolling.h"
#include "tensor/raw.h"
#include "tests/apps/train_runs.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio::apps {
namespace {

namespace fs = std::filesystem;

TEST_CASE("words of a sentence, and those that say something") {
  const WordPiece tokenizer(
      {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "man", "rid", "##es", "the", "bike", ".", "on"});
  const auto words = words_of(tokenizer.encode("A man rides on the bike."), tokenizer);
  REQUIRE(words.size() == 7);
  CHECK(words[2].text == "rides");
  CHECK(words[2].first == 3);
  CHECK(words[2].pieces == 2);
  CHECK(words[5].text == "bike");
  CHECK(words[5].first == 7);
  const auto content = choose_words(words, {});
  REQUIRE(content.size() == 3);  // man rides bike
  CHECK(content[1].text == "rides");
  CHECK(choose_words(words, {"on", "man"})[1].text == "on");
  const auto holes = choose_words(words_of(tokenizer.encode("a [MASK] dog rides [MASK]"), tokenizer), {});
  REQUIRE(holes.size() == 2);
  CHECK(holes[1].first == 6);  // [CLS] a [MASK] [UNK] rid ##es [MASK]
  EXPECT_ERROR(choose_words(words, {"dog"}), value, "the word \"dog\" is not in the sentence, whose words are: a man");
  EXPECT_ERROR(choose_words(words_of(tokenizer.encode("on the."), tokenizer), {}), value, "no content word");
  CHECK_FALSE(is_content_word("?!"));
  CHECK(is_content_word("\xc3\xa4pfel"));
}

TEST_CASE("attention probabilities are those that the block uses") {
  nn::ParamStore store(3);
  nn::BlockConfig config;
  config.dim = 12;
  config.heads = 3;
  config.init = nn::LinearOptions::normal(0.5);
  const nn::TransformerBlock block(nn::ParamScope(store, "block"), config);
  std::vector<float> values(2 * 5 * 12);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 37) % 23) / 10 - 1;
  const Tensor x = Tensor::from(values, {2, 5, 12});
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const Tensor p = attention_probabilities(block, x, ctx);
  CHECK(p.shape() == Shape{2, 3, 5, 5});
  const Tensor normed = block.norm1.forward(x, ctx);
  const Tensor v = transpose(select(reshape(block.attn.qkv.forward(normed, ctx), {2, 5, 3, 3, 4}), 2, 2), 1, 2);
  const Tensor mixed = reshape(contiguous(transpose(matmul(p, contiguous(v)), 1, 2)), {2, 5, 12});
  const auto ours = mixed.to_vector<float>(), blocks = block.attn.mix(normed, ctx).to_vector<float>();
  for (std::size_t i = 0; i < ours.size(); ++i) CHECK(ours[i] == doctest::Approx(blocks[i]).epsilon(1e-4));
}

TEST_CASE("tokens are found where rolling took them") {
  for (const char* kind : {"roll", "per-layer", "random", "none", "channel"}) {
    CAPTURE(kind);
    models::AioConfig config;
    config.image_size = 64;
    config.patch_size = 16;
    config.roll.kind = models::parse_roll_kind(kind);
    config.roll.proportion = 0.5;
    // Each token says where it comes from: 100 * frame + slot.
    std::vector<float> values;
    for (int t = 0; t < 3; ++t) {
      for (int slot = 0; slot < 17; ++slot) values.insert(values.end(), 4, static_cast<float>(100 * t + slot));
    }
    config.hidden_size = 4;
    models::VideoTokens video;
    video.tokens = Tensor::from(values, {1, 3, 17, 4});
    TokenHome home(config, video);
    Tensor x = video.tokens;
    int moved = 0;
    for (int layer = 0; layer < 4; ++layer) {
      home.roll(layer);
      if (config.roll.kind != models::RollKind::channel) x = models::roll_tokens(x, 17, layer, config.roll);
      const auto now = contiguous(x).to_vector<float>();
      for (int t = 0; t < 3; ++t) {
        for (int slot = 0; slot < 17; ++slot) {
          const auto expected = static_cast<int>(now[static_cast<std::size_t>((t * 17 + slot) * 4)]);
          CHECK(home.frame(t, slot) == expected / 100);
          CHECK(home.patch(t, slot) == slot - 1);
          moved += expected / 100 != t ? 1 : 0;
        }
      }
    }
    CHECK((moved > 0) == (config.roll.kind != models::RollKind::none && config.roll.kind != models::RollKind::channel));
  }
}

TEST_CASE("heat lies over its patches only") {
  const Tensor pictures = Tensor::from(std::vector<std::uint8_t>(2 * 4 * 4 * 3, 100), {2, 4, 4, 3});
  const Tensor out = heat_overlay(pictures, {0, 0.2, 1, 0.6, 0, 0, 0, 0}, 0.5);
  CHECK(out.shape() == Shape{2, 192, 192, 3});
  const auto pixel = [&](std::int64_t t, std::int64_t y, std::int64_t x) {
    const auto values = out.to_vector<std::uint8_t>();
    const auto at = static_cast<std::size_t>(((t * 192 + y) * 192 + x) * 3);
    return std::vector<int>{values[at], values[at + 1], values[at + 2]};
  };
  const std::vector<int> dimmed{60, 60, 60};
  CHECK(pixel(0, 0, 0) == dimmed);
  CHECK(pixel(0, 0, 191) == dimmed);  // below the threshold
  CHECK(pixel(1, 191, 0) == dimmed);
  CHECK(pixel(0, 191, 0)[0] > 150);
  CHECK(pixel(0, 191, 0)[1] > pixel(0, 191, 191)[1]);  // the strongest is the most yellow
  CHECK(pixel(0, 191, 191)[2] < 60);
  EXPECT_ERROR(heat_overlay(pictures, {0, 1, 2}, 0.5), shape, "3 patches for pictures");
  CHECK(density_chart({{"a", {1, 2, 0.5}, {0, 1, -1}}, {"b", {1, 1}, {0, 0}}}).shape() == Shape{490, 900, 3});
  EXPECT_ERROR(density_chart({{"a", {1, 2}, {0}}}), shape, "2 bars, 1 origins");
}

TEST_CASE("both commands on a run's folder") {
  const test::TempDir dir;
  const auto run = test::arguments("pretrain", dir / "run", 2);
  REQUIRE(test::run(run, dir / "log") == 0);
  const std::string clip = [] {
    for (const auto& entry : fs::recursive_directory_iterator(test::data_set())) {
      if (entry.path().extension() == ".mp4") return entry.path().string();
    }
    return std::string();
  }();
  const auto program = [&](const std::string& command, const std::vector<std::string>& more, const std::string& video) {
    std::vector<std::string> all{std::string(AIO_BIN) + "/aio_visualize",
                                 command,
                                 "--checkpoint",
                                 dir / "run",
                                 "--video",
                                 video,
                                 "--text",
                                 "a red bar moves left .",
                                 "--json"};
    all.insert(all.end(), more.begin(), more.end());
    fs::remove(dir / "log.out");
    return test::wait_for(test::start(all, dir / "log"));
  };
  const auto printed = [&] { return nlohmann::json::parse(test::read_text_file(dir / "log.out")); };

  CHECK(program("cloze", {"--out", dir / "cloze"}, clip) == 0);
  auto json = printed();
  CHECK(json["sentence"] == "a [MASK] [MASK] [MASK] [MASK] [UNK]");  // the set's vocabulary has no full stop
  REQUIRE(json["words"].size() == 4);
  CHECK(json["words"][0]["word"] == "red");
  CHECK(json["words"][0]["candidates"].size() == 5);
  CHECK(test::read_text_file(dir / "cloze/cloze.png").substr(1, 3) == "PNG");
  const std::string page = test::read_text_file(dir / "cloze/index.html");
  CHECK(page.find("a [MASK] [MASK]") != std::string::npos);
  CHECK(page.find("src=\"http") == std::string::npos);
  CHECK(program("cloze", {"--out", dir / "one", "--mask", "left"}, clip) == 0);
  CHECK(printed()["sentence"] == "a red bar moves [MASK] [UNK]");

  CHECK(program("attention", {"--out", dir / "attention", "--baseline", dir / "run"}, clip) == 0);
  json = printed();
  REQUIRE(json["models"].size() == 2);
  CHECK(json["models"][0].contains("density"));
  const double on_video = json["models"][0]["attention_on_video"];
  CHECK(on_video > 0.2);
  CHECK(on_video < 1);
  double sum = 0;
  for (const double density : json["models"][0]["density"]) sum += density;
  CHECK(sum == doctest::Approx(9));  // patches of 16 in 48 x 48
  CHECK(json["models"][0]["density_rolled"] > 0);
  for (const char* file : {"density.png", "frames.png"}) {
    CHECK(test::read_text_file(dir / ("attention/" + std::string(file))).substr(1, 3) == "PNG");
  }
  CHECK(program("attention", {"--out", dir / "again", "--roll", "none"}, clip) == 0);
  CHECK(printed()["models"][0]["density_rolled"] == 0);

  CHECK(program("cloze", {"--out", dir / "x", "--mask", "dog"}, clip) == kData);
  CHECK(program("cloze", {"--out", dir / "x", "--roll", "flatten"}, clip) == kUsage);
  CHECK(program("cloze", {"--out", dir / "x"}, dir / "log") == kData);
}

}  // namespace
}  // namespace aio::apps
