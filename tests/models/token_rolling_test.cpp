// Token rolling against what the released code gives on random tensors: all of its versions, values and gradients.

#include "models/token_rolling.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "golden.h"
#include "tensor/safetensors.h"
#include "tests/expect_error.h"

using namespace aio;
using namespace aio::models;
using aio::test::golden;

namespace {

using Tensors = std::map<std::string, Tensor>;

/// [B S, L, C] as the release has it -> [B, S, L, C]
Tensor by_clip(const Tensor& rows, std::int64_t frames) {
  return reshape(rows, {rows.dim(0) / frames, frames, rows.dim(1), rows.dim(2)});
}

/// Bit-equal, and so is the gradient where one was recorded: rolling moves numbers and computes none.
void check_case(const Tensors& tensors, const std::string& name, std::int64_t frames, const std::string& version,
                const std::function<Tensor(const Tensor&)>& rolled) {
  CAPTURE(name);
  CAPTURE(version);
  const Tensor x = by_clip(tensors.at(name + ".x"), frames);
  set_requires_grad(x);
  const Tensor y = rolled(x);
  CHECK(y.to_vector<float>() == tensors.at(name + "." + version + ".y").to_vector<float>());
  const auto gx = tensors.find(name + "." + version + ".gx");
  if (gx == tensors.end()) return;
  backward(y, by_clip(tensors.at(name + ".gy"), frames));
  CHECK(grad(x).to_vector<float>() == gx->second.to_vector<float>());
}

RollConfig config_of(RollKind kind, double proportion = 0.25) {
  RollConfig config;
  config.kind = kind;
  config.proportion = proportion;
  return config;
}

}  // namespace

TEST_CASE("rolling: every version of the released code, bit for bit, with gradients") {
  const Tensors tensors = load_safetensors(golden("temporal_roll.safetensors"));
  int versions = 0;
  std::ifstream file(golden("temporal_roll.manifest.json"));
  const nlohmann::json manifest = nlohmann::json::parse(file);
  for (const auto& entry : manifest.at("cases")) {
    const auto name = entry.at("case").get<std::string>();
    const auto S = entry.at("S").get<std::int64_t>(), L = entry.at("L").get<std::int64_t>();
    const auto with = [L](RollKind kind, int layer) {
      return [=](const Tensor& x) { return roll_tokens(x, L, layer, config_of(kind)); };
    };
    check_case(tensors, name, S, "v0", with(RollKind::roll, 0));
    check_case(tensors, name, S, "v3", with(RollKind::channel_reference, 0));
    versions += 2;
    for (const int layer : {0, 1, 5, 7, 8}) {
      const std::string version = "v2.layer" + std::to_string(layer);
      if (tensors.find(name + "." + version + ".y") == tensors.end()) continue;
      check_case(tensors, name, S, version, with(RollKind::per_layer_reference, layer));
      ++versions;
    }
    if (const auto drawn = tensors.find(name + ".v1.idx"); drawn != tensors.end()) {
      // The draw is the release's; ours moves as many slots, from 1 on, the same way.
      std::vector<std::int64_t> shift(static_cast<std::size_t>(L), 0);
      for (const std::int64_t slot : drawn->second.to_vector<std::int64_t>()) shift[static_cast<std::size_t>(slot)] = 1;
      check_case(tensors, name, S, "v1", [&](const Tensor& x) { return temporal_roll(x, Tensor::from(shift, {L})); });
      const RollStep own = roll_step(config_of(RollKind::random, 0.5), 0, S, L, 8);
      CHECK(std::count(own.shift.begin(), own.shift.end(), 1) == drawn->second.numel());
      CHECK(own.shift[0] == 0);
      ++versions;
    }
  }
  CHECK(versions == 46);
}

TEST_CASE("rolling: text after the visual tokens stays") {
  const Tensor x = uniform({2, 3, 13, 4}, -1, 1, RngKey{1});
  for (const RollKind kind : {RollKind::roll, RollKind::random, RollKind::per_layer, RollKind::channel,
                              RollKind::per_layer_reference, RollKind::channel_reference}) {
    CAPTURE(to_string(kind));
    const Tensor y = roll_tokens(x, 9, 3, config_of(kind, 0.5));
    CHECK(slice(y, 2, 9, 13).to_vector<float>() == slice(x, 2, 9, 13).to_vector<float>());
    CHECK(slice(y, 2, 0, 9).to_vector<float>() != slice(x, 2, 0, 9).to_vector<float>());
    if (kind == RollKind::channel_reference) continue;  // whose flaw is to move the class token too
    CHECK(select(y, 2, 0).to_vector<float>() == select(x, 2, 0).to_vector<float>());
  }
}

TEST_CASE("rolling: the repaired variants lose nothing but at the ends of the channel shift") {
  const Tensor x = uniform({1, 4, 17, 8}, -1, 1, RngKey{2});
  const auto sorted = [](const Tensor& tensor) {
    std::vector<float> values = tensor.to_vector<float>();
    std::sort(values.begin(), values.end());
    return values;
  };
  for (int layer = 0; layer < 9; ++layer) {
    CHECK(sorted(roll_tokens(x, 17, layer, config_of(RollKind::per_layer))) == sorted(x));
    CHECK(sorted(roll_tokens(x, 17, layer, config_of(RollKind::random, 0.5))) == sorted(x));
  }
  // One channel of 16 patches from the next frame, one from the previous: two frames' worth of them become zero.
  const std::vector<float> shifted = roll_tokens(x, 17, 0, config_of(RollKind::channel)).to_vector<float>();
  CHECK(std::count(shifted.begin(), shifted.end(), 0.0F) == 2 * 16);
}

TEST_CASE("rolling: names") {
  CHECK(parse_roll_kind("per-layer-reference") == RollKind::per_layer_reference);
  CHECK(to_string(RollKind::time_average) == "time_average");
  EXPECT_ERROR(parse_roll_kind("sideways"), config, "channel-reference");
}
