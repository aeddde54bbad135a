#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "tests/expect_error.h"
#include "tests/ops/allocations.h"
#include "tests/ops/oracle.h"

namespace aio::test {
namespace {

Tensor counting(const Shape& shape) {
  return Tensor::from(Array(shape, [n = 0.0](const Shape&) mutable { return n++; }).data, shape);
}

TEST_CASE("views: share storage and allocate nothing") {
  const Tensor x = counting({2, 3, 4});
  const std::vector<std::function<Tensor()>> views{
      [&] { return reshape(x, {6, -1}); },    [&] { return permute(x, {2, 0, 1}); },
      [&] { return transpose(x, 0, 1); },     [&] { return slice(x, 2, 1, 4, 2); },
      [&] { return select(x, 1, -1); },       [&] { return expand(x, {5, 2, 3, 4}); },
      [&] { return unsqueeze(x, -1); },       [&] { return squeeze(unsqueeze(x, 0), 0); },
      [&] { return split(x, {1, 2}, 1)[1]; }, [&] { return reshape(slice(x, 2, 0, 2), {2, 3, 2, 1}); }};
  for (const auto& view : views) {
    CHECK(allocations([&] { CHECK(&view().storage() == &x.storage()); }) == 0);
  }
  const Tensor copied = reshape(transpose(x, 0, 2), {24});
  CHECK(&copied.storage() != &x.storage());
  CHECK(contiguous(x).is_same(x));
}

TEST_CASE("views: a saved tensor that changes through a view is noticed") {
  const Tensor x = counting({2, 3});
  set_requires_grad(x);
  const Tensor w = counting({2, 3}), row = select(w, 0, 1);
  const Tensor loss = sum(mul(x, w));
  raw::fill_(row, 7);
  EXPECT_ERROR(backward(loss), state, "mul: a saved");
}

TEST_CASE("views: select, slice and negative positions") {
  const Tensor x = counting({3, 4});
  CHECK(select(x, 0, 1).to_vector<double>() == std::vector<double>{4, 5, 6, 7});
  CHECK(select(x, -1, -1).to_vector<double>() == std::vector<double>{3, 7, 11});
  CHECK(slice(x, 1, -2, 4).to_vector<double>() == std::vector<double>{2, 3, 6, 7, 10, 11});
  CHECK(slice(x, 1, 0, 4, 3).to_vector<double>() == std::vector<double>{0, 3, 4, 7, 8, 11});
  CHECK(roll(slice(x, 0, 0, 1), 1, 1).to_vector<double>() == std::vector<double>{3, 0, 1, 2});
}

TEST_CASE("views: integer tensors have them too") {
  const Tensor ids = Tensor::from(std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}, {2, 3});
  CHECK(transpose(ids, 0, 1).to_vector<std::int64_t>() == std::vector<std::int64_t>{1, 4, 2, 5, 3, 6});
  CHECK(concat({ids, slice(ids, 1, 0, 1)}, 1).to_vector<std::int64_t>() ==
        std::vector<std::int64_t>{1, 2, 3, 1, 4, 5, 6, 4});
}

TEST_CASE("split: parts that nobody uses receive zeros, in one tensor") {
  const Tensor x = counting({2, 6});
  set_requires_grad(x);
  const auto parts = split(x, {1, 2, 3}, 1);
  backward(sum(scale(parts[1], 5)));
  check_equal(grad(x), Array({2, 6}, [](const Shape& i) { return i[1] == 1 || i[1] == 2 ? 5.0 : 0.0; }));
}

TEST_CASE("patchify: explicit loops over patches and channels") {
  const Tensor images = counting({2, 3, 4, 6});
  const Array x(images);
  const std::int64_t p = 2, cols = 3;
  check_equal(patchify(images, 2), Array({2, 6, 12}, [&](const Shape& i) {
                const std::int64_t patch_row = i[1] / cols, patch_col = i[1] % cols;
                const std::int64_t channel = i[2] / (p * p), y = i[2] / p % p, z = i[2] % p;
                return x.at({i[0], channel, patch_row * p + y, patch_col * p + z});
              }));
}

}  // namespace
}  // namespace aio::test
