#include "tests/ops/misuse.h"

#include <cmath>

namespace aio::test {

using enum ErrorCode;

namespace {

AttentionOptions with_lengths(const Tensor& key_lengths) {
  AttentionOptions options;
  options.key_lengths = key_lengths;
  return options;
}

AttentionOptions with_mask(const Tensor& allowed) {
  AttentionOptions options;
  options.allowed = allowed;
  return options;
}

}  // namespace

std::vector<Misuse> norm_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_unary(table, o, "softmax", softmax);
  add_unary(table, o, "log_softmax", log_softmax);
  add_unary(table, o, "l2_normalize", [](const Tensor& x) { l2_normalize(x, 1e-12); });
  table.insert(
      table.end(),
      {{"layer_norm", value, {"x is undefined"}, [=] { layer_norm(o.none, o.gamma, o.gamma, 1e-6); }},
       {"layer_norm", value, {"beta is undefined"}, [=] { layer_norm(o.x, o.gamma, o.none, 1e-6); }},
       {"layer_norm", shape, {"gamma has shape [4]", "[3]", "x [2, 3]"}, [=] { layer_norm(o.x, o.row4, o.gamma, 0); }},
       {"layer_norm", shape, {"beta has shape [2, 3]", "[3]"}, [=] { layer_norm(o.x, o.gamma, o.y, 0); }},
       {"layer_norm", shape, {"x has shape []"}, [=] { layer_norm(o.scalar, o.gamma, o.gamma, 0); }},
       {"layer_norm", dtype, {"gamma is bf16[2, 3]", "f32"}, [=] { layer_norm(o.half, o.half, o.half, 0); }},
       {"layer_norm", dtype, {"gamma is f32[3]", "f64"}, [=] { layer_norm(o.x64, o.gamma, o.gamma, 0); }},
       {"layer_norm", device, {"gamma [2, 3] is on cuda:0"}, [=] { layer_norm(o.x, o.cuda, o.gamma, 0); }},
       {"layer_norm", value, {"eps is -1"}, [=] { layer_norm(o.x, o.gamma, o.gamma, -1); }},
       {"layer_norm", value, {"eps is nan"}, [=] { layer_norm(o.x, o.gamma, o.gamma, std::nan("")); }},
       {"l2_normalize", shape, {"x has shape []"}, [=] { l2_normalize(o.scalar, 1); }},
       {"l2_normalize", value, {"eps is -1"}, [=] { l2_normalize(o.x, -1); }},
       {"cosine_similarity", value, {"b is undefined"}, [=] { cosine_similarity(o.x, o.none, 0); }},
       {"cosine_similarity", shape, {"[2, 3]", "[4]"}, [=] { cosine_similarity(o.x, o.row4, 0); }},
       {"cosine_similarity", shape, {"a has shape []"}, [=] { cosine_similarity(o.scalar, o.x, 0); }},
       {"cosine_similarity", dtype, {"a is f32[2, 3]", "b is f64[2, 3]"}, [=] { cosine_similarity(o.x, o.x64, 0); }},
       {"cosine_similarity", device, {"b [2, 3] is on cuda:0"}, [=] { cosine_similarity(o.x, o.cuda, 0); }},
       {"cosine_similarity", value, {"eps is -1"}, [=] { cosine_similarity(o.x, o.y, -1); }}});
  return table;
}

