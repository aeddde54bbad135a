// Which parameters decay and which learn faster.

#include "nn/optim/param_groups.h"

#include <doctest/doctest.h>

using namespace aio::nn;

TEST_CASE("param_groups: the reference's substrings and their consequences") {
  const ParamGroups groups = ParamGroups::reference(0.01, 10);
  const auto decays = [&](const char* name) { return groups.of(name).weight_decay == 0.01; };
  for (const char* name :
       {"transformer.pos_embed", "transformer.cls_token", "transformer.temporal_embed", "token_type_embeddings.weight",
        "text_embeddings.word_embeddings.weight", "transformer.patch_embed.proj.weight", "vqa_classifier.2.weight",
        "mc_vqa_classifier.2.weight", "transformer.blocks.0.attn.qkv.weight", "x.norm2_scale"}) {
    CAPTURE(name);
    CHECK(decays(name));
  }
  for (const char* name : {"transformer.blocks.0.norm1.weight", "transformer.blocks.0.norm2.bias", "mlm_score.bias",
                           "transformer.norm.weight", "text_embeddings.LayerNorm.weight", "x.pre_norm.weight"}) {
    CAPTURE(name);
    CHECK_FALSE(decays(name));
  }
  for (const char* name : {"vqa_classifier.0.weight", "mc_vqa_classifier.0.bias", "nlvr2_classifier.3.weight"}) {
    CAPTURE(name);
    CHECK(groups.of(name).lr_multiplier == 10);
  }
  for (const char* name : {"itm_score.fc.weight", "rank_output.weight", "vcop_classifier.weight"}) {
    CAPTURE(name);
    CHECK(groups.of(name).lr_multiplier == 1);
  }
}
