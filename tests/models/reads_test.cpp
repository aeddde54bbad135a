// EncodeOptions::reads: a last block that computes only the rows that are read gives what the whole one gives there,
// in values and gradients.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/all_in_one.h"

using namespace aio;
using namespace aio::models;

namespace {

AioConfig tiny() {
  AioConfig config = config_for_size("demo");
  config.hidden_size = 16;
  config.heads = 2;
  config.layers = 2;
  config.image_size = 16;
  config.patch_size = 8;
  config.frames = 2;
  config.vocab_size = 20;
  config.max_text_len = 6;
  return config;
}

double worst_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  const std::vector<double> x = a.to_vector<double>(), y = b.to_vector<double>();
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(x[i] - y[i]));
  return worst;
}

struct Fixture {
  nn::ParamStore store{3, {DType::f64}};
  AllInOne model{store, tiny()};
  Tensor frames = normal({2, 2, 3, 16, 16}, 0, 1, RngKey{1}, {DType::f64});
  TextBatch text{Tensor::from(std::vector<std::int64_t>{1, 5, 6, 2, 0, 0, 1, 7, 2, 0, 0, 0}, {2, 6}),
                 Tensor::from(std::vector<std::int64_t>{1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0}, {2, 6})};
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);

  Encoded joint(Reads reads, const Tensor& allowed = {}) {
    EncodeOptions options;
    options.reads = reads;
    options.allowed = allowed;
    return model.encode(model.embed_text(text, ctx), model.embed_video(frames, ctx), ctx, options);
  }
  /// All gradients of sum(out * weights), one after the other.
  std::vector<std::vector<double>> gradients(const Tensor& out) {
    for (const nn::Parameter& parameter : store.parameters()) set_grad(parameter.value, {});
    backward(sum(out * normal(out.shape(), 0, 1, RngKey{9}, {DType::f64})));
    std::vector<std::vector<double>> all;
    for (const nn::Parameter& parameter : store.parameters()) {
      const Tensor gradient = grad(parameter.value);
      all.push_back(gradient.defined() ? gradient.to_vector<double>() : std::vector<double>{});
    }
    return all;
  }
};

void check_close(const std::vector<std::vector<double>>& a, const std::vector<std::vector<double>>& b) {
  double worst = 0;
  int used = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].size() == b[i].size());
    used += a[i].empty() ? 0 : 1;
    for (std::size_t j = 0; j < a[i].size(); ++j) worst = std::max(worst, std::abs(a[i][j] - b[i][j]));
  }
  CHECK(used > 30);
  CHECK(worst < 1e-12);  // observed 4e-15
}

}  // namespace

TEST_CASE("reads: the joint pass for the text's rows, and for [CLS]") {
  Fixture f;
  const Encoded all = f.joint(Reads::all), text = f.joint(Reads::text), cls = f.joint(Reads::cls);
  CHECK(worst_difference(text.text, all.text) < 1e-13);
  CHECK(worst_difference(cls.cls(), all.cls()) < 1e-13);
  CHECK_FALSE(text.video.defined());
  CHECK_FALSE(cls.video.defined());
  CHECK(cls.text.shape() == Shape{2, 1, 16});
  CHECK(cls.frames.shape() == Shape{2, 2, 1, 16});
  check_close(f.gradients(f.joint(Reads::text).text), f.gradients(f.joint(Reads::all).text));
  check_close(f.gradients(f.joint(Reads::cls).cls()), f.gradients(f.joint(Reads::all).cls()));
}

TEST_CASE("reads: with a mask over queries") {
  Fixture f;
  const std::int64_t visual = 5, N = visual + 4;  // the longest text has 4 tokens
  std::vector<std::uint8_t> allowed(static_cast<std::size_t>(N * N), 1);
  for (std::int64_t q = 0; q < N; ++q) {
    for (std::int64_t k = visual; k < N; ++k) allowed[static_cast<std::size_t>(q * N + k)] = k <= q;
  }
  const Tensor mask = Tensor::from(allowed, {1, 1, N, N});
  CHECK(worst_difference(f.joint(Reads::text, mask).text, f.joint(Reads::all, mask).text) < 1e-13);
  CHECK(worst_difference(f.joint(Reads::text, mask).text, f.joint(Reads::all).text) > 1e-3);
}

TEST_CASE("reads: the unimodal passes") {
  Fixture f;
  EncodeOptions first;
  first.reads = Reads::cls;
  const TextTokens text = f.model.embed_text(f.text, f.ctx);
  const VideoTokens video = f.model.embed_video(f.frames, f.ctx);
  CHECK(worst_difference(f.model.encode_text(text, f.ctx, first).cls(), f.model.encode_text(text, f.ctx).cls()) <
        1e-13);
  CHECK(worst_difference(f.model.encode_video(video, f.ctx, first).cls(), f.model.encode_video(video, f.ctx).cls()) <
        1e-13);
}

TEST_CASE("reads: recomputation gives the same bits") {
  Fixture f;
  AioConfig config = tiny();
  config.recompute = true;
  nn::ParamStore store{3, {DType::f64}};
  const AllInOne again(store, config);
  nn::ForwardCtx a = nn::ForwardCtx::train(1, 1, DType::f64), b = a;
  EncodeOptions options;
  options.reads = Reads::cls;
  const Tensor x = f.model.encode(f.model.embed_text(f.text, a), f.model.embed_video(f.frames, a), a, options).cls();
  const Tensor y = again.encode(again.embed_text(f.text, b), again.embed_video(f.frames, b), b, options).cls();
  CHECK(x.to_vector<double>() == y.to_vector<double>());
}
