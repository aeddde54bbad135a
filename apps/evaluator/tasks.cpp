#include "apps/evaluator/tasks.h"

#include "apps/evaluator/action.h"
#include "apps/evaluator/caption.h"
#include "apps/evaluator/choice.h"
#include "apps/evaluator/image_text.h"
#include "apps/evaluator/pretrain.h"
#include "apps/evaluator/qa.h"
#include "apps/evaluator/retrieval.h"
#include "tensor/error.h"

namespace aio::apps {

const std::vector<EvalTask>& eval_tasks() {
  static const std::vector<EvalTask> tasks = {
      {"retrieval", "find the video of a text and the text of a video: BVTC, VTM score, re-ranking", false,
       evaluate_retrieval},
      {"qa", "open-ended questions: one of a list of answers", false, evaluate_qa},
      {"mc-qa", "questions with a few answers to choose from", false, evaluate_mc_qa},
      {"choice", "which of several texts belongs to the video, fine-tuned or zero-shot", false, evaluate_choice},
      {"action", "action recognition: by the model's head, or a probe trained on the spot", false, evaluate_action},
      {"caption", "write a caption: greedily or by beam search; BLEU, ROUGE-L, CIDEr", false, evaluate_caption},
      {"image-text", "VQAv2, NLVR2, VCR, image retrieval: by the data set's task", true, evaluate_image_text},
      {"pretrain", "masked words and matching, with hard negatives where the data set has them", false,
       evaluate_pretrain},
  };
  return tasks;
}

const EvalTask& eval_task(std::string_view name) {
  std::string names;
  for (const EvalTask& task : eval_tasks()) {
    if (task.name == name) return task;
    names.append(names.empty() ? "" : ", ").append(task.name);
  }
  fail(ErrorCode::config, "evaluation: no task \"", name, "\"; there are ", names);
}

}  // namespace aio::apps
