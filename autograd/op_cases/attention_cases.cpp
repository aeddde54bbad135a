// Gradient checks of attention: shapes, strides, every mask and all of them together.

#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

namespace {

using Inputs = std::vector<Tensor>;

Tensor lengths(const std::vector<std::int64_t>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

/// q of shape `q`, k and v of shape `k`.
OpCase attention_case(const std::string& name, const Shape& q, const Shape& k, const AttentionOptions& options) {
  return make_case(name, {values(q), values(k), values(k)},
                   [options](const Inputs& in) { return attention(in[0], in[1], in[2], options); });
}

/// The same with a mask `allowed` of shape `allowed`.
OpCase masked_case(const std::string& name, const Shape& q, const Shape& k, const Shape& allowed,
                   const AttentionOptions& options) {
  return make_case(name, {values(q), values(k), values(k), mask(allowed)}, [options](const Inputs& in) {
    AttentionOptions all = options;
    all.allowed = in[3];
    return attention(in[0], in[1], in[2], all);
  });
}

std::vector<OpCase> separate_cases() {
  const AttentionOptions everything, causal{{}, true, {}, 0};
  const AttentionOptions three{lengths({4, 0, 2}), false, {}, 0}, three_causal{lengths({4, 0, 2}), true, {}, 0};
  const auto by_head = [](const Tensor& x) { return permute(x, {0, 2, 1, 3}); };  // [B, H, N, D] <-> [B, N, H, D]
  return {
      attention_case("[2, 3, 2, 4]", {2, 3, 2, 4}, {2, 3, 2, 4}, everything),
      attention_case("more keys than queries", {1, 3, 2, 16}, {1, 7, 2, 16}, everything),
      attention_case("more queries than keys", {1, 7, 1, 5}, {1, 2, 1, 5}, everything),
      attention_case("one query, one key, D = 1", {1, 1, 1, 1}, {1, 1, 1, 1}, everything),
      attention_case("no keys", {2, 3, 1, 4}, {2, 0, 1, 4}, everything),
      attention_case("no batch", {0, 3, 1, 4}, {0, 2, 1, 4}, everything),
      attention_case("several blocks of queries", {1, 101, 1, 3}, {1, 17, 1, 3}, everything),
      attention_case("scale -0.7", {1, 4, 1, 3}, {1, 4, 1, 3}, {{}, false, {}, -0.7}),
      attention_case("lengths 4, 0, 2", {3, 3, 2, 3}, {3, 4, 2, 3}, three),
      attention_case("causal", {1, 6, 2, 3}, {1, 6, 2, 3}, causal),
      attention_case("causal, fewer queries", {1, 3, 1, 3}, {1, 6, 1, 3}, causal),
      attention_case("causal, queries without a key", {1, 6, 1, 3}, {1, 3, 1, 3}, causal),
      attention_case("causal, several blocks", {1, 110, 1, 2}, {1, 110, 1, 2}, causal),
      masked_case("mask [Nq, Nk]", {2, 4, 2, 3}, {2, 5, 2, 3}, {4, 5}, everything),
      masked_case("mask [B, 1, 1, Nk]", {2, 4, 2, 3}, {2, 5, 2, 3}, {2, 1, 1, 5}, everything),
      masked_case("mask [B, H, Nq, Nk]", {2, 4, 2, 3}, {2, 5, 2, 3}, {2, 2, 4, 5}, everything),
      masked_case("all masks", {3, 4, 2, 3}, {3, 4, 2, 3}, {3, 2, 4, 4}, three_causal),
      make_case(
          "heads before tokens", {values({2, 2, 3, 4}), values({2, 2, 5, 4}), values({2, 2, 5, 4})},
          [by_head](const Inputs& in) { return by_head(attention(by_head(in[0]), by_head(in[1]), by_head(in[2]))); }),
      make_case("no dense rows", {values({1, 3, 1, 6}), values({1, 4, 1, 6}), values({1, 4, 1, 6})},
                [](const Inputs& in) {
                  return every_second(attention(every_second(in[0]), every_second(in[1]), every_second(in[2])));
                }),
      make_case("one tensor as q, k and v", {values({1, 4, 2, 3})},
                [](const Inputs& in) { return attention(in[0], in[0], in[0]); }),
      make_case("constant keys", {values({1, 3, 1, 4}), probabilities({1, 4, 1, 4}), values({1, 4, 1, 4})},
                [](const Inputs& in) { return attention(in[0], in[1], in[2]); }),
  };
}

OpCase packed_case(const std::string& name, const Shape& qkv, int heads, const AttentionOptions& options) {
  return make_case(name, {values(qkv)},
                   [heads, options](const Inputs& in) { return attention_packed(in[0], heads, options); });
}

std::vector<OpCase> packed_cases() {
  return {
      packed_case("[2, 3, 3 * 2 * 4]", {2, 3, 24}, 2, {}),
      packed_case("one head, one token", {1, 1, 9}, 1, {}),
      packed_case("no tokens", {2, 0, 12}, 2, {}),
      packed_case("lengths 5, 0, 2", {3, 5, 12}, 2, {lengths({5, 0, 2}), false, {}, 0}),
      packed_case("causal", {1, 7, 18}, 3, {{}, true, {}, 0}),
      packed_case("several blocks of queries", {1, 103, 6}, 1, {}),
      make_case("all masks", {values({2, 5, 12}), mask({2, 1, 5, 5})},
                [](const Inputs& in) {
                  return attention_packed(in[0], 2, {lengths({5, 3}), true, in[1], 0.4});
                }),
      make_case("columns of a wider tensor", {values({2, 3, 14})},
                [](const Inputs& in) { return attention_packed(inner_columns(in[0]), 2); }),
      make_case("no dense rows", {values({2, 3, 24})},
                [](const Inputs& in) { return attention_packed(every_second(in[0]), 2); }),
      make_case("transposed", {values({2, 12, 3})},
                [](const Inputs& in) { return attention_packed(transposed(in[0]), 2); }),
  };
}

}  // namespace

std::vector<OpEntry> attention_cases() {
  return {{"attention", separate_cases()}, {"attention_packed", packed_cases()}};
}

}  // namespace aio
