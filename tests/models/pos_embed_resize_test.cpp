// Position grids at other sizes, as the visual embedding resizes them: bilinear with aligned corners.

#include <doctest/doctest.h>

#include "autograd/ops.h"
#include "golden.h"
#include "tensor/safetensors.h"

using namespace aio;
using aio::test::golden;

TEST_CASE("position grids: resized as the reference does; the same size is the identity, bit for bit") {
  const auto tensors = load_safetensors(golden("pos_embed_resize.safetensors"));
  int grids = 0;
  for (const auto& entry : tensors) {
    const std::string& name = entry.first;
    const Tensor& in = entry.second;
    if (!name.starts_with("run.") || !name.ends_with(".in")) continue;
    CAPTURE(name);
    const Tensor expected = tensors.at(name.substr(0, name.size() - 2) + "out");
    const Tensor resized = resize_bilinear(in, expected.dim(2), expected.dim(3), /*align_corners=*/true);
    const std::vector<float> ours = resized.to_vector<float>(), theirs = expected.to_vector<float>();
    REQUIRE(ours.size() == theirs.size());
    double worst = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(ours[i]) - static_cast<double>(theirs[i])));
    }
    CHECK(worst <= 1e-6);  // observed: 2.4e-7
    if (in.shape() == expected.shape()) CHECK(ours == theirs);
    ++grids;
  }
  CHECK(grids == 6);
}
