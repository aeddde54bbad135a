#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "data/transforms.h"
#include "tensor/random.h"

namespace aio {
namespace {

TEST_CASE("transform: constants given with it replace those of the recipe, which picks the same pixels") {
  const auto values = random_integers({2, 60, 60, 3}, 0, 256, {3}).to_vector<std::int64_t>();
  const Tensor frames = Tensor::from(std::vector<std::uint8_t>(values.begin(), values.end()), {2, 60, 60, 3});
  const Normalization own{{0.3F, 0.2F, 0.1F}, {0.25F, 0.5F, 1.0F}};
  for (const VideoRecipe recipe : {VideoRecipe::plain, VideoRecipe::augmented}) {
    const VideoTransform usual{32, recipe}, with_own{32, recipe, own};
    CHECK(normalization(with_own).mean[1] == 0.2F);
    for (const bool training : {false, true}) {
      const auto bytes = [&](const VideoTransform& transform) {
        const Tensor pixels = training ? train_transform(frames, transform, {7}) : eval_transform(frames, transform);
        return denormalize(pixels, normalization(transform)).to_vector<std::uint8_t>();
      };
      const auto a = bytes(usual), b = bytes(with_own);
      REQUIRE(a.size() == b.size());
      int largest = 0;
      for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
      CHECK(largest <= 1);  // the augmented recipe interpolates what is normalised already
    }
  }
  CHECK(normalization({32, VideoRecipe::plain}).mean[0] == kImageNet.mean[0]);
  CHECK(normalization({32, VideoRecipe::augmented}).mean[0] == kKinetics.mean[0]);
}

}  // namespace
}  // namespace aio
