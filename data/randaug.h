#pragma once
// RandAugment (Cubuk et al., 2019): a few operations at random, all of one strength.

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace aio {

/// Two different ones of 14 operations, each applied with probability 1/2, of a strength drawn from N(9, 0.5) out of
/// 10; the same to all frames of the clip. In place on u8 [n, H, W, 3]. (pytorchvideo 0.1.5's RandAugment.)
void rand_augment_video(const Tensor& frames, RngKey key);

/// Two of 14 operations, possibly the same one twice, of strength 9 out of 30. In place on u8 [n, H, W, 3]; the same to
/// all n. (ViLT's RandAugment for `pixelbert_randaug`: without inversion and cut-out.)
void rand_augment_image(const Tensor& images, RngKey key);

}  // namespace aio
