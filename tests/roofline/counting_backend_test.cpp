// The counting device against counts made by hand.
#include "roofline/counting_backend.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/all_in_one.h"
#include "models/complexity.h"
#include "models/objectives/pretrain.h"
#include "nn/optim/adamw.h"
#include "nn/optim/grad_norm.h"
#include "nn/transformer_block.h"
#include "roofline/machine.h"
#include "tests/expect_error.h"

namespace aio::roofline {
namespace {

constexpr DType kNarrow = DType::bf16;

Tensor made(const Shape& shape, DType dtype = kNarrow) {
  return Tensor::empty(shape, {dtype, counting_device().device()});
}

template <class Run>
std::vector<Kernel> kernels_of(Run&& run) {
  counting_device().take();
  run();
  return counting_device().take().kernels;
}

double total_flops(const std::vector<Kernel>& kernels) {
  double sum = 0;
  for (const Kernel& kernel : kernels) sum += kernel.flops;
  return sum;
}

TEST_CASE("a product") {
  const auto kernels = kernels_of([] { matmul(made({100, 64}), made({64, 48})); });
  REQUIRE(kernels.size() == 1);
  CHECK(kernels[0].name == "product");
  CHECK(kernels[0].shape == "100x48x64");
  CHECK(kernels[0].flops == 2 * 100 * 48 * 64);
  CHECK(kernels[0].read == 2 * (100 * 64 + 64 * 48));
  CHECK(kernels[0].written == 2 * 100 * 48);
}

TEST_CASE("our own product: whole rounds of tiles, GELU and a bias at the end of each") {
  const Tensor x = made({45504, 768}), weight = made({768, 3072}), bias = made({3072}), y = made({45504, 3072});
  const View of_bias = bias.view();
  GemmEpilogue e;
  e.bias = &of_bias;
  e.gelu = true;
  const auto kernels = kernels_of([&] { counting_device().gemm(y.view(), x.view(), weight.view(), e); });
  REQUIRE(kernels.size() == 1);
  const Kernel& kernel = kernels[0];
  CHECK(kernel.name == "gemm_hopper");
  CHECK(kernel.flops == 2.0 * 45504 * 3072 * 768);
  CHECK(kernel.rounds == 44);  // 356 x 16 tiles on 132 multiprocessors
  CHECK(kernel.executed == 2.0 * 44 * 132 * 128 * 192 * 768);
  CHECK(kernel.finishing == 44.0 * 132 * 128 * 192 / 8 * (45 + 22 + 130));
  const double sums = kernel.executed / 500e12, end = kernel.finishing / 17e12;
  CHECK(end < sums);
  CHECK(estimate(kernel, machine("h100"), kCeiling).seconds == doctest::Approx(sums + end / 44));
  Kernel slow =
      kernel;  // ends that take three times as long as sums: each group makes 22 tiles, the second a tile later
  slow.finishing = 3 * sums * 17e12;
  CHECK(estimate(slow, machine("h100"), kCeiling).seconds == doctest::Approx(sums / 44 * (22 * 4 + 1)));
}

TEST_CASE("layer norm: a pass forward; backward one, and the sums of its parameters' chunks") {
  const Tensor x = made({1000, 64}), gamma = made({64}, DType::f32), beta = made({64}, DType::f32);
  set_requires_grad(x);
  set_requires_grad(gamma);
  set_requires_grad(beta);
  Tensor y;
  const double rows = 1000 * 64 * 2, statistics = 2 * 1000 * 4, parameters = 2 * 64 * 4;
  const auto forward = kernels_of([&] { y = layer_norm(x, gamma, beta, 1e-6); });
  REQUIRE(forward.size() == 1);
  CHECK(forward[0].read == rows + parameters);
  CHECK(forward[0].written == rows + statistics);
  const auto both = kernels_of([&] { backward(y, made({1000, 64})); });
  REQUIRE(both.size() == 2);
  const double partial = 32 * 64 * 4;  // chunks of 32 rows
  CHECK(both[0].read == 2 * rows + statistics + parameters / 2);
  CHECK(both[0].written == rows + 2 * partial);
  CHECK(both[1].read == 2 * partial);
  CHECK(both[1].written == 2 * 64 * 4);
}

TEST_CASE("attention: products over all pairs, pieces of 16 filled up") {
  const Tensor qkv = made({2, 237, 3 * 3 * 64});
  set_requires_grad(qkv);
  Tensor out;
  const double pairs = 2.0 * 3 * 237 * 237 * 64, padded = 2.0 * 3 * 240 * 240 * 64;
  const double heads = 2.0 * 237 * 3 * 64 * 2, statistics = 2.0 * 3 * 237 * 4;
  const auto forward = kernels_of([&] { out = attention_packed(qkv, 3); });
  REQUIRE(forward.size() == 1);
  CHECK(forward[0].flops == 2 * 2 * pairs);
  CHECK(forward[0].executed == 2 * 2 * padded);
  CHECK(forward[0].read == 3 * heads);
  CHECK(forward[0].written == heads + statistics);
  const auto back = kernels_of([&] { backward(out, made({2, 237, 3 * 64})); });
  REQUIRE(back.size() == 1);  // every product once
  CHECK(total_flops(back) == 2 * 5 * pairs);
  CHECK(back[0].executed == 2 * 5 * padded);
  CHECK(back[0].read == 5 * heads + statistics);
  CHECK(back[0].written == 3 * heads);
}

TEST_CASE("attention's gradient for more keys than a block holds makes the scores twice") {
  const Tensor qkv = made({1, 300, 3 * 64});
  set_requires_grad(qkv);
  const Tensor out = attention_packed(qkv, 1);
  const auto back = kernels_of([&] { backward(out, made({1, 300, 64})); });
  REQUIRE(back.size() == 3);
  CHECK(total_flops(back) == 2 * 5 * 300.0 * 300 * 64);
  CHECK(back[1].executed + back[2].executed == 2 * 7 * 304.0 * 304 * 64);
}

TEST_CASE("cross entropy reads its logits once forward, once backward") {
  const Tensor logits = made({12, 1000});
  set_requires_grad(logits);
  const Tensor labels = Tensor::from(std::vector<std::int64_t>(12, 3), {12}, counting_device().device());
  const auto kernels = kernels_of([&] { backward(cross_entropy(logits, labels)); });
  const auto find = [&](const char* name) {
    return *std::find_if(kernels.begin(), kernels.end(), [&](const Kernel& k) { return k.name == name; });
  };
  CHECK(find("cross_entropy_forward").read == 12 * 1000 * 2 + 12 * 8);
  CHECK(find("cross_entropy_backward").read == 12 * 1000 * 2 + 12 * (4 + 4 + 8));
  CHECK(find("cross_entropy_backward").written == 12 * 1000 * 2);
}

TEST_CASE("AdamW: 28 bytes a parameter and a table of chunks") {
  nn::ParamStore store(1, {DType::f32, counting_device().device()});
  store.add("w", {100, 1000}, nn::Init::zeros());
  nn::FlatParams params(store);
  nn::AdamW optimizer(params, {});
  backward(sum(scale(store.get("w").value, 2)));
  const auto kernels = kernels_of([&] { optimizer.step(1e-3); });
  REQUIRE(kernels.size() == 1);
  CHECK(kernels[0].name == "adamw");
  CHECK(kernels[0].read == 16 * 100'000 + 13 * 40);
  CHECK(kernels[0].written == 12 * 100'000);
}

TEST_CASE("the passes of the three models have the FLOPs of the formula") {
  // Billions of FLOPs a video forward, 3 frames of 224 pixels, 40 words: 2 x multiply-adds.
  const std::pair<const char*, double> sizes[] = {{"ti", 9.3}, {"s", 33.8}, {"b", 128}};
  for (const auto& [size, expected] : sizes) {
    models::AioConfig config = models::config_for_size(size);
    config.vocab_size = 100;
    nn::ParamStore store(1, {DType::f32, counting_device().device()}, nn::ParamStore::Values::unset);
    const models::AllInOne model(store, config);
    const Tensor ids = Tensor::from(std::vector<std::int64_t>(80, 1), {2, 40}, counting_device().device());
    const Tensor frames = made({2, 3, 3, 224, 224}, DType::f32);
    const NoGrad no_grad;
    nn::ForwardCtx ctx = nn::ForwardCtx::eval(kNarrow);
    const auto kernels = kernels_of([&] {
      model.encode(model.embed_text({ids, ids}, ctx), model.embed_video(frames, ctx), ctx);
    });
    const double flops = total_flops(kernels) / 2;
    CHECK(flops / 1e9 == doctest::Approx(expected).epsilon(0.01));
    const models::Macs macs = models::count_macs(config, {});
    CHECK(flops == doctest::Approx(2.0 * static_cast<double>(macs.total() - macs.pooler)));
  }
}

TEST_CASE("integers have values, floats have none") {
  const Tensor lengths = Tensor::from(std::vector<std::int64_t>{4, 2, 7}, {3}, counting_device().device());
  CHECK(cast(lengths, DType::u8).to_vector<std::uint8_t>() == std::vector<std::uint8_t>{4, 2, 7});
  CHECK(slice(lengths, 0, 1, 3).to_vector<std::int64_t>() == std::vector<std::int64_t>{2, 7});
  EXPECT_ERROR(argmax(made({3, 4})), device, "do not exist");
}

TEST_CASE("a kernel takes as long as the slower of moving and computing") {
  Kernel kernel;
  kernel.unit = Unit::product;
  kernel.read = 3e9;
  kernel.flops = kernel.executed = 798e9;
  const Machine& h100 = machine("h100");
  CHECK(estimate(kernel, h100, kCeiling).seconds == doctest::Approx(1e-3));
  CHECK(estimate(kernel, h100, kCeiling).memory_bound);
  kernel.executed *= 2;
  CHECK(estimate(kernel, h100, kCeiling).seconds == doctest::Approx(2e-3));
  CHECK_FALSE(estimate(kernel, h100, kCeiling).memory_bound);
  CHECK(estimate(kernel, h100, kGood).seconds == doctest::Approx(2e-3 / 0.85 + 1e-6));
  EXPECT_ERROR(machine("v100"), config, "expected h100 or h200");
}

TEST_CASE("a step of pre-training on a batch of the host waits for the device once: for the gradient's norm") {
  models::AioConfig config = models::config_for_size("ti");
  config.layers = 2;
  config.image_size = 32;
  config.vocab_size = 50;
  config.max_text_len = 6;
  nn::ParamStore store(1, {DType::f32, counting_device().device()});
  const models::AllInOne model(store, config);
  nn::FlatParams params(store);
  nn::AdamW optimizer(params, {});
  using Ids = std::vector<std::int64_t>;
  models::PretrainBatch batch;
  batch.frames = batch.false_frames = Tensor::zeros({2, 3, 3, 32, 32});
  batch.text = {Tensor::from(Ids{2, 7, 8, 3, 2, 9, 3, 0}, {2, 4}), Tensor::from(Ids{1, 1, 1, 1, 1, 1, 1, 0}, {2, 4})};
  batch.mlm_ids = batch.text.ids;
  batch.mlm_labels = Tensor::from(Ids{-100, 7, -100, -100, -100, 9, -100, -100}, {2, 4});
  batch.vtm_labels = Tensor::from(Ids{1, 0}, {2});
  models::PretrainOptions options;
  options.differentiate = true;
  nn::ForwardCtx ctx = nn::ForwardCtx::train(1, 0, kNarrow);
  counting_device().take();
  params.zero_grad();
  models::pretrain(model, batch, options, ctx);
  CHECK(counting_device().take().waits == 0);
  optimizer.step(1e-3, nn::grad_norm(params).grad_scale);
  CHECK(counting_device().take().waits == 1);
}

}  // namespace
}  // namespace aio::roofline
