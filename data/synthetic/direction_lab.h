#pragma once
// DirectionLab: the question "which way?" at the smallest size that still needs an answer from several frames. Pictures
// of 24 x 24 pixels, a 3 x 3 grid of patches of 8; five cyclic motions of three states, forwards or backwards; six
// colours. No files and no encoding: tests of the model draw fresh batches from it.
//
// What a model can do here (width 64, 4 layers, 4 heads, 64 clips a step, learning rate 1e-3, three frames): with token
// rolling, or attention over all frames at once, it answers all questions after 200 to 400 steps; without either, or
// from the frames' mean, half of them, because the states are the same and only their order differs.

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace aio::synthetic {

/// What cycles: the colour of the background, a vertical or horizontal bar over half the picture, the size of a disc, a
/// half disc that turns.
enum class LabMotion { background, vertical_bar, horizontal_bar, size, turn };

inline constexpr int kLabMotions = 5;
inline constexpr int kLabAnswers = 2 * kLabMotions;
inline constexpr int kLabSide = 24;
inline constexpr int kLabPatch = 8;
inline constexpr int kLabTextLength = 3;
inline constexpr int kLabVocabulary = 5 + kLabMotions;  ///< [PAD] [UNK] [CLS] [SEP] [MASK], then a word a motion

struct LabBatch {
  Tensor frames;   ///< f32 [B, T, 3, 24, 24], (value - 0.3) / 0.25 with value from 0 to 1
  Tensor ids;      ///< i64 [B, 3]: [CLS], the word of the motion, [SEP]; all of it is text, there is no padding
  Tensor motions;  ///< i64 [B], the LabMotion
  Tensor answers;  ///< i64 [B], 2 * motion + (1 if forwards): the class to find
};

/// `batch` clips of `frames` frames, each one state after the one before. Clip i depends on (key, i) only.
LabBatch draw_lab_batch(int batch, int frames, RngKey key);

}  // namespace aio::synthetic
