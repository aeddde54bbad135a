// The pre-training objectives, one by one: what they pick, mix, draw and refuse.

#include "models/objectives/pretrain.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/expect_error.h"
#include "tiny_model.h"

using namespace aio;
using namespace aio::models;
using aio::test::indices;
using aio::test::tiny_batch;
using aio::test::tiny_config;
using aio::test::TinyModel;

namespace {

PretrainOutput step(const TinyModel& tiny, const PretrainBatch& batch, const PretrainOptions& options = {}) {
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
  return pretrain(tiny.model, batch, options, ctx);
}

double max_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  const Tensor difference = a - b;
  double worst = 0;
  for (const double value : difference.to_vector<double>()) worst = std::max(worst, std::abs(value));
  return worst;
}

}  // namespace

TEST_CASE("MLM: the labelled rows' logits are those of the whole sequence") {
  const TinyModel tiny(tiny_config());
  const PretrainBatch batch = tiny_batch();
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
  const Tensor text = uniform({3, 6, 8}, -1, 1, RngKey{4}, {DType::f64, Device{}});
  const MlmLoss mlm = mlm_loss(tiny.model.heads, text, batch.mlm_labels, ctx);
  const Tensor all = tiny.model.heads.mlm->forward(text, ctx);
  CHECK(mlm.labels.to_vector<std::int64_t>() == std::vector<std::int64_t>{5, 9, 8});
  CHECK(mlm.loss.item() == doctest::Approx(cross_entropy(all, batch.mlm_labels).item()).epsilon(1e-14));
  CHECK(max_difference(mlm.logits, index_select(reshape(all, {18, 11}), 0, indices({1, 9, 13}))) < 1e-14);

  // Texts cut to the longest real one, labels not.
  const MlmLoss cut = mlm_loss(tiny.model.heads, slice(text, 1, 0, 5), batch.mlm_labels, ctx);
  CHECK(cut.labels.to_vector<std::int64_t>() == std::vector<std::int64_t>{5, 9, 8});
  CHECK(cut.loss.item() == doctest::Approx(mlm.loss.item()).epsilon(1e-14));

  const Tensor none = Tensor::full({3, 6}, -100, {DType::i64, Device{}});
  CHECK(mlm_loss(tiny.model.heads, text, none, ctx).loss.item() == 0);
  EXPECT_ERROR(mlm_loss(tiny.model.heads, slice(text, 1, 0, 1), batch.mlm_labels, ctx), value, "expected -100");
}

TEST_CASE("VTM: balanced labels, or each its own coin") {
  std::vector<int> matches(9, 0);
  std::int64_t drawn = 0;
  for (std::uint32_t call = 0; call < 200; ++call) {
    const auto labels = draw_vtm_labels(9, VtmNegatives::balanced, RngKey{1, 0, call}).to_vector<std::int64_t>();
    CHECK(std::accumulate(labels.begin(), labels.end(), std::int64_t{0}) == 4);
    for (std::size_t b = 0; b < 9; ++b) matches[b] += static_cast<int>(labels[b]);
    const auto coins = draw_vtm_labels(9, VtmNegatives::half, RngKey{1, 0, call}).to_vector<std::int64_t>();
    drawn += std::accumulate(coins.begin(), coins.end(), std::int64_t{0});
  }
  for (const int count : matches) CHECK(std::abs(count - 200 * 4 / 9) < 30);  // four standard deviations: 28
  CHECK(std::abs(drawn - 900) < 4 * 22);
  CHECK(draw_vtm_labels(1, VtmNegatives::balanced, RngKey{1}).item() == 0);  // as released: a negative
}