std::vector<Misuse> attention_misuses(const Operands& o) {
  return {
      {"attention", value, {"q is undefined"}, [=] { attention(o.none, o.q, o.q); }},
      {"attention", value, {"v is undefined"}, [=] { attention(o.q, o.q, o.none); }},
      {"attention", shape, {"[2, 3]"}, [=] { attention(o.x, o.x, o.x); }},
      {"attention", shape, {"[2, 3, 2, 4]", "[2, 3, 2, 5]"}, [=] { attention(o.q, o.q_other, o.q_other); }},
      {"attention", shape, {"[2, 3, 2, 4]", "[2, 3, 2, 5]"}, [=] { attention(o.q, o.q, o.q_other); }},
      {"attention", dtype, {"f32", "f64"}, [=] { attention(o.q, cast(o.q, DType::f64), o.q); }},
      {"attention",
       device,
       {"cuda:0"},
       [=] {
         attention(o.q, o.q, on_cuda({2, 3, 2, 4}));
       }},
      {"attention", dtype, {"key_lengths"}, [=] { attention(o.q, o.q, o.q, with_lengths(o.row4)); }},
      {"attention",
       shape,
       {"key_lengths"},
       [=] { attention(o.q, o.q, o.q, with_lengths(random_integers({3}, 1, 3, {}))); }},
      {"attention", dtype, {"allowed"}, [=] { attention(o.q, o.q, o.q, with_mask(o.x)); }},
      {"attention", shape, {"allowed"}, [=] { attention(o.q, o.q, o.q, with_mask(o.mask4)); }},
      {"attention_packed", value, {"undefined"}, [=] { attention_packed(o.none, 2); }},
      {"attention_packed", shape, {"[2, 3]"}, [=] { attention_packed(o.x, 1); }},
      {"attention_packed", shape, {"[2, 3, 12]", "3 * heads = 15"}, [=] { attention_packed(o.qkv, 5); }},
      {"attention_packed", value, {"heads is 0"}, [=] { attention_packed(o.qkv, 0); }},
      {"attention_packed", shape, {"3 * heads = 3221225472"}, [=] { attention_packed(o.qkv, 1 << 30); }},
      {"attention_packed",
       dtype,
       {"i64"},
       [=] {
         attention_packed(random_integers({1, 2, 3}, 0, 2, {}), 1);
       }},
  };
}

std::vector<Misuse> index_misuses(const Operands& o) {
  return {
      {"embedding", value, {"table is undefined"}, [=] { embedding(o.none, o.ids); }},
      {"embedding", value, {"ids is undefined"}, [=] { embedding(o.weight, o.none); }},
      {"embedding", dtype, {"ids is f32[4]", "i64"}, [=] { embedding(o.weight, o.row4); }},
      {"embedding", shape, {"table has shape [2, 3, 4]", "[V, C]"}, [=] { embedding(o.cube, o.ids); }},
      {"embedding", index, {"id 5 at position 3", "0..4"}, [=] { embedding(o.weight, o.ids_matrix); }},
      {"embedding", index, {"id -1 at position 0", "0..4"}, [=] { embedding(o.weight, o.ids_low); }},
      {"embedding", index, {"padding_idx 5", "[5, 3]"}, [=] { embedding(o.weight, o.ids, 5); }},
      {"embedding", device, {"ids [2] is on cuda:0"}, [=] { embedding(o.weight, o.cuda_ids); }},
      {"index_select", value, {"index is undefined"}, [=] { index_select(o.x, 1, o.none); }},
      {"index_select", dtype, {"index is f32[4]", "i64"}, [=] { index_select(o.x, 1, o.row4); }},
      {"index_select", shape, {"index has shape [2, 2]", "[N]"}, [=] { index_select(o.x, 1, o.ids_matrix); }},
      {"index_select", index, {"3 at position 1", "0..2"}, [=] { index_select(o.x, 1, o.ids_high); }},
      {"index_select", index, {"-1 at position 0", "0..2"}, [=] { index_select(o.x, 1, o.ids_low); }},
      {"index_select", index, {"2", "[2, 3]"}, [=] { index_select(o.x, 2, o.ids); }},
      {"index_select", device, {"index [2] is on cuda:0"}, [=] { index_select(o.x, 1, o.cuda_ids); }},
      {"select_rows", value, {"index is undefined"}, [=] { select_rows(o.cube, o.none); }},
      {"select_rows", dtype, {"index is f32[2, 3]", "i64"}, [=] { select_rows(o.cube, o.x); }},
      {"select_rows", shape, {"x has shape [2, 3]", "[B, V, C]"}, [=] { select_rows(o.x, o.ids_matrix); }},
      {"select_rows", shape, {"index has shape [2]", "[2, *]", "x [2, 3, 4]"}, [=] { select_rows(o.cube, o.ids); }},
      {"select_rows", index, {"5 at position 3", "0..2"}, [=] { select_rows(o.cube, o.ids_matrix); }},
      {"select_rows", device, {"index [2] is on cuda:0"}, [=] { select_rows(o.cube, o.cuda_ids); }},
  };
}

