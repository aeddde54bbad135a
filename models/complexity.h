#pragma once
// What a model costs before it is built: parameters, multiply-adds, memory. All by formula, so that the largest model
// is counted without a gigabyte of weights; tests hold the formulas to real models.

#include <cstdint>
#include <string>
#include <vector>

#include "models/aio_config.h"

namespace aio::models {

struct ModuleParameters {
  std::string name;  ///< first part of the parameters' names: "transformer", "mlm_score", ...
  std::int64_t count = 0;
};
/// In the order in which AllInOne makes them.
std::vector<ModuleParameters> count_parameters(const AioConfig& config);
/// Sum of all.
std::int64_t total_parameters(const AioConfig& config);
/// The decoder matrix of the MLM head, vocabulary x C: the paper's sizes (12 M, 33 M, 110 M) leave it out. 0 without
/// it.
std::int64_t mlm_decoder_parameters(const AioConfig& config);

/// A pass over the backbone for one video, at the image size of the configuration.
struct PassSize {
  std::int64_t frames = 3;  ///< 0: a text alone
  std::int64_t text = 40;   ///< tokens; 0: the video alone
};

/// Multiply-adds, each counted once (in FLOPs: twice). Norms, softmax, GELU and sums are not counted.
/// count_macs() and activation_memory() throw Error{config} where a count leaves 64 bits.
struct Macs {
  std::int64_t patches = 0;    ///< the patch projection
  std::int64_t linear = 0;     ///< the blocks' linear layers
  std::int64_t attention = 0;  ///< q k^T and the product with v
  std::int64_t pooler = 0;     ///< one token
  std::int64_t total() const { return patches + linear + attention + pooler; }
};
Macs count_macs(const AioConfig& config, const PassSize& pass);
/// The MLM head on every one of `text` tokens.
std::int64_t mlm_head_macs(const AioConfig& config, std::int64_t text);

/// Memory of a forward and backward pass in f32 on a CPU, besides parameters, gradients and optimizer.
struct ActivationMemory {
  /// What the blocks keep for backward: of each, per token, its input, both norms' outputs, q, k, v, attention's
  /// result, the sum between (C each), the MLP before GELU and, unless it is made again (ops::mlp_keeps_hidden()),
  /// after it; where config.recompute, the inputs alone.
  std::int64_t kept = 0;
  /// The most that comes on top while one block is differentiated: gradients and, with recompute, what that block
  /// keeps.
  std::int64_t transient = 0;
  std::int64_t total() const { return kept + transient; }
};
ActivationMemory activation_memory(const AioConfig& config, const PassSize& pass, std::int64_t batch);

}  // namespace aio::models
