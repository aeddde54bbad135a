#pragma once
// Learner: a model, its task and its optimizer: everything that one update needs but the batches.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/common/replayed_pass.h"
#include "apps/trainer/feed.h"
#include "apps/trainer/run_checkpoint.h"
#include "apps/trainer/train_config.h"
#include "apps/trainer/train_task.h"
#include "models/all_in_one.h"
#include "models/checkpoint/load.h"
#include "nn/optim/ema.h"
#include "nn/optim/grad_norm.h"
#include "nn/optim/optimizer.h"

namespace aio::apps {

struct StepResult {
  bool finite = false;  ///< else nothing was updated
  double loss = 0;      ///< what was differentiated, averaged over train.accumulate
  Averages averages;    ///< losses and accuracies of the batches
  nn::GradNorm norm;
  std::vector<std::string> ids;  ///< samples that were in it
};

class Learner {
 public:
  enum class Start { fresh, from_state };
  /// Builds the model on `device`, loads model.init, freezes what train.freeze says. Where load_from() follows, nothing
  /// is drawn at random. `config` outlives it. Throws Error{config}, Exit with kWeights for a checkpoint that does not
  /// fit.
  Learner(const TrainConfig& config, Device device, std::int64_t vocab_size, std::int64_t labels,
          Start start = Start::fresh);
  Learner(const Learner&) = delete;
  Learner& operator=(const Learner&) = delete;

  /// Update number `step` (from 0) with learning rate `lr`: forward and backward of train.accumulate batches, gradient
  /// norm, clipping, optimizer, average. A loss or gradient that is not finite changes nothing.
  StepResult step(BatchSource& batches, std::int64_t step, double lr);
  /// Runs the passes of `step` under AnomalyMode, on its batches; what it says about the first op that is not finite.
  std::string first_bad_op(BatchSource& batches, std::int64_t step);
  /// Trainable parameters that the last step() gave no gradient.
  std::vector<std::string> without_gradient() const;

  /// Of run.cuda_graph; null where it is off.
  const ReplayedPass* replayed() const { return replayed_.get(); }
  const models::AllInOne& model() const { return model_; }
  const nn::ParamStore& parameters() const { return store_; }
  Device device() const { return store_.options().device; }
  const TrainTask& task() const { return *task_; }
  /// Of model.init.
  const std::optional<weights::LoadSummary>& loaded() const { return loaded_; }
  DType dtype() const { return parse_dtype(config_.run.dtype); }

  /// While alive, the model has the weights that are evaluated and saved at the end: averages if train.ema asks for
  /// them.
  class FinalWeights {
   public:
    explicit FinalWeights(Learner& learner);

   private:
    std::optional<nn::EmaScope> averaged_;
  };

  /// Views of weights and of all that the optimizer remembers.
  void save_to(RunState& state) const;
  /// Throws Error{format|...} for a state of another model; then nothing has changed.
  void load_from(const RunState& state);

 private:
  void initialise(Start start);
  /// The losses of the step's batches, without history.
  std::vector<Tensor> forward_backward(BatchSource& batches, std::int64_t step, StepResult& result);
  /// The same of a step's only batch, by a replay if there is a recording that fits.
  Tensor replayed_pass(const Batch& batch, std::int64_t step, Averages& averages);
  nn::ForwardCtx context(std::int64_t step) const;

  const TrainConfig& config_;
  nn::ParamStore store_;
  models::AllInOne model_;
  std::unique_ptr<TrainTask> task_;
  std::optional<weights::LoadSummary> loaded_;
  std::unique_ptr<nn::FlatParams> params_;
  std::unique_ptr<nn::Optimizer> optimizer_;
  std::unique_ptr<nn::Ema> ema_;

  /// What a pass leaves behind, beside the gradients.
  struct Passed {
    Tensor loss;
    Averages averages;
    std::vector<bool> touched;
  };
  std::unique_ptr<ReplayedPass> replayed_;
  Passed recorded_;  // by the recording of replayed_
};

}  // namespace aio::apps