std::vector<Misuse> image_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_unary(table, o, "patchify", [](const Tensor& x) { patchify(x, 2); });
  add_unary(table, o, "resize_bilinear", [](const Tensor& x) { resize_bilinear(x, 2, 2, false); });
  table.insert(
      table.end(),
      {{"patchify", shape, {"[2, 3]", "[B, 3, H, W]"}, [=] { patchify(o.x, 1); }},
       {"patchify", shape, {"[1, 2, 3, 4]", "multiples of patch_size 2"}, [=] { patchify(o.video, 2); }},
       {"patchify", value, {"patch_size is 0"}, [=] { patchify(o.video, 0); }},
       {"resize_bilinear", shape, {"x has shape [4]", "[..., h, w]"}, [=] { resize_bilinear(o.row4, 2, 2, true); }},
       {"resize_bilinear", shape, {"[2, 3] to 0 x 2"}, [=] { resize_bilinear(o.x, 0, 2, true); }},
       {"resize_bilinear", shape, {"[0, 3] to 2 x 2"}, [=] { resize_bilinear(o.nothing, 2, 2, true); }}});
  return table;
}

std::vector<Misuse> loss_misuses(const Operands& o) {
  const char* binary = "binary_cross_entropy_with_logits";
  return {
      {"cross_entropy", value, {"logits is undefined"}, [=] { cross_entropy(o.none, o.ids); }},
      {"cross_entropy", value, {"targets is undefined"}, [=] { cross_entropy(o.x, o.none); }},
      {"cross_entropy", dtype, {"targets is f32[4]", "i64"}, [=] { cross_entropy(o.x, o.row4); }},
      {"cross_entropy", dtype, {"logits is i64[2]"}, [=] { cross_entropy(o.ids, o.ids); }},
      {"cross_entropy",
       shape,
       {"targets has shape [2, 2]", "[2]", "logits [2, 3]"},
       [=] { cross_entropy(o.x, o.ids_matrix); }},
      {"cross_entropy", shape, {"logits has shape []"}, [=] { cross_entropy(o.scalar, o.ids); }},
      {"cross_entropy", index, {"target 3 at position 1", "0..2"}, [=] { cross_entropy(o.x, o.ids_high); }},
      {"cross_entropy", index, {"target -1 at position 0", "0..2"}, [=] { cross_entropy(o.x, o.ids_low); }},
      {"cross_entropy", device, {"targets [2] is on cuda:0"}, [=] { cross_entropy(o.x, o.cuda_ids); }},
      {binary, value, {"targets is undefined"}, [=] { binary_cross_entropy_with_logits(o.x, o.none); }},
      {binary, dtype, {"targets is f64[2, 3]"}, [=] { binary_cross_entropy_with_logits(o.x, o.x64); }},
      {binary, shape, {"targets has shape [3]", "[2, 3]"}, [=] { binary_cross_entropy_with_logits(o.x, o.gamma); }},
      {binary, device, {"targets [2, 3] is on cuda:0"}, [=] { binary_cross_entropy_with_logits(o.x, o.cuda); }},
      {binary, value, {"[0, 3]"}, [=] { binary_cross_entropy_with_logits(o.nothing, o.nothing); }},
  };
}

TEST_CASE("misuse: normalisations, attention, lookups, images, losses") {
  check_misuses(norm_misuses);
  check_misuses(attention_misuses);
  check_misuses(index_misuses);
  check_misuses(image_misuses);
  check_misuses(loss_misuses);
}

}  // namespace aio::test
