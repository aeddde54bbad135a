#pragma once
// aio_bench train|infer: whole steps of the model, the same as torch_step_peer.py's, with the same keys in the JSON.

#include <string>

#include "tensor/dtype.h"

namespace aio::bench {

struct StepOptions {
  std::string size = "b";
  std::int64_t batch = 4;
  std::int64_t frames = 3;
  std::int64_t image = 224;
  std::int64_t patch = 16;
  std::int64_t text = 40;   ///< positions of a caption
  std::int64_t words = 14;  ///< real tokens among them
  std::int64_t vocab = 30522;
  std::string dtype = "f32";
  std::string device = "cpu";
  std::string gemm = "auto";  ///< provider
  double dropout = 0.1;
  int threads = 0;
  int steps = 6;
  int warmup = 2;
  bool vtm = true;  ///< the pass of video-text matching
  bool vtc = false;
  bool values = true;  ///< parameters and pixels are drawn; else they have memory alone
  bool graph = false;  ///< replay a recording of the step: a GPU
  bool peak = true;    ///< measure the best product beside it
  bool json = false;

  DType compute() const { return parse_dtype(dtype); }
};

/// One pre-training step = MLM pass (masked text, own video), with `vtm` VTM pass (text, half of the videos replaced)
/// and, with `vtc`, the two unimodal passes; forward, backward, one AdamW update of all parameters. No clipping, no
/// word-patch alignment, no drop path.
void run_train(const StepOptions& options);
/// The joint pass alone, nothing recorded.
void run_infer(const StepOptions& options);

}  // namespace aio::bench
