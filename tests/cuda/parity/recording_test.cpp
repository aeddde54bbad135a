// A recorded step and its replays: the bits of the step itself, whatever changes between steps; what may not get into a
// recording; whose memory is whose.
#include "tensor/recording.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "nn/optim/adamw.h"
#include "nn/optim/grad_norm.h"
#include "nn/transformer_block.h"
#include "tensor/allocator.h"
#include "tensor/raw.h"
#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

constexpr Device kGpu{Device::Kind::cuda, 0};
constexpr std::int64_t kBatch = 2, kLength = 9, kWidth = 64;

/// A block with dropout, drop path and key lengths, and its optimizer. The batch has its place: x on the device,
/// lengths and targets on the host.
struct Training {
  explicit Training(DType dtype) : compute(dtype) {}

  static nn::BlockConfig config() {
    nn::BlockConfig config;
    config.dim = kWidth;
    config.dropout = 0.1;
    config.drop_path = 0.3;
    return config;
  }

  /// Other pixels, lengths and targets for each step.
  void fill(std::int64_t step) const {
    const auto draw = static_cast<std::uint32_t>(step);
    raw::copy_(x, raw::cast(normal(x.shape(), 0, 1, RngKey{5, draw}), compute).to(kGpu));
    raw::copy_(lengths, random_integers({kBatch}, 1, kLength + 1, RngKey{6, draw}));
    raw::copy_(targets, random_integers({kBatch}, 0, kWidth, RngKey{7, draw}));
  }
  Tensor differentiate(std::uint32_t step) {
    params.zero_grad();
    nn::ForwardCtx ctx = nn::ForwardCtx::train(1, step, compute);
    AttentionOptions attention;
    attention.key_lengths = lengths;
    const Tensor y = block.forward(x, ctx, attention);
    const Tensor loss = cross_entropy(select(y, 1, 0), targets);
    backward(loss);
    return detach(loss);
  }
  void update(std::int64_t step) {
    optimizer.step(1e-3 / static_cast<double>(step + 1), nn::grad_norm(params, 0.5).grad_scale);
  }
  std::vector<float> weights() const { return params.values().to_vector<float>(); }

  DType compute;
  nn::ParamStore store{1, {DType::f32, kGpu}};
  nn::TransformerBlock block{nn::ParamScope(store, "block"), config()};
  nn::FlatParams params{store};
  nn::AdamW optimizer{params, {}};
  Tensor x = Tensor::zeros({kBatch, kLength, kWidth}, {compute, kGpu});
  Tensor lengths = Tensor::full({kBatch}, 1, {DType::i64});
  Tensor targets = Tensor::full({kBatch}, 0, {DType::i64});
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0;
}

TEST_CASE("recording: replays train to the same bits") {
  if (!have_device()) return;
  constexpr std::uint32_t kSteps = 4;
  for (const DType dtype : {DType::bf16, DType::f32}) {
    CAPTURE(dtype);
    Training plain(dtype), replayed(dtype);
    std::vector<double> losses;
    for (std::uint32_t i = 0; i < kSteps; ++i) {
      plain.fill(i);
      losses.push_back(plain.differentiate(i).item());
      plain.update(i);
    }
    std::unique_ptr<Recording> recording;
    Tensor loss;
    for (std::uint32_t i = 0; i < kSteps; ++i) {
      replayed.fill(i);
      if (i == 0) {
        loss = replayed.differentiate(i);
      } else {
        if (i == 1) {
          recording = backend_for(kGpu).record(i, {replayed.lengths, replayed.targets},
                                               [&] { loss = replayed.differentiate(i); });
          REQUIRE(recording != nullptr);
        }
        REQUIRE(recording->replay(i));
      }
      CHECK(loss.item() == losses[i]);
      replayed.update(i);
    }
    CHECK(same_bits(plain.weights(), replayed.weights()));
  }
}

TEST_CASE("recording: dropout's step is that of the replay") {
  if (!have_device()) return;
  const Tensor x = Tensor::full({100}, 1, {DType::f32, kGpu});
  Tensor y;
  const auto recording = backend_for(kGpu).record(3, {}, [&] { y = dropout(x, 0.5, RngKey{9, 3, 2}); });
  for (const std::uint32_t step : {3U, 4U, 1000U}) {
    REQUIRE(recording->replay(step));
    CHECK(y.to_vector<float>() == dropout(x, 0.5, RngKey{9, step, 2}).to_vector<float>());
  }
  CHECK_THROWS_WITH_AS(backend_for(kGpu).record(3, {},
                                                [&] {
                                                  dropout(x, 0.5, RngKey{9, 4, 2});
                                                }),
                       doctest::Contains("step 3 is recorded, a dropout key is of step 4"), Error);
}

