#include "tests/apps/trajectory.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/model/golden_set.h"
#include "autograd/autograd.h"
#include "models/objectives/pretrain.h"
#include "nn/optim/adamw.h"
#include "nn/optim/grad_norm.h"
#include "nn/optim/lr_schedule.h"
#include "tests/models/golden.h"

namespace aio::test {

namespace {

constexpr std::int64_t kBatch = 6, kFrames = 3, kSide = 64, kText = 12, kKinds = 4;

/// A 32-bit hash: the finaliser of MurmurHash3.
std::uint32_t mix(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x85ebca6b;
  x ^= x >> 13;
  x *= 0xc2b2ae35;
  return x ^ (x >> 16);
}

/// Noise as frames, random words, two of them masked; every other text gets its neighbour's clip.
models::PretrainBatch batch_of(std::int64_t kind) {
  const std::int64_t each = kFrames * 3 * kSide * kSide;
  std::vector<float> frames;
  for (std::int64_t i = 0; i < kBatch * each; ++i) {
    const std::uint32_t bits = mix(static_cast<std::uint32_t>(kind * kBatch * each + i)) & 255;
    frames.push_back(static_cast<float>(bits) / 128.0F - 1.0F);
  }
  std::vector<float> others(frames.end() - each, frames.end());
  others.insert(others.end(), frames.begin(), frames.end() - each);

  const auto cells = static_cast<std::size_t>(kBatch * kText);
  std::vector<std::int64_t> ids(cells, 0), mask(cells, 0), match;
  for (std::int64_t b = 0; b < kBatch; ++b) {
    const std::int64_t words = 6 + (b + kind) % (kText - 5);
    for (std::int64_t j = 0; j < words; ++j) {
      const auto cell = static_cast<std::size_t>(b * kText + j);
      ids[cell] = j == 0           ? 101
                  : j == words - 1 ? 102
                                   : 104 + mix(static_cast<std::uint32_t>(1000 * kind + 20 * b + j)) % 96;
      mask[cell] = 1;
    }
    match.push_back((b + kind) % 2);
  }
  std::vector<std::int64_t> masked = ids, labels(cells, -100);
  for (std::int64_t b = 0; b < kBatch; ++b) {
    for (const std::int64_t j : {2, 4}) {
      const auto cell = static_cast<std::size_t>(b * kText + j);
      labels[cell] = ids[cell];
      masked[cell] = 103;
    }
  }
  models::PretrainBatch batch;
  batch.frames = Tensor::from(frames, {kBatch, kFrames, 3, kSide, kSide});
  batch.false_frames = Tensor::from(others, {kBatch, kFrames, 3, kSide, kSide});
  batch.text = {Tensor::from(ids, {kBatch, kText}), Tensor::from(mask, {kBatch, kText})};
  batch.mlm_ids = Tensor::from(masked, {kBatch, kText});
  batch.mlm_labels = Tensor::from(labels, {kBatch, kText});
  batch.vtm_labels = Tensor::from(match, {kBatch});
  return batch;
}

}  // namespace

Followed follow_pytorch(std::int64_t steps, Device device) {
  std::ifstream file(golden("micro_trajectory.json"));
  const nlohmann::json recorded = nlohmann::json::parse(file);
  const auto theirs = recorded.at("losses").get<std::vector<std::vector<double>>>();
  REQUIRE(theirs.size() == 200);
  const auto learning_rate = recorded.at("learning_rate").get<double>();

  const apps::GoldenSet set = apps::load_golden_set(golden("micro.manifest.json"));
  models::AioConfig config = set.config;
  config.dropout = config.drop_path = 0;
  nn::ParamStore store(0, {DType::f32, device});
  const models::AllInOne model(store, config);
  store.load(set.weights);
  nn::FlatParams params(store);
  nn::AdamWOptions options;
  options.variant = nn::AdamWOptions::Variant::torch;
  nn::AdamW optimizer(params, nn::ParamGroups::reference(0.01, 1), options);
  nn::LrSchedule schedule;
  schedule.base_lr = learning_rate;
  schedule.warmup_steps = 10;
  schedule.max_steps = 200;
  models::PretrainOptions losses;
  losses.wpa = 0;

  Followed followed;
  followed.together = steps;
  for (std::int64_t step = 0; step < steps; ++step) {
    params.zero_grad();
    nn::ForwardCtx ctx = nn::ForwardCtx::train(0, static_cast<std::uint32_t>(step));
    const models::PretrainOutput out = models::pretrain(model, batch_of(step % kKinds), losses, ctx);
    for (std::size_t i = 0; i < 3; ++i) {
      const double off = std::abs(out.losses[i].value.item() - theirs[static_cast<std::size_t>(step)][i]);
      followed.worst = std::max(followed.worst, off);
      if (off > 1e-3) followed.together = std::min(followed.together, step);
    }
    backward(out.total);
    optimizer.step(schedule.lr(step), nn::grad_norm(params).grad_scale);
  }
  return followed;
}

}  // namespace aio::test
