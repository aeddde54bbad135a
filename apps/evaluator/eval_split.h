#pragma once
// What an evaluation reads and how: a split, as batches of the same samples in one or several views.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/loader.h"
#include "data/wordpiece.h"
#include "tensor/dtype.h"

namespace aio::apps {

/// A split and all that it takes to read it. The tokenizer, and what `decode` refers to, outlive its use.
struct EvalSplit {
  std::vector<Manifest> manifests;  ///< read as one
  const WordPiece* tokenizer = nullptr;
  DecodeFunction decode;
  LoaderOptions loader;

  const DatasetInfo& info() const { return manifests.front().info(); }
  std::int64_t size() const;
  /// A line of it; one that is no sample has only an id, its place in the file, and no media.
  Sample sample(std::int64_t row) const;
  /// Throws Error{value} "TASK: the data set NAME is for ..., expected ..." unless its task is one of `tasks`.
  void expect_task(const char* task, const std::vector<Task>& tasks) const;
};

/// What all evaluations are asked for; each reads the part that it has a use for.
struct EvalOptions {
  /// Several: each with other random frames, and scores are averaged. One: uniform frames, the test protocol.
  std::int64_t views = 1;
  DType compute = DType::f32;
  bool blind = false;  ///< questions: the text alone, what a model knows without looking
  /// Choice: by the VTM head of pre-training even if there is a fine-tuned one.
  bool zero_shot = false;

  // Captions.
  std::int64_t beams = 1;       ///< 1: greedy
  std::int64_t max_words = 20;  ///< word pieces
  std::string meteor_jar;       ///< METEOR by its authors' program; without one METEOR_exact, which is another metric

  // Retrieval.
  bool bvtc = true;                  ///< by contrastive similarity, if the model has the heads
  bool vtm = true;                   ///< by match score of all pairs, likewise
  std::vector<std::int64_t> rerank;  ///< the best so many by BVTC in the order of VTM, for each of these numbers
  bool dual_softmax = false;         ///< similarities weighed by both softmaxes, which knows all queries
  bool paragraph = false;            ///< the captions of a video are one text
  std::int64_t pairs_at_once = 64;   ///< in one joint pass

  /// Called with samples (or pairs) done and all there are.
  std::function<void(std::int64_t done, std::int64_t all)> progress;
};

/// The split's samples in order.
class ViewReader {
 public:
  /// Views options.view, options.view + 1, ... of the split.
  ViewReader(const EvalSplit& split, std::int64_t views, LoaderOptions options);

  /// The next samples, a batch for each view; empty at the end. Throws TooManyBadSamples.
  std::vector<Batch> next();
  /// The sample in row `row` of Batch::rows.
  Sample sample(std::int64_t row) const { return split_.sample(row); }

 private:
  std::vector<std::unique_ptr<Loader>> loaders_;
  const EvalSplit& split_;
};

/// A sample in all views was read.
bool readable(const std::vector<Batch>& views, std::size_t i);

}  // namespace aio::apps