TEST_CASE("recording: what of the host may change, and what may not") {
  if (!have_device()) return;
  Backend& gpu = backend_for(kGpu);
  const auto vector = [](std::vector<std::int64_t> values) {
    return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
  };
  const Tensor index = vector({0, 2, 1}), table = Tensor::from(std::vector<float>{10, 11, 12}, {3, 1}, kGpu);
  Tensor rows, small, twice;
  const auto recording = gpu.record(0, {index}, [&] {
    rows = index_select(table, 0, index);
    const Tensor mirrored = host_tensor([index] {
      std::vector<std::int64_t> values = index.to_vector<std::int64_t>();
      for (std::int64_t& value : values) value = 2 - value;
      return Tensor::from(values, {3});
    });
    twice = index_select(table, 0, mirrored);
    const Tensor below = host_tensor([index] {
      std::vector<std::int64_t> values = index.to_vector<std::int64_t>();
      values.erase(std::remove(values.begin(), values.end(), 2), values.end());
      return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
    });
    small = index_select(table, 0, below);
  });
  REQUIRE(recording->replay(0));
  CHECK(rows.to_vector<float>() == std::vector<float>{10, 12, 11});
  CHECK(twice.to_vector<float>() == std::vector<float>{12, 10, 11});
  raw::copy_(index, vector({2, 1, 1}));
  REQUIRE(recording->replay(0));
  CHECK(rows.to_vector<float>() == std::vector<float>{12, 11, 11});
  CHECK(twice.to_vector<float>() == std::vector<float>{10, 11, 11});
  CHECK(small.to_vector<float>() == std::vector<float>{11, 11});

  SUBCASE("another size: nothing runs") {
    raw::copy_(index, vector({2, 2, 1}));
    CHECK_FALSE(recording->replay(0));
    CHECK(rows.to_vector<float>() == std::vector<float>{12, 11, 11});
  }
  SUBCASE("the checks of the step") {
    raw::copy_(index, vector({2, 3, 1}));
    CHECK_THROWS_WITH_AS(static_cast<void>(recording->replay(0)), doctest::Contains("index 3 at position 1"), Error);
  }
  SUBCASE("another number") {
    const auto watching = gpu.record(
        0, {index}, [&] { CHECK(host_number([index] { return index.to_vector<std::int64_t>()[0]; }) == 2); });
    CHECK(watching->replay(0));
    raw::copy_(index, vector({1, 1, 1}));
    CHECK_FALSE(watching->replay(0));
  }
}

TEST_CASE("recording: errors leave nothing behind") {
  if (!have_device()) return;
  Backend& gpu = backend_for(kGpu);
  const Tensor x = Tensor::full({5}, 2, {DType::f32, kGpu});
  const Tensor ids = Tensor::from(std::vector<std::int64_t>{0, 1}, {2});
  const Training training(DType::f32);
  const auto refuses = [&](const char* why, const std::function<void()>& body) {
    CHECK_THROWS_WITH_AS(gpu.record(0, {}, body), doctest::Contains(why), Error);
    CHECK(scale(x, 2).to_vector<float>() == std::vector<float>(5, 4));  // the device works as before
  };
  refuses("reading a tensor back", [&] { x.to_vector<float>(); });
  refuses("waiting for the device", [&] { gpu.synchronize(); });
  refuses("neither an input of the recording", [&] { ids.to(kGpu); });
  refuses("is read on the host", [&] { ids.to_vector<std::int64_t>(); });
  refuses("writing the host's numbers", [&] { Tensor::from(std::vector<float>{1}, {1}, kGpu); });
  const View flat = training.params.values().view();
  refuses("an optimizer's update", [&] { gpu.adamw(flat, flat, flat, flat, nullptr, {}, {}); });
  refuses("an optimizer's update", [&] { gpu.sgd(flat, flat, flat, nullptr, {}, {}); });
  refuses("another recording", [&] { gpu.record(0, {}, [] {}); });
  CHECK(backend_for(Device{}).record(0, {}, [] {}) == nullptr);
}

TEST_CASE("recording: its memory is its own until it dies") {
  if (!have_device()) return;
  Backend& gpu = backend_for(kGpu);
  constexpr std::int64_t kSize = 1 << 20;
  const TensorOptions type{DType::f32, kGpu};
  const Tensor x = Tensor::full({kSize}, 3, type);
  Tensor y;
  auto recording = gpu.record(0, {}, [&] { y = add_scalar(scale(scale(x, 2), 2), 1); });
  CHECK(recording->memory_bytes() >= 2 * kSize * sizeof(float));
  const std::size_t before = memory_stats(kGpu).current;
  std::vector<Tensor> others;
  for (int i = 0; i < 4; ++i) others.push_back(Tensor::full({kSize}, i, type));
  CHECK(memory_stats(kGpu).current >= before + 4 * kSize * sizeof(float));
  REQUIRE(recording->replay(0));
  CHECK(sum(y).item() == 13.0 * kSize);
  for (int i = 0; i < 4; ++i) CHECK(sum(others[static_cast<std::size_t>(i)]).item() == static_cast<double>(i) * kSize);

  // A tensor may outlive the recording; the rest of its memory goes to the next one.
  recording.reset();
  CHECK(sum(y).item() == 13.0 * kSize);
  Tensor z;
  recording = gpu.record(0, {}, [&] { z = scale(x, 5); });
  REQUIRE(recording->replay(0));
  CHECK(sum(z).item() == 15.0 * kSize);
  CHECK(sum(y).item() == 13.0 * kSize);
}

}  // namespace
}  // namespace aio::test
