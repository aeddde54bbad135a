#pragma once
// Examples: a few lines of predictions.jsonl, and the frames that belong to them.

#include <cstddef>
#include <string>
#include <vector>

#include "apps/report/records.h"
#include "tensor/tensor.h"

namespace aio::report {

/// A line of predictions.jsonl, for people.
struct Example {
  enum class Verdict { unknown, right, wrong };
  struct Line {
    std::string key, value;
    Verdict verdict = Verdict::unknown;
  };
  std::string id;
  std::vector<Line> lines;
  Verdict verdict = Verdict::unknown;
  Tensor frames;  ///< u8 [n, H, W, 3]; undefined where there are none to show
};

/// Reads one line. Options are shown with marks on what was predicted and what is right; lists of scores are left out.
/// Throws Error{format} "where: ...".
Example parse_example(const std::string& line, const std::string& where);

/// About `count` lines of the file, evenly spread, and among them wrong ones if there are any: a third of `count` at
/// most, evenly spread as well. The file is read line by line. Throws Error{io|format}.
std::vector<Example> choose_examples(const std::string& predictions, std::size_t count);

/// Fills in the frames: `evaluation.frames` of each clip, as evaluation samples them, no side longer than 128 pixels.
/// Without the data set, or with clips that cannot be read, examples stay without frames.
void add_frames(const Evaluation& evaluation, std::vector<Example>& examples);

}  // namespace aio::report
