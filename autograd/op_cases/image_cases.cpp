#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

namespace {

using Inputs = std::vector<Tensor>;

OpCase patches(const std::string& name, const Shape& images, int patch_size) {
  return make_case(name, {values(images)}, [=](const Inputs& in) { return patchify(in[0], patch_size); });
}

std::vector<OpCase> resize_cases() {
  std::vector<OpCase> cases;
  for (const bool align_corners : {false, true}) {
    const std::string suffix = align_corners ? ", corners aligned" : "";
    const auto to = [=](const std::string& name, const Shape& x, std::int64_t height, std::int64_t width) {
      return make_case(name + suffix, {values(x)},
                       [=](const Inputs& in) { return resize_bilinear(in[0], height, width, align_corners); });
    };
    cases.push_back(to("larger [2, 3, 4] to 5 x 7", {2, 3, 4}, 5, 7));
    cases.push_back(to("smaller [7, 9] to 3 x 4", {7, 9}, 3, 4));
    cases.push_back(to("the same [2, 3, 3]", {2, 3, 3}, 3, 3));
    cases.push_back(to("from one pixel", {3, 1, 1}, 2, 3));
    cases.push_back(to("to one pixel", {3, 4}, 1, 1));
    cases.push_back(to("no planes [0, 3, 4]", {0, 3, 4}, 2, 2));
    cases.push_back(make_case("transposed" + suffix, {values({2, 4, 3})}, [=](const Inputs& in) {
      return resize_bilinear(transposed(in[0]), 5, 5, align_corners);
    }));
    cases.push_back(to("position grid [3, 14, 14] to 16 x 12", {3, 14, 14}, 16, 12));
  }
  return cases;
}

}  // namespace

std::vector<OpEntry> image_cases() {
  return {
      {"patchify",
       {patches("[2, 3, 4, 6], p 2", {2, 3, 4, 6}, 2), patches("one pixel each", {1, 3, 2, 3}, 1),
        patches("one patch", {2, 3, 4, 4}, 4), patches("no images", {0, 3, 4, 4}, 2),
        patches("larger [2, 3, 16, 12], p 4", {2, 3, 16, 12}, 4),
        make_case("transposed images", {values({1, 3, 6, 4})},
                  [](const Inputs& in) { return patchify(transposed(in[0]), 2); })}},
      {"resize_bilinear", resize_cases()},
  };
}

}  // namespace aio