TEST_CASE("VTM: mixing tokens is mixing frames, with only the negatives embedded") {
  AioConfig config = tiny_config();
  config.patch_order = PatchOrder::raster;
  const TinyModel tiny(config);
  const PretrainBatch batch = tiny_batch();
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
  const Tensor negatives = select_negatives(batch.false_frames, batch.vtm_labels);
  CHECK(negatives.shape() == Shape{2, 3, 3, 16, 16});
  const VideoTokens own = tiny.model.embed_video(batch.frames, ctx);
  const VideoTokens mixed = mix_clips(own, tiny.model.embed_video(negatives, ctx), batch.vtm_labels);
  const VideoTokens expected =
      tiny.model.embed_video(mix_frames(batch.frames, batch.false_frames, batch.vtm_labels), ctx);
  CHECK(max_difference(mixed.tokens, expected.tokens) == 0);
  CHECK(max_difference(select(mixed.tokens, 0, 1), select(own.tokens, 0, 1)) == 0);
  EXPECT_ERROR(mix_clips(own, own, batch.vtm_labels), shape, "expected 3 and 2");

  PretrainBatch all_own = batch;
  all_own.vtm_labels = indices({1, 1, 1});
  CHECK(step(tiny, all_own).vtm->logits.shape() == Shape{3, 2});
}

TEST_CASE("WPA: matching pairs add, others subtract; left-out slots have no mass; nothing to align is no loss") {
  const TinyModel tiny(tiny_config());
  PretrainBatch batch = tiny_batch();
  const WpaLoss wpa = *step(tiny, batch).wpa;
  const std::vector<double> distance = wpa.distance.to_vector<double>();
  CHECK(wpa.loss.item() == doctest::Approx((distance[1] - distance[0] - distance[2]) / 3).epsilon(1e-12));
  CHECK(wpa.plan.shape() == Shape{3, 5, 6});
  const std::vector<double> plan = wpa.plan.to_vector<double>();
  for (std::size_t b = 0; b < 3; ++b) {
    const std::size_t last = b == 0 ? 3 : b == 1 ? 5 : 4;  // [SEP]
    double mass = 0;
    for (std::size_t n = 0; n < 5; ++n) {
      for (std::size_t i = 0; i < 6; ++i) {
        const double value = plan[(b * 5 + n) * 6 + i];
        if (n == 0 || i == 0 || i >= last) CHECK(value == 0);
        mass += value;
      }
    }
    CHECK(mass == doctest::Approx(1).epsilon(1e-6));  // a transport plan between two distributions
  }

  batch.text = {Tensor::from(std::vector<std::int64_t>{1, 2, 1, 2, 1, 2}, {3, 2}),
                Tensor::from(std::vector<std::int64_t>(6, 1), {3, 2})};
  PretrainOptions options;
  options.mlm = options.vtc = 0;
  CHECK(step(tiny, batch, options).wpa->loss.item() == 0);
}

TEST_CASE("WPA and contrastive: short vectors are divided by eps, not blown up") {
  const auto vector = [](double x) { return Tensor::from(std::vector<double>{x, 0}, {1, 1, 2}); };
  const Tensor labels = indices({1});
  const auto everything = [](std::int64_t n) { return cast(Tensor::zeros({1, n}), DType::u8); };
  const auto cost = [&](double word, double patch) {
    Encoded joint;
    joint.text = vector(word);
    joint.video = vector(patch);
    return wpa_loss(joint, {everything(1), everything(1)}, labels, {}).cost.item();
  };
  CHECK(cost(3, -2) == doctest::Approx(2));
  CHECK(cost(2e-6, 1) == doctest::Approx(1 - 0.2));  // eps 1e-5
  CHECK(cost(0, 1) == 1);

  AioConfig config = tiny_config();
  config.hidden_size = config.heads = 2;
  config.head = {.mlm = false, .vtm = false};
  config.shared_dim = 1;
  const TinyModel tiny(config);
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
  const Heads& heads = tiny.model.heads;
  const Tensor weight = heads.text_proj->weight;
  const double w = weight.data<double>()[0];
  const auto unit = [&](double x) { return project_text(heads, reshape(vector(x), {1, 2}), ctx).item(); };
  CHECK(unit(1) == doctest::Approx(w > 0 ? 1 : -1));
  CHECK(unit(4e-9 / w) == doctest::Approx(0.4));  // eps 1e-8
}

