#pragma once
// What pictures are made of: a model, a video as the model sees it, and a sentence.

#include <memory>
#include <string>
#include <vector>

#include "apps/model/model_file.h"
#include "apps/visualizer/words.h"
#include "data/wordpiece.h"

namespace CLI {
class App;
}

namespace aio::apps {

struct SubjectOptions {
  ModelFileOptions model;
  std::string video, text, vocab, out;
  double start = 0, end = 0;

  void add_to(CLI::App& command);
};

struct Subject {
  /// Throws Exit{kData} for a video that cannot be read, what ModelFile and WordPiece throw, and Error{config} for a
  /// model whose frames are one sequence or one mean: their tokens belong to no frame.
  explicit Subject(const SubjectOptions& options);

  ModelFile file;
  std::unique_ptr<WordPiece> tokenizer;
  Tensor frames;    ///< f32 [1, T, 3, S, S], what the model reads
  Tensor pictures;  ///< u8 [T, S, S, 3], the same for people
  std::vector<std::int64_t> ids;
  std::vector<Word> words;

  const models::AllInOne& model() const { return *file.model; }
  std::int64_t frame_count() const { return frames.dim(1); }
  /// Patches in a row.
  std::int64_t grid() const { return frames.dim(4) / model().config.patch_size; }
  models::TextBatch text(const std::vector<std::int64_t>& tokens) const;
};

}  // namespace aio::apps
