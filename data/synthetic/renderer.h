#pragma once
// Renderer: a scene's pictures as RGB pixels.

#include <cstdint>

#include "data/synthetic/scene.h"
#include "tensor/tensor.h"

namespace aio::synthetic {

/// The scene's loop, one after another: u8 [kPictures, size, size, 3], RGB, 8 <= size <= 1024. It does not look at the
/// direction of the motion, so a motion and its reversal have the same pictures, byte for byte. Edges are soft over
/// 1/48 of the side (one pixel at 48, the size that small models train at; sharper ones would not survive a video's
/// halved colour resolution), and no less than a pixel.
Tensor render_loop(const Scene& scene, int size);

/// The clip's frames in order: u8 [kFrames, size, size, 3]. What the encoder is given.
Tensor render_clip(const Scene& scene, int size);

}  // namespace aio::synthetic
