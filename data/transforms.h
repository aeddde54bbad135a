#pragma once
// From frames to what the model reads: resize, crop, flip, augment, normalise. The same seed gives the same bits, on
// any number of threads.

#include <optional>

#include "data/frame_sampling.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace aio {

/// (x / 255 - mean) / stddev, per channel.
struct Normalization {
  float mean[3];
  float stddev[3];
};
inline constexpr Normalization kImageNet{{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};  // videos
inline constexpr Normalization kKinetics{{0.45F, 0.45F, 0.45F}, {0.225F, 0.225F, 0.225F}};     // videos, `augmented`
inline constexpr Normalization kHalf{{0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F}};                  // images

/// plain: short side to 1.2 * size, crop; ImageNet's constants. The reference's "a100", behind all published numbers
/// but Kinetics'. augmented: RandAugment, random short side in [1.2, 1.5] * size, crop, flip; Kinetics' constants. Its
/// "v100". whole: squeezed to size x size (a loader has the decoder do it), nothing cut off and nothing drawn;
/// ImageNet's constants. For pictures whose edges matter, like the embedded set's.
enum class VideoRecipe { plain, augmented, whole };

struct VideoTransform {
  int size = 224;  ///< height and width of the result
  VideoRecipe recipe = VideoRecipe::plain;
  std::optional<Normalization> normalization{};  ///< in place of the recipe's
};

/// pixelbert: keeps the aspect ratio, sides multiples of 32, short side about `size`, long side at most 1333/800 *
/// size. random_crop: short side to 256/224 * size, then a random part of 8 to 100 % of the area, stretched to size x
/// size. centre_crop: short side to 256/224 * size, then the middle; for evaluation beside random_crop.
enum class ImageRecipe { pixelbert, random_crop, centre_crop };

struct ImageTransform {
  int size = 224;
  ImageRecipe recipe = ImageRecipe::pixelbert;
  bool augment = false;  ///< RandAugment (2 operations, magnitude 9) first
};

/// u8 [n, H, W, 3] -> f32 [n, 3, size, size]: short side to 1.2 * size (PIL's bilinear), centre crop, normalise.
Tensor eval_transform(const Tensor& frames, const VideoTransform& transform = {});
/// The same with a random crop, and what the recipe adds; one draw for all frames of the clip.
Tensor train_transform(const Tensor& frames, const VideoTransform& transform, RngKey key);

/// u8 [1, H, W, 3] (or [H, W, 3]) -> f32 [1, 3, h, w]; h = w = size but for pixelbert. `key` is not used by pixelbert
/// and centre_crop without augment.
Tensor image_transform(const Tensor& image, const ImageTransform& transform, RngKey key);

/// f32 [n, 3, S, S] back to u8 [n, S, S, 3], for people to look at.
Tensor denormalize(const Tensor& pixels, const Normalization& normalization);

/// The constants that the transform uses.
const Normalization& normalization(const VideoTransform& transform);

}  // namespace aio
