// Every fine-tuning loss, differentiated through the whole model with dropout and drop path on, against central
// differences in f64.

#include <doctest/doctest.h>

#include <string>

#include "models/objectives/caption.h"
#include "models/objectives/classify.h"
#include "models/objectives/count.h"
#include "models/objectives/image_text.h"
#include "models/objectives/multiple_choice.h"
#include "models/objectives/qa.h"
#include "models/objectives/retrieval.h"
#include "tests/models/tiny_model.h"

using namespace aio;
using namespace aio::models;
using namespace aio::test;

namespace {

using Loss = std::function<Tensor(const AllInOne& model, nn::ForwardCtx& ctx)>;

AioConfig with_heads(const HeadsConfig& heads) {
  AioConfig config = tiny_config();
  config.head = heads;
  config.roll.proportion = 0.4;  // of 5 tokens one each way
  config.dropout = 0.2;
  config.drop_path = 0.3;
  return config;
}
HeadsConfig only(HeadsConfig heads) {
  heads.mlm = heads.contrastive = false;
  return heads;
}

/// `unused`: the names of the parameters that the loss does not reach, each with a blank after it.
void check_objective(const AioConfig& config, const Loss& loss, const std::string& unused = {}) {
  TinyModel tiny(config);
  randomize(tiny.store, 0.3);
  for (const bool training : {true, false}) {
    const ParamGradcheck result = gradcheck_parameters(tiny.store, [&] {
      nn::ForwardCtx ctx = nn::ForwardCtx::eval(DType::f64);
      if (training) ctx = nn::ForwardCtx::train(9, 0, DType::f64);
      return loss(tiny.model, ctx);
    });
    INFO(result.worst);
    CHECK(result.max_rel_error < 1e-7);  // observed: at most 1.2e-8
    std::string without;
    for (const std::string& name : result.without_gradient) {
      // A bias common to all options does not change their softmax: its gradient is zero, or rounding.
      if (name != "rank_output.bias" && name != "itm_score.fc.bias") without += name + " ";
    }
    CHECK(without == unused);
  }
}

/// Two clips of the given number of frames.
Tensor clips(std::int64_t frames, std::uint32_t call = 0) {
  return normal({2, frames, 3, 16, 16}, 0, 1, {42, 0, call}, {DType::f64, {}});
}

const QaBatch kQa{clips(2), tiny_text({3, 5}, 6), indices({1, 4})};
const ChoiceBatch kChoice{clips(2), tiny_options({2, 4, 3, 3, 2, 2}, 3, 4), indices({2, 0})};

}  // namespace

TEST_CASE("gradients: open-ended QA") {
  check_objective(with_heads(only({.vtm = false, .qa_labels = 5})),
                  [](const AllInOne& model, nn::ForwardCtx& ctx) { return open_ended_qa(model, kQa, ctx).loss; });
}

TEST_CASE("gradients: counting, one count unknown") {
  const QaBatch batch{kQa.frames, kQa.text, indices({7, -100})};
  check_objective(with_heads(only({.vtm = false, .qa_labels = 1})),
                  [&](const AllInOne& model, nn::ForwardCtx& ctx) { return count_regression(model, batch, ctx).loss; });
}

TEST_CASE("gradients: multiple-choice QA") {
  check_objective(with_heads(only({.vtm = false, .choice_qa = true})), [](const AllInOne& model, nn::ForwardCtx& ctx) {
    return multiple_choice_qa(model, kChoice, ctx).loss;
  });
}

TEST_CASE("gradients: multiple choice and retrieval by rank_output") {
  // A bias common to all options does not change their softmax: its gradient is rounding.
  const HeadsConfig heads = only({.rank = true});
  check_objective(
      with_heads(heads),
      [](const AllInOne& model, nn::ForwardCtx& ctx) {
        return multiple_choice(model, kChoice, ctx).loss + retrieval(model, kChoice, ctx).loss;
      },
      "itm_score.fc.weight ");
}

TEST_CASE("gradients: multiple choice by the VTM head") {
  check_objective(with_heads(only({})), [](const AllInOne& model, nn::ForwardCtx& ctx) {
    return multiple_choice(model, kChoice, ctx, MatchHead::vtm).loss;
  });
}

TEST_CASE("gradients: linear probe, with and without a prompt") {
  check_objective(with_heads(only({.vtm = false, .probe_labels = 5})), [](const AllInOne& model, nn::ForwardCtx& ctx) {
    return linear_probe(model, kQa, ctx).loss + linear_probe(model, {kQa.frames, {}, kQa.labels}, ctx).loss;
  });
}

TEST_CASE("gradients: VQAv2") {
  const Tensor targets = uniform({2, 3}, 0, 1, {44}, {DType::f64, {}});
  const VqaV2Batch batch{clips(1), kQa.text, targets};
  check_objective(
      with_heads(only({.vtm = false, .vqav2_labels = 3})),
      [&](const AllInOne& model, nn::ForwardCtx& ctx) { return vqav2(model, batch, ctx).loss; },
      "transformer.temporal_embed ");
}

TEST_CASE("gradients: NLVR2") {
  const Nlvr2Batch batch{clips(1), clips(1, 1), kQa.text, indices({1, 0})};
  check_objective(
      with_heads(only({.vtm = false, .nlvr2 = true})),
      [&](const AllInOne& model, nn::ForwardCtx& ctx) { return nlvr2(model, batch, ctx).loss; },
      "transformer.temporal_embed ");
}

TEST_CASE("gradients: VCR") {
  const VcrBatch batch{kChoice.frames, kChoice.options, kChoice.answer, tiny_options({3, 2, 1, 4}, 2, 5),
                       indices({1, 0})};
  check_objective(with_heads(only({.vtm = false, .rank = true, .rank_2 = true})),
                  [&](const AllInOne& model, nn::ForwardCtx& ctx) { return vcr(model, batch, ctx, {}).loss; });
}

TEST_CASE("gradients: captioning") {
  const CaptionBatch batch{kQa.frames, kQa.text,
                           Tensor::from(std::vector<std::int64_t>{-100, 4, -100, -100, -100, -100,  //
                                                                  -100, -100, 2, 9, -100, -100},
                                        {2, 6})};
  check_objective(
      with_heads(only({.vtm = false, .caption = true})),
      [&](const AllInOne& model, nn::ForwardCtx& ctx) { return captioning(model, batch, ctx).loss; },
      "pooler.dense.weight pooler.dense.bias ");
}
