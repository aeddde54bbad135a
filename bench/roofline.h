#pragma once
// aio_bench roofline: how long a step would take on a GPU, from the bytes and FLOPs of the kernels it launches.

#include <string>

#include "bench/step.h"

namespace aio::bench {

struct RooflineOptions {
  StepOptions step;  ///< dtype, device and values are set here
  std::string mode = "train";
  std::string device_model = "h100";
  int rows = 24;  ///< of the printed table; JSON has all
};

/// Runs the step on the counting device (roofline/counting_backend.h) and prints what each kernel is bound by, the
/// step's time and which goals that reaches. One step is one joint pass of text and video: train: its masked-language
/// loss, backward and one AdamW update, with step.vtm the second pass of aio_bench train; infer: the pass alone.
void run_roofline(RooflineOptions options);

}  // namespace aio::bench
