// What roofline/ counts is what the CUDA backend launches: the same calls on both, kernel by kernel.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "cuda/emulation/emulator.h"
#include "nn/optim/adamw.h"
#include "nn/optim/grad_norm.h"
#include "nn/transformer_block.h"
#include "roofline/counting_backend.h"
#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

constexpr Device kEmulated{Device::Kind::cuda, 0};

struct Asked {
  std::vector<std::string> kernels;
  int waits = 0, transfers = 0;
};

Asked asked_of_emulated(const std::function<void()>& run) {
  std::vector<std::string> log;
  emulation::record_work(&log);
  run();
  emulation::record_work(nullptr);
  Asked asked;
  for (const std::string& what : log) {
    if (what == "wait") {
      ++asked.waits;
    } else if (what == "copy_from_host") {
      ++asked.transfers;
    } else {
      asked.kernels.push_back(what);
    }
  }
  return asked;
}

Asked asked_of_counting(const std::function<void()>& run) {
  roofline::CountingBackend& device = roofline::counting_device();
  device.take();
  run();
  const roofline::Work work = device.take();
  Asked asked{{}, work.waits, static_cast<int>(work.transfers.size())};
  for (const roofline::Kernel& kernel : work.kernels) asked.kernels.push_back(kernel.name);
  return asked;
}

/// `run` on both devices.
void expect_same(const std::function<void(Device)>& run) {
  if (!have_device()) return;
  const Asked launched = asked_of_emulated([&] { run(kEmulated); });
  const Asked counted = asked_of_counting([&] { run(roofline::counting_device().device()); });
  CHECK(launched.kernels == counted.kernels);
  CHECK(launched.waits == counted.waits);
  CHECK(launched.transfers == counted.transfers);
}

/// A training step of a transformer block: head size 64, so attention is the tensor cores'.
void block_step(Device device, double dropout, DType compute) {
  nn::ParamStore store(1, {DType::f32, device});
  nn::BlockConfig config;
  config.dim = 64;
  config.dropout = dropout;
  const nn::TransformerBlock block(nn::ParamScope(store, "block"), config);
  nn::FlatParams params(store);
  nn::AdamW optimizer(params, {});
  const Tensor x = Tensor::full({2, 9, 64}, 0.5, {compute, device});
  params.zero_grad();
  nn::ForwardCtx ctx = nn::ForwardCtx::train(1, 0, compute);
  AttentionOptions attention;
  attention.key_lengths = Tensor::from(std::vector<std::int64_t>{9, 4}, {2}, device);
  backward(sum(cast(block.forward(x, ctx, attention), DType::f32)));
  optimizer.step(1e-3, nn::grad_norm(params).grad_scale);
}

TEST_CASE("a training step of a block") {
  for (const DType compute : {DType::bf16, DType::f32}) {
    for (const double dropout : {0.0, 0.1}) expect_same([&](Device device) { block_step(device, dropout, compute); });
  }
}

TEST_CASE("embedding, rolling, joining, a loss over few classes") {
  expect_same([](Device device) {
    const TensorOptions type{DType::f32, device};
    Tensor table = Tensor::full({11, 8}, 0.25, type);
    set_requires_grad(table);
    const Tensor ids = Tensor::from(std::vector<std::int64_t>{1, 2, 3, 1, 5, 6}, {2, 3}, device);
    const Tensor rows = reshape(embedding(table, ids), {1, 2, 3, 8});
    const Tensor rolled = temporal_roll(rows, Tensor::from(std::vector<std::int64_t>{0, 1, -1}, {3}, device));
    const Tensor joined = concat({rolled, Tensor::zeros({1, 2, 1, 8}, type)}, 2);
    const Tensor logits = tanh(reshape(mean(joined, {1}), {4, 8}));
    const Tensor labels = Tensor::from(std::vector<std::int64_t>{1, 2, -100, 7}, {4}, device);
    backward(cross_entropy(l2_normalize(logits, 1e-6), labels));
  });
}

TEST_CASE("long sums, softmax, masks, integers") {
  expect_same([](Device device) {
    const TensorOptions type{DType::bf16, device};
    const Tensor x = Tensor::full({3, 70, 16}, 0.5, type);
    CHECK(sum(x, {1}).dim(1) == 16);
    sum(x, {0});
    sum(x);
    softmax(x);
    log_softmax(x);
    gelu(x);
    dropout(x, 0.5, RngKey{1});
    const Tensor flags = Tensor::from(std::vector<std::uint8_t>{1, 0, 1}, {3, 1, 1}, device);
    where(flags, x, Tensor::zeros(x.shape(), type));
    masked_fill(x, flags, 0);
    matmul(x, transpose(x, 1, 2));
    const Tensor ids = Tensor::from(std::vector<std::int64_t>{2, 0, 1}, {3}, device);
    CHECK(slice(ids, 0, 1, 3).to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 1});
  });
}

}  // namespace
}  // namespace aio::test
