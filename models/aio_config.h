#pragma once
// AioConfig: the shape of an All-in-one model. Defaults are the reference's All-in-one-B on video.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/token_rolling.h"

namespace aio::models {

/// How the video tokens of a frame are ordered, which decides what rolling exchanges.
enum class PatchOrder {
  raster,   ///< row by row; the paper's description
  shuffled  ///< a fresh random order for each frame and pass, what the released code does
};

/// The heads a model has. A count of 0 means "no such head".
struct HeadsConfig {
  bool mlm = true;                   ///< mlm_score
  bool vtm = true;                   ///< itm_score
  bool contrastive = true;           ///< txt_proj, vid_proj
  bool mpp = false;                  ///< mpp_score: masked patch prediction
  bool vcop = false;                 ///< vcop_classifier: clip order prediction
  bool rank = false;                 ///< rank_output: retrieval and multiple choice by match score
  bool rank_2 = false;               ///< rank_output_2: VCR's second question
  bool choice_qa = false;            ///< mc_vqa_classifier: multiple-choice QA
  bool nlvr2 = false;                ///< nlvr2_classifier, and a third row of token_type_embeddings
  bool caption = false;              ///< lm_score: the light language-model head
  std::int64_t qa_labels = 0;        ///< vqa_classifier of open-ended QA and action recognition
  std::int64_t vqav2_labels = 0;     ///< vqa_classifier of VQAv2; excludes qa_labels, which has the same name
  std::int64_t probe_labels = 0;     ///< linear_probe: one linear layer
  bool learned_temperature = false;  ///< of the contrastive loss; else fixed at AioConfig::temperature
};

struct AioConfig {
  std::string name = "b";

  std::int64_t hidden_size = 768;
  int heads = 12;
  int layers = 12;
  double mlp_ratio = 4;
  std::int64_t image_size = 224;  ///< of the position table; other sizes interpolate it
  std::int64_t patch_size = 16;
  std::int64_t frames = 3;  ///< of the temporal table
  bool distilled = false;   ///< DeiT's second prefix token; such models have no temporal embedding
  std::int64_t vocab_size = 30522;
  std::int64_t max_text_len = 40;
  std::int64_t shared_dim = 512;  ///< of the contrastive space
  HeadsConfig head;
  bool separate_image_heads = false;  ///< co-training: images have their own heads, under "image_heads."

  RollConfig roll;
  PatchOrder patch_order = PatchOrder::raster;
  std::uint64_t shuffle_seed = 0;

  double dropout = 0.1;
  double drop_path = 0.1;  ///< of the last block; the first has 0
  double temperature = 0.05;
  /// WPA leaves out visual token 1. The reference does so whenever the backbone's name contains "deit", whether or not
  /// that token is the distillation token.
  bool wpa_masks_second_visual_token = false;
  bool recompute = false;  ///< keep only the blocks' inputs for backward

  double init_std = 0.02;
  double temporal_init_std = 0;  ///< 0: zeros, as the reference
  double sincos_positions = 0;   ///< > 0: the position table starts as this times a 2-D sine-cosine pattern

  std::int64_t grid() const { return image_size / patch_size; }
  std::int64_t patches() const { return grid() * grid(); }
  /// Tokens before the patches: class token and, if distilled, distillation token.
  std::int64_t prefix_tokens() const { return distilled ? 2 : 1; }
  std::int64_t visual_tokens() const { return prefix_tokens() + patches(); }

  /// Throws Error{config} that names the field, its value and what it must be.
  void validate() const;
};

/// "ti", "s", "b" (12 layers), "micro" (128 wide, 4 layers, 96 px), "demo" (64 wide, 4 layers, 48 px; the embedded
/// set). Throws Error{config} with the names there are.
AioConfig config_for_size(std::string_view size);
/// The names config_for_size knows.
std::vector<std::string> model_sizes();

}  // namespace aio::models