TEST_CASE("contrastive: gathered rows are further candidates; learned temperature starts at the fixed one") {
  AioConfig config = tiny_config();
  const TinyModel fixed(config);
  config.head.learned_temperature = true;
  const TinyModel learned(config);
  PretrainOptions options;
  options.mlm = options.vtm = options.wpa = 0;
  const double loss = step(fixed, tiny_batch(), options).total.item();
  CHECK(step(learned, tiny_batch(), options).total.item() == doctest::Approx(loss).epsilon(1e-12));

  // Rows orthogonal to all: each adds exp(0) to every denominator of the other modality.
  const ContrastiveLoss alone = *step(fixed, tiny_batch(), options).vtc;
  const auto direction = [](const Tensor& similarity, double others) {
    const std::vector<double> s = similarity.to_vector<double>();
    double total = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      double sum_exp = others;
      for (std::size_t j = 0; j < 3; ++j) sum_exp += std::exp(s[i * 3 + j] / 0.5);
      total += (std::log(sum_exp) - s[i * 3 + i] / 0.5) / 3;
    }
    return total;
  };
  options.gather = [](const Tensor& text, const Tensor& video) {
    CHECK_FALSE(requires_grad(text));
    CHECK_FALSE(requires_grad(video));
    return GatheredRows{Tensor::zeros({1, 5}, text.options()), Tensor::zeros({4, 5}, text.options())};
  };
  const double expected = direction(alone.similarity, 4) + direction(transpose(alone.similarity, 0, 1), 1);
  CHECK(step(fixed, tiny_batch(), options).total.item() == doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("MPP: a label follows its patch through shuffling and rolling") {
  for (const RollKind kind : {RollKind::roll, RollKind::random, RollKind::per_layer, RollKind::per_layer_reference,
                              RollKind::flatten, RollKind::none}) {
    CAPTURE(to_string(kind));
    AioConfig config = tiny_config();
    config.image_size = 32;
    config.layers = 4;
    config.roll.kind = kind;
    config.roll.proportion = 0.5;
    config.patch_order = PatchOrder::shuffled;
    const TinyModel tiny(config);
    nn::ForwardCtx ctx = nn::ForwardCtx::train(9, 0, DType::f64);
    const Tensor frames = uniform({2, 3, 3, 32, 32}, -1, 1, RngKey{41}, {DType::f64, Device{}});
    const VideoTokens video = tiny.model.embed_video(frames, ctx);
    // Labels that name their own place, 1 and up, and what rolling makes of them as numbers.
    std::vector<std::int64_t> labels(2 * 3 * 16 * 3);
    std::iota(labels.begin(), labels.end(), 1);
    const Tensor places = Tensor::from(labels, {2, 3, 16, 3});
    Tensor rows = select_rows(reshape(cast(places, DType::f64), {6, 16, 3}), video.patch_index);
    const bool flat = kind == RollKind::flatten;
    rows = reshape(rows, flat ? Shape{2, 1, 48, 3} : Shape{2, 3, 16, 3});
    rows = concat({Tensor::zeros({2, rows.dim(1), 1, 3}, rows.options()), rows}, 2);
    for (int layer = 0; layer < 4; ++layer) rows = roll_tokens(rows, rows.dim(2), layer, config.roll);
    const Tensor found = labels_by_token(config, video, places, /*rolled=*/!flat);
    std::vector<std::int64_t> expected;
    for (const double value : rows.to_vector<double>()) {
      expected.push_back(value == 0 ? -100 : static_cast<std::int64_t>(value));
    }
    CHECK(found.to_vector<std::int64_t>() == expected);
  }
  AioConfig config = tiny_config();
  config.roll.kind = RollKind::time_average;
  const VideoTokens averaged{Tensor::zeros({1, 1, 5, 8}), {}, {}};
  EXPECT_ERROR(labels_by_token(config, averaged, Tensor::zeros({1, 3, 4, 3}, {DType::i64, Device{}}), true), config,
               "time_average");
}

TEST_CASE("MPP: classes of mean colours, draws and their shares") {
  MppOptions options;
  Tensor frames = Tensor::full({1, 1, 3, 8, 8}, -1);
  for (std::int64_t i = 0; i < 64; ++i) frames.data<float>()[64 + i] = 0.5F;  // green: 0.75 of 255
  for (std::int64_t i = 0; i < 64; ++i) frames.data<float>()[128 + i] = 3;    // blue: beyond the range
  const Tensor yes = cast(Tensor::full({1, 1, 1}, 1), DType::u8), no = cast(Tensor::full({1, 1, 1}, 0), DType::u8);
  CHECK(mpp_targets(frames, 8, yes, no, options).labels.to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{0, 191, 255});
  CHECK(mpp_targets(frames, 8, no, yes, options).labels.to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{-100, -100, -100});
  CHECK(mpp_targets(frames, 8, no, yes, options).replaced.item() == 0);
  options.mean = {0.485, 0.456, 0.406};
  options.stddev = {0.229, 0.224, 0.225};
  CHECK(mpp_targets(frames, 8, yes, yes, options).labels.to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{65, 144, 255});

  const Tensor many = Tensor::zeros({4, 3, 3, 224, 224});
  const MppTargets drawn = draw_mpp_targets(many, 8, {}, RngKey{1, 0, 0}, RngKey{1, 0, 1});
  std::int64_t predicted = 0, replaced = 0;
  for (const std::int64_t label : drawn.labels.to_vector<std::int64_t>()) predicted += label >= 0;
  for (const std::uint8_t one : drawn.replaced.to_vector<std::uint8_t>()) replaced += one;
  predicted /= 3;
  const double patches = 4 * 3 * 28 * 28;
  CHECK(std::abs(static_cast<double>(predicted) / patches - 0.15) < 0.015);
  CHECK(std::abs(static_cast<double>(replaced) / static_cast<double>(predicted) - 0.8) < 0.04);
}

TEST_CASE("VCOP: orders are numbered as itertools.permutations lists them") {
  CHECK(order_labels(
            Tensor::from(std::vector<std::int64_t>{0, 1, 2, 0, 2, 1, 1, 0, 2, 1, 2, 0, 2, 0, 1, 2, 1, 0}, {6, 3}))
            .to_vector<std::int64_t>() == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
  EXPECT_ERROR(order_labels(Tensor::from(std::vector<std::int64_t>{0, 0, 2}, {1, 3})), value, "no permutation");
  std::vector<int> seen(6, 0);
  for (const std::int64_t label : order_labels(draw_clip_orders(600, 3, RngKey{6})).to_vector<std::int64_t>()) {
    ++seen[static_cast<std::size_t>(label)];
  }
  for (const int count : seen) CHECK(std::abs(count - 100) < 40);
}

TEST_CASE("pretrain: losses by name, weights, and what the batch or the model lacks") {
  const TinyModel tiny(tiny_config());
  const PretrainBatch batch = tiny_batch();
  PretrainOptions options;
  options.mpp = 0.25;
  options.vcop = 2;
  options.video_weight = 3;
  options.image_weight = 5;
  const PretrainOutput out = step(tiny, batch, options);
  std::string names;
  double total = 0;
  for (const NamedLoss& loss : out.losses) {
    names += std::string(loss.name) + " ";
    total += loss.weight * loss.value.item();
  }
  CHECK(names == "mlm vtm wpa vtc mpp vcop ");
  CHECK(out.total.item() == doctest::Approx(3 * total).epsilon(1e-12));

  PretrainBatch images = tiny_batch(DType::f64, 1);
  images.images = true;
  options = {};
  const double still = step(tiny, images, options).total.item();
  options.image_weight = 5;
  CHECK(step(tiny, images, options).total.item() == doctest::Approx(5 * still).epsilon(1e-12));
  options.naive_images = true;  // a video of one frame has a temporal embedding
  CHECK(step(tiny, images, options).total.item() != doctest::Approx(5 * still));

  PretrainBatch incomplete = batch;
  incomplete.false_frames = {};
  EXPECT_ERROR(step(tiny, incomplete), value, "lacks false_frames");
  PretrainOptions nothing;
  nothing.mlm = nothing.vtm = nothing.vtc = 0;
  EXPECT_ERROR(step(tiny, batch, nothing), config, "all weights are 0");
  AioConfig config = tiny_config();
  config.head.contrastive = false;
  EXPECT_ERROR(step(TinyModel(config), batch), config, "contrastive: the model has no head");
}

TEST_CASE("pretrain: still images neither roll nor tell frames apart") {
  const TinyModel tiny(tiny_config());
  PretrainBatch batch = tiny_batch();
  PretrainOptions options;
  options.vtm = 0;
  const auto turned = [&](bool images) {
    batch.images = images;
    const double before = step(tiny, batch, options).total.item();
    const Tensor frames = batch.frames;
    batch.frames = index_select(frames, 1, indices({1, 0, 2}));  // turning them in a circle changes nothing
    const double after = step(tiny, batch, options).total.item();
    batch.frames = frames;
    return std::abs(after - before);
  };
  CHECK(turned(true) < 1e-12);
  CHECK(turned(false) > 1e-6);
}

TEST_CASE("pretrain: images train their own heads where they have them") {
  AioConfig config = tiny_config();
  config.separate_image_heads = true;
  const TinyModel tiny(config);
  PretrainBatch batch = tiny_batch(DType::f64, 1);
  PretrainOptions options;
  options.mpp = 1;
  for (const bool images : {false, true}) {
    batch.images = images;
    for (const nn::Parameter& parameter : tiny.store.parameters()) set_grad(parameter.value, {});
    backward(step(tiny, batch, options).total);
    for (const char* name :
         {"mlm_score.bias", "itm_score.fc.bias", "txt_proj.weight", "vid_proj.weight", "mpp_score.decoder.bias"}) {
      CAPTURE(name);
      CHECK(grad(tiny.store.get(name).value).defined() == !images);
      CHECK(grad(tiny.store.get("image_heads." + std::string(name)).value).defined() == images);
    }
  }
}

TEST_CASE("pretrain: zero padding beside an image changes nothing") {
  const TinyModel tiny(tiny_config());
  PretrainBatch narrow = tiny_batch(DType::f64, 1), padded = narrow;
  narrow.images = padded.images = true;
  narrow.frames = contiguous(slice(narrow.frames, 4, 0, 8));
  narrow.false_frames = contiguous(slice(narrow.false_frames, 4, 0, 8));
  const Tensor nothing = Tensor::zeros(narrow.frames.shape(), narrow.frames.options());
  padded.frames = concat({narrow.frames, nothing}, 4);
  padded.false_frames = concat({narrow.false_frames, nothing}, 4);
  CHECK(step(tiny, padded).total.item() == doctest::Approx(step(tiny, narrow).total.item()).epsilon(1e-12));

  // Beside a full image, padding is tokens that nobody sees; a colour is not asked of them.
  nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
  const Tensor full = tiny_batch(DType::f64, 1).frames;
  const Tensor frames = concat({slice(full, 0, 0, 1), slice(padded.frames, 0, 1, 3)}, 0);
  const VideoTokens video = tiny.model.embed_video(frames, ctx, {.detect_padding = true});
  const Tensor all = cast(Tensor::full({3, 1, 4}, 1), DType::u8);
  const MppTargets targets = mpp_targets(frames, 8, all, all, {});
  const auto labels = labels_by_token(tiny.model.config, video, targets.labels, false).to_vector<std::int64_t>();
  for (std::size_t image = 0; image < 3; ++image) {
    for (std::size_t token = 0; token < 5; ++token) {
      const bool asked = token > 0 && (image == 0 || token < 3);
      CHECK((labels[(image * 5 + token) * 3] != -100) == asked);
    }
  }
}

TEST_CASE("pretrain: padding changes no loss, and neither does computing it") {
  const TinyModel tiny(tiny_config());
  PretrainBatch batch = tiny_batch();
  PretrainOptions options;
  const double total = step(tiny, batch, options).total.item();
  options.text.keep_padding = true;
  CHECK(step(tiny, batch, options).total.item() == doctest::Approx(total).epsilon(1e-12));
  std::vector<std::int64_t> values = batch.text.ids.to_vector<std::int64_t>();
  values[4] = values[17] = 9;
  batch.text.ids = Tensor::from(values, {3, 6});
  CHECK(step(tiny, batch, options).total.item() == doctest::Approx(total).epsilon(1e-12));
}

TEST_CASE("pretrain: training losses are the same bits for the same seed, others for another") {
  AioConfig config = tiny_config();
  config.dropout = 0.1;
  config.drop_path = 0.1;
  const TinyModel tiny(config, DType::f32);
  const PretrainBatch batch = tiny_batch(DType::f32);
  const auto total = [&](std::uint64_t seed) {
    nn::ForwardCtx ctx = nn::ForwardCtx::train(seed, 1);
    return pretrain(tiny.model, batch, {}, ctx).total.item();
  };
  CHECK(total(1) == total(1));
  CHECK(total(1) != total(2));
}

TEST_CASE("pretrain: differentiating pass by pass gives the same gradients") {
  const PretrainBatch batch = tiny_batch();
  PretrainOptions options;
  options.mpp = 0.5;
  options.vcop = 2;
  options.video_weight = 3;
  const auto gradients = [&](bool pass_by_pass) {
    AioConfig config = tiny_config();
    config.dropout = 0.1;
    const TinyModel tiny(config);
    nn::ForwardCtx ctx = nn::ForwardCtx::train(1, 1);
    ctx.compute = DType::f64;
    options.differentiate = pass_by_pass;
    const PretrainOutput out = pretrain(tiny.model, batch, options, ctx);
    CHECK(requires_grad(out.total) != pass_by_pass);
    if (!pass_by_pass) backward(out.total);
    std::vector<std::vector<double>> values{{out.total.item()}};
    for (const nn::Parameter& parameter : tiny.store.parameters()) {
      const Tensor gradient = grad(parameter.value);
      values.push_back(gradient.defined() ? gradient.to_vector<double>() : std::vector<double>{});
    }
    return values;
  };
  const auto whole = gradients(false), parts = gradients(true);
  REQUIRE(whole.size() == parts.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    REQUIRE(whole[i].size() == parts[i].size());
    for (std::size_t k = 0; k < whole[i].size(); ++k) {
      CHECK(parts[i][k] == doctest::Approx(whole[i][k]).epsilon(1e-10));  // sums in another order
    }
  }
}

TEST_CASE("pretrain: bf16 stays near f32") {
  const TinyModel tiny(tiny_config(), DType::f32);
  const auto losses = [&](DType compute) {
    nn::ForwardCtx ctx = nn::ForwardCtx::eval(compute);
    PretrainOptions options;
    options.mpp = options.vcop = 1;
    return pretrain(tiny.model, tiny_batch(DType::f32), options, ctx);
  };
  const PretrainOutput coarse = losses(DType::bf16), fine = losses(DType::f32);
  for (std::size_t i = 0; i < fine.losses.size(); ++i) {
    CAPTURE(std::string(fine.losses[i].name));
    CHECK(coarse.losses[i].value.item() == doctest::Approx(fine.losses[i].value.item()).epsilon(0.03));
  }
}
