// cuda/copy.cu and cuda/cast.cu against the CPU.
#include <doctest/doctest.h>

#include <limits>
#include <utility>

#include "tests/cuda/parity.h"

namespace aio::test {
namespace {

constexpr DType kTypes[] = {DType::f32, DType::bf16, DType::i64, DType::u8};

View permuted(const View& x, const std::vector<int>& order) {
  View y = x;
  for (int i = 0; i < x.rank; ++i) {
    y.dim[i] = x.dim[order[static_cast<std::size_t>(i)]];
    y.stride[i] = x.stride[order[static_cast<std::size_t>(i)]];
  }
  return y;
}

TEST_CASE("cuda fill: every dtype") {
  if (!have_device()) return;
  for (const DType dtype : kTypes) {
    for (const double value : {0.0, 3.0}) {
      Parity p(dtype);
      const int y = p.integer_output(dtype, {7, 33});
      p.run([&](Backend& k, const Views& v) { k.fill(v[y], value); });
    }
  }
}

TEST_CASE("cuda copy_strided: permutations, slices, expansions, every dtype") {
  if (!have_device()) return;
  for (const DType dtype : kTypes) {
    for (const std::int64_t offset : {0, 1}) {
      Parity p(dtype);
      p.misalign(offset);
      std::vector<double> values;
      for (int i = 0; i < 3 * 5 * 4 * 16; ++i) values.push_back(i % 251);
      const int x = p.values(dtype, {3, 5, 4, 16}, values);
      const int packed = p.integer_output(dtype, {5, 3, 4, 16}), transposed = p.integer_output(dtype, {16, 4, 5, 3}),
                slice = p.integer_output(dtype, {3, 2, 4, 8}), expanded = p.integer_output(dtype, {3, 5, 4, 16}),
                into = p.integer_output(dtype, {3, 5, 4, 32}), scalar = p.integer_output(dtype, {1, 1});
      p.run([&](Backend& k, const Views& v) {
        k.copy_strided(v[packed], permuted(v[x], {1, 0, 2, 3}));
        k.copy_strided(v[transposed], permuted(v[x], {3, 2, 1, 0}));
        View part = v[x];
        part.dim[1] = 2;
        part.dim[3] = 8;
        part.data = part.as<char>() + 8 * size_of(part.dtype);
        k.copy_strided(v[slice], part);
        View repeated = v[x];
        repeated.stride[1] = repeated.stride[2] = 0;
        k.copy_strided(v[expanded], repeated);
        for (int half = 0; half < 2; ++half) {
          View target = v[into];
          target.dim[3] = 16;
          target.data = target.as<char>() + half * 16 * size_of(target.dtype);
          k.copy_strided(target, v[x]);
        }
        View one = v[x];
        one.rank = 2;
        one.dim[0] = one.dim[1] = 1;
        k.copy_strided(v[scalar], one);
      });
    }
  }
}

TEST_CASE("cuda cast_strided: patches of images, to bf16") {
  if (!have_device()) return;
  for (const std::int64_t width : {32, 24, 20}) {  // two patches a row; of 10 pixels they are no eights
    Parity p(DType::bf16);
    const std::int64_t w = width / 2;
    const int x = p.wide_input({2, 3, 4, 2, w}), y = p.output({2, 2, 3, 4, w}), packed = p.wide_output({2, 2, 3, 4, w});
    p.run([&](Backend& k, const Views& v) {
      const View patches = permuted(v[x], {0, 3, 1, 2, 4});
      k.fill(v[packed], 0);
      if (k.cast_strided(v[y], patches)) {
        CHECK(w % 8 == 0);
        return;
      }
      CHECK((k.device().is_cpu() || w % 8 != 0));
      View wide = v[packed];
      k.copy_strided(wide, patches);
      k.cast(v[y], wide);
      k.fill(v[packed], 0);
    });
  }
}

TEST_CASE("cuda cast: every pair, ends of ranges, NaN") {
  if (!have_device()) return;
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType from : kTypes) {
    for (const std::int64_t offset : {0, 1}) {
      Parity p(from);
      p.misalign(offset);
      std::vector<double> values = is_float(from) ? std::vector<double>{-inf, inf, nan, -1.75, 1e30, -1e30, 300, 255.5}
                                                  : std::vector<double>{0, 1, 255, 77, 100, 200, 13, 17};
      if (from == DType::i64) values.insert(values.end(), {-1, 256, 1 << 24, -70000});
      for (int i = 0; i < 40; ++i) values.push_back(i * 5);
      const auto n = static_cast<std::int64_t>(values.size());
      const int x = p.values(from, {n}, values);
      std::vector<int> y;
      for (const DType to : kTypes) y.push_back(p.integer_output(to, {n}));
      p.run([&](Backend& k, const Views& v) {
        for (const int to : y) k.cast(v[static_cast<std::size_t>(to)], v[static_cast<std::size_t>(x)]);
      });
    }
  }
}

TEST_CASE("cuda copies from the host: small ones share a buffer of the ring, large ones take several") {
  if (!have_device()) return;
  const Device device{Device::Kind::cuda, 0};
  std::vector<std::pair<std::vector<float>, Tensor>> sent;
  const auto send = [&](std::int64_t n, bool upload) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < n; ++i) values.push_back(static_cast<float>((n + i) % 10007));
    const Tensor copy = upload ? Tensor::from(values, {n}).to(device) : Tensor::from(values, {n}, device);
    sent.emplace_back(std::move(values), copy);
  };
  const std::int64_t buffer = (std::int64_t{4} << 20) / 4;
  for (const std::int64_t n :
       {std::int64_t{1}, std::int64_t{3}, std::int64_t{1000}, buffer - 7, buffer + 5, 5 * buffer, std::int64_t{2}}) {
    send(n, false);
    send(n, true);
  }
  sent.erase(sent.begin());  // its memory is used again
  send(1000, false);
  for (const auto& [values, copy] : sent) CHECK(copy.to_vector<float>() == values);
}

}  // namespace
}  // namespace aio::test
