#pragma once
// What a golden set's keys stand for: every output and every loss of the reference, computed by this project.

#include <map>
#include <string>

#include "apps/model/golden_set.h"
#include "models/all_in_one.h"
#include "models/objectives/objective.h"
#include "models/objectives/pretrain.h"

namespace aio::apps {

/// The outputs of one part of a set. Passes run when one of their outputs is first asked for. The forward outputs
/// compute padding as the reference does; the losses take the way that training takes.
class GoldenOutputs {
 public:
  GoldenOutputs(const models::AllInOne& model, const GoldenSet& set, const GoldenPart& part);

  /// By the reference's name without prefix ("text_feats", "mlm_loss", ...); undefined: such a name is not known.
  /// Throws Error where the inputs do not allow it.
  Tensor output(const std::string& name);
  /// A loss with history ("mlm_loss", "total_loss", ..., "aux"), a graph of its own each time; undefined: not known.
  Tensor loss(const std::string& name) const;

 private:
  void joint_pass();
  void mlm_pass();
  void vtm_pass();
  void contrastive_passes();
  void mpp_pass();
  void vcop_pass();
  void task_scores(const std::string& name);

  const Tensor& in(const std::string& name) const;
  bool has_out(const std::string& name) const { return set_.has(part_.prefix + "out." + name); }
  models::VideoOptions video_options() const;
  models::EncodeOptions encode_options() const;
  models::InputOptions input_options() const;
  models::PretrainBatch pretrain_batch() const;
  Tensor pretrain_loss(const std::string& name) const;
  Tensor task_loss(const std::string& name) const;
  models::Scored task(const std::string& name) const;

  models::TextTokens text(const Tensor& ids);
  models::MppTargets mpp_targets() const;
  void put(const std::string& name, const Tensor& value) { done_[name] = value; }

  using Pass = void (GoldenOutputs::*)();
  static Pass pass_of(const std::string& name);

  const models::AllInOne& model_;
  const GoldenSet& set_;
  GoldenPart part_;
  std::map<std::string, Tensor> done_;
};

}  // namespace aio::apps
