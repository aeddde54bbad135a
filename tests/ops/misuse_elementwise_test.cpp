#include "tests/ops/misuse.h"

#include <cmath>

namespace aio::test {

using enum ErrorCode;

namespace {

void add_binary(std::vector<Misuse>& table, const Operands& o, const char* name,
                Tensor (*op)(const Tensor&, const Tensor&)) {
  table.insert(table.end(),
               {{name, shape, {"[2, 3]", "[4]"}, [=] { op(o.x, o.row4); }},
                {name, dtype, {"a is f32[2, 3]", "b is bf16[2, 3]", "cast(b, DType::f32)"}, [=] { op(o.x, o.half); }},
                {name, dtype, {"a is i64[2]", "expected a floating dtype"}, [=] { op(o.ids, o.ids); }},
                {name, device, {"b [2, 3] is on cuda:0", "b.to(a.device())"}, [=] { op(o.x, o.cuda); }},
                {name, value, {"b is undefined"}, [=] { op(o.x, o.none); }},
                {name, value, {"a is undefined"}, [=] { op(o.none, o.x); }}});
}

}  // namespace

std::vector<Misuse> elementwise_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_binary(table, o, "add", add);
  add_binary(table, o, "sub", sub);
  add_binary(table, o, "mul", mul);
  add_binary(table, o, "div", div);
  add_unary(table, o, "scale", [](const Tensor& x) { scale(x, 2); });
  add_unary(table, o, "add_scalar", [](const Tensor& x) { add_scalar(x, 2); });
  add_unary(table, o, "exp", exp);
  add_unary(table, o, "log", log);
  add_unary(table, o, "sqrt", sqrt);
  add_unary(table, o, "relu", relu);
  add_unary(table, o, "tanh", tanh);
  add_unary(table, o, "sigmoid", sigmoid);
  add_unary(table, o, "gelu", gelu);
  table.insert(table.end(),
               {{"where", dtype, {"condition is f32[2, 3]", "expected dtype u8"}, [=] { where(o.x, o.x, o.y); }},
                {"where", dtype, {"a is f32[2, 3]", "b is f64[2, 3]"}, [=] { where(o.mask, o.x, o.x64); }},
                {"where", shape, {"[4]", "[2, 3]"}, [=] { where(o.mask4, o.x, o.y); }},
                {"where", shape, {"[4]", "[2, 3]"}, [=] { where(o.mask, o.x, o.row4); }},
                {"where", device, {"condition [2, 3] is on cuda:0"}, [=] { where(o.cuda_mask, o.x, o.y); }},
                {"where", value, {"condition is undefined"}, [=] { where(o.none, o.x, o.y); }},
                {"masked_fill", dtype, {"mask is f32[2, 3]", "u8"}, [=] { masked_fill(o.x, o.y, 0); }},
                {"masked_fill", shape, {"[4]", "[2, 3]"}, [=] { masked_fill(o.x, o.mask4, 0); }},
                {"masked_fill", shape, {"mask has shape [2, 3]", "x [3]"}, [=] { masked_fill(o.gamma, o.mask, 0); }},
                {"masked_fill", device, {"mask [2, 3] is on cuda:0"}, [=] { masked_fill(o.x, o.cuda_mask, 0); }},
                {"masked_fill", value, {"mask is undefined"}, [=] { masked_fill(o.x, o.none, 0); }},
                {"cast", value, {"x is undefined"}, [=] { cast(o.none, DType::f32); }}});
  return table;
}

std::vector<Misuse> random_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_unary(table, o, "dropout", [](const Tensor& x) { dropout(x, 0.1, {}); });
  add_unary(table, o, "drop_path", [](const Tensor& x) { drop_path(x, 0.1, {}); });
  table.insert(table.end(), {{"dropout", value, {"p is 1,", "0 <= p < 1"}, [=] { dropout(o.x, 1, {}); }},
                             {"dropout", value, {"p is -0.1"}, [=] { dropout(o.x, -0.1, {}); }},
                             {"dropout", value, {"p is nan"}, [=] { dropout(o.x, std::nan(""), {}); }},
                             {"drop_path", value, {"p is 1.5"}, [=] { drop_path(o.x, 1.5, {}); }},
                             {"drop_path", shape, {"[]", "[B, ...]"}, [=] { drop_path(o.scalar, 0.1, {}); }}});
  return table;
}

std::vector<Misuse> reduce_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_unary(table, o, "sum", [](const Tensor& x) { sum(x); });
  add_unary(table, o, "sum", [](const Tensor& x) { sum(x, {0}); });
  add_unary(table, o, "mean", [](const Tensor& x) { mean(x); });
  add_unary(table, o, "mean", [](const Tensor& x) { mean(x, {0}); });
  table.insert(table.end(), {{"sum",
                              index,
                              {"2", "[2, 3]"},
                              [=] {
                                sum(o.x, {0, 2});
                              }},
                             {"sum",
                              value,
                              {"dimension 1 of [2, 3] twice"},
                              [=] {
                                sum(o.x, {1, -1});
                              }},
                             {"mean", index, {"2", "[2, 3]"}, [=] { mean(o.x, {2}); }},
                             {"mean",
                              value,
                              {"dimension 0 of [2, 3] twice"},
                              [=] {
                                mean(o.x, {0, 0});
                              }},
                             {"mean", value, {"[0, 3]", "at least one element"}, [=] { mean(o.nothing); }},
                             {"mean", value, {"[0, 3]", "at least one element"}, [=] { mean(o.nothing, {0}); }}});
  return table;
}

std::vector<Misuse> sort_misuses(const Operands& o) {
  std::vector<Misuse> table;
  add_unary(table, o, "argmax", [](const Tensor& x) { argmax(x); });
  add_unary(table, o, "topk", [](const Tensor& x) { topk(x, 1); });
  add_unary(table, o, "sort", [](const Tensor& x) { sort(x); });
  table.insert(table.end(),
               {{"argmax", shape, {"x has shape []"}, [=] { argmax(o.scalar); }},
                {"argmax", value, {"[2, 0]", "at least one element"}, [=] { argmax(slice(o.x, 1, 0, 0)); }},
                {"topk", shape, {"x has shape []"}, [=] { topk(o.scalar, 1); }},
                {"topk", value, {"k is 4", "0..3", "[2, 3]"}, [=] { topk(o.x, 4); }},
                {"topk", value, {"k is -1"}, [=] { topk(o.x, -1); }},
                {"sort", shape, {"x has shape []"}, [=] { sort(o.scalar); }}});
  return table;
}

TEST_CASE("misuse: elementwise, random, reductions, sorting") {
  check_misuses(elementwise_misuses);
  check_misuses(random_misuses);
  check_misuses(reduce_misuses);
  check_misuses(sort_misuses);
}

}  // namespace aio::test
