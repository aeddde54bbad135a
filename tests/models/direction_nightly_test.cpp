// Does rolling carry information through time? Which way a cyclic motion runs cannot be told from the frames one by
// one, nor from their mean. A model without rolling answers by chance, one that rolls answers all.
//
// Measured (demo size, 64 clips a step, seed 0; 600 fresh clips, chance 0.5; CPU seconds of one core):
//   roll          3 frames   1.000 after 300 steps   17 s
//   flatten       3 frames   1.000 after 350 steps   15 s
//   time_average  3 frames   0.482 after 200 steps
//   none          3 frames   0.470 after 400 steps
//   roll          1 frame    0.527 after 150 steps

#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "data/synthetic/direction_lab.h"
#include "models/objectives/qa.h"
#include "nn/optim/adamw.h"
#include "nn/optim/grad_norm.h"

using namespace aio;
using namespace aio::models;

namespace {

constexpr int kClips = 64;

AioConfig lab_config(RollKind kind, std::int64_t frames) {
  AioConfig config = config_for_size("demo");
  config.image_size = synthetic::kLabSide;
  config.patch_size = synthetic::kLabPatch;
  config.frames = frames;
  config.vocab_size = synthetic::kLabVocabulary;
  config.max_text_len = synthetic::kLabTextLength;
  config.head = {.mlm = false, .vtm = false, .contrastive = false, .qa_labels = synthetic::kLabAnswers};
  config.roll.kind = kind;
  return config;
}

QaBatch lab_batch(int clips, std::int64_t frames, RngKey key) {
  const synthetic::LabBatch drawn = synthetic::draw_lab_batch(clips, static_cast<int>(frames), key);
  return {drawn.frames, {drawn.ids, Tensor::full(drawn.ids.shape(), 1, {DType::i64, {}})}, drawn.answers};
}

double accuracy(const AllInOne& model, std::int64_t frames) {
  const NoGrad no_grad;
  const QaBatch batch = lab_batch(600, frames, {1234});
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const auto answers = argmax(open_ended_qa(model, batch, ctx).scores).to_vector<std::int64_t>();
  const auto expected = batch.labels.to_vector<std::int64_t>();
  int right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) right += answers[i] == expected[i];
  return right / 600.0;
}

/// Trains until the mean loss of 50 steps falls below 0.03, at most `max_steps`; the accuracy on fresh clips.
double train(RollKind kind, std::uint32_t max_steps, std::int64_t frames = 3, std::uint64_t seed = 0) {
  nn::ParamStore store(seed);
  const AllInOne model(store, lab_config(kind, frames));
  nn::FlatParams params(store);
  nn::AdamW optimizer(params, nn::ParamGroups::reference(0.01, 1));
  double recent = 0;
  std::uint32_t step = 0;
  while (step < max_steps) {
    // Evaluation mode: the classifier's dropout of 0.5 only slows this down.
    nn::ForwardCtx ctx = nn::ForwardCtx::eval();
    const QaBatch batch = lab_batch(kClips, frames, {seed, step, 0});
    params.zero_grad();
    const Tensor loss = open_ended_qa(model, batch, ctx).loss;
    backward(loss);
    optimizer.step(1e-3 * std::min(1.0, (step + 1) / 50.0), nn::grad_norm(params, 1).grad_scale);
    recent += loss.item() / 50;
    if (++step % 50 != 0) continue;
    if (recent < 0.03) break;
    recent = 0;
  }
  const double result = accuracy(model, frames);
  MESSAGE(to_string(kind), ", ", frames, " frames, seed ", seed, ": accuracy ", result, " after ", step, " steps");
  return result;
}

}  // namespace

TEST_CASE("direction: token rolling sees it") { CHECK(train(RollKind::roll, 600) >= 0.95); }

TEST_CASE("direction: attention over all frames sees it") { CHECK(train(RollKind::flatten, 600) >= 0.95); }

TEST_CASE("direction: the mean over time does not") {
  const double result = train(RollKind::time_average, 200);
  CHECK(result >= 0.40);
  CHECK(result <= 0.60);
}

TEST_CASE("direction: frames by themselves do not") { CHECK(train(RollKind::none, 400) <= 0.65); }

TEST_CASE("direction: one frame does not have it") {
  const double result = train(RollKind::roll, 150, 1);
  CHECK(result >= 0.40);
  CHECK(result <= 0.60);
}
