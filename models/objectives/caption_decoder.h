#pragma once
// CaptionDecoder: what comes next in a caption, word by word, with the keys and values of all that came before kept.
//
// That is exact, not an approximation. Under the captioning mask a token depends on the video and on the words before
// it, so nothing that is kept changes when a word is added. Token rolling moves visual tokens between frames, never
// words, and before every block the same ones; the visual tokens do not see the words, so that their part of every
// block, rolling included, is computed once for the video. A word goes through the blocks once in each frame.
//
// A step computes two tokens a frame: the word that was chosen, which stays, and [MASK] behind it, which is asked and
// forgotten. Recomputing would take all visual tokens and all words instead.

#include "models/objectives/objective.h"
#include "nn/kv_cache.h"

namespace aio::models {

class CaptionDecoder {
 public:
  /// Computes the videos; `rows` captions are written for each of the B videos, of at most `max_words` words. Keeps
  /// layers * 2 * B * rows * frames * (visual tokens + max_words + 1) vectors. Throws Error{config} without the head
  /// lm_score, Error{value} in training mode.
  CaptionDecoder(const AllInOne& model, const VideoTokens& video, std::int64_t rows, std::int64_t max_words,
                 nn::ForwardCtx& ctx, const InputOptions& options = {});

  /// words[B * rows], the captions of video 0 first: what each caption goes on with, [CLS] at the beginning. Scores of
  /// the word after it, [B * rows, vocab], those of next_token_logits(). Throws Error{value} where the caption fills
  /// the position table or `max_words`.
  Tensor next(const std::vector<std::int64_t>& words, std::int64_t mask_id, nn::ForwardCtx& ctx);
  /// Caption i goes on where caption source[i], of the same video, is. Throws Error{index}.
  void reorder(const std::vector<std::int64_t>& source);

  std::int64_t captions() const { return videos_ * rows_; }
  std::int64_t words() const { return words_; }  ///< in each caption, [CLS] included

 private:
  /// Which keys two new tokens see, if the video has padding.
  Tensor visible(std::int64_t keys) const;

  const AllInOne& model_;
  std::int64_t videos_, rows_, frames_, visual_, words_ = 0;
  std::vector<std::uint8_t> valid_;  // [B * rows * frames, visual], or empty: all are
  std::vector<nn::KvCache> caches_;  // of each block: the visual tokens, then the words
};

}  // namespace aio::models
