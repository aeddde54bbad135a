#include "tests/ops/misuse.h"

namespace aio::test {

using enum ErrorCode;

namespace {

/// linear and linear_gelu take the same arguments.
void add_linear(std::vector<Misuse>& table, const Operands& o, const char* name,
                Tensor (*op)(const Tensor&, const Tensor&, const Tensor&)) {
  table.insert(table.end(),
               {{name, value, {"x is undefined"}, [=] { op(o.none, o.weight, {}); }},
                {name, value, {"weight is undefined"}, [=] { op(o.x, o.none, {}); }},
                {name, shape, {"x has shape []", "[..., I]"}, [=] { op(o.scalar, o.weight, {}); }},
                {name, shape, {"weight has shape [2, 5]", "[*, 3]", "x [2, 3]"}, [=] { op(o.x, o.out, {}); }},
                {name, shape, {"weight has shape [3]", "[*, 3]"}, [=] { op(o.x, o.gamma, {}); }},
                {name, shape, {"bias has shape [3]", "[5]", "weight [5, 3]"}, [=] { op(o.x, o.weight, o.gamma); }},
                {name,
                 dtype,
                 {"x is bf16[2, 3]", "weight is f32[5, 3]", "cast(weight, DType::bf16)"},
                 [=] { op(o.half, o.weight, {}); }},
                {name, dtype, {"x is i64[2]"}, [=] { op(o.ids, o.weight, {}); }},
                {name, dtype, {"bias is i64[2]", "f32"}, [=] { op(o.x, o.weight, o.ids); }},
                {name, dtype, {"bias is f64[2, 3]", "f32"}, [=] { op(o.x, o.weight, o.x64); }},
                {name, device, {"weight [2, 3] is on cuda:0"}, [=] { op(o.x, o.cuda, {}); }},
                {name, device, {"bias [2, 3] is on cuda:0"}, [=] { op(o.x, o.weight, o.cuda); }}});
}

}  // namespace

std::vector<Misuse> product_misuses(const Operands& o) {
  std::vector<Misuse> table{
      {"matmul", value, {"b is undefined"}, [=] { matmul(o.x, o.none); }},
      {"matmul", dtype, {"a is f32[2, 3]", "b is f64[2, 3]"}, [=] { matmul(o.x, o.x64); }},
      {"matmul", dtype, {"a is i64[2]"}, [=] { matmul(o.ids, o.x); }},
      {"matmul", device, {"b [2, 3] is on cuda:0"}, [=] { matmul(o.x, o.cuda); }},
      {"matmul", shape, {"a has shape [2, 3]", "b has shape [2, 3]", "3 and 2"}, [=] { matmul(o.x, o.y); }},
      {"matmul", shape, {"a has shape [3]", "[..., M, K]"}, [=] { matmul(o.gamma, o.x); }},
      {"matmul", shape, {"b has shape [3]", "[..., K, N]"}, [=] { matmul(o.x, o.gamma); }},
      {"matmul",
       shape,
       {"[2]", "[3]"},
       [=] {
         matmul(o.cube, uniform({3, 4, 2}, 0, 1, {}));
       }},
  };
  add_linear(table, o, "linear", linear);
  add_linear(table, o, "linear_gelu", linear_gelu);
  add_linear(table, o, "linear_residual", [](const Tensor& x, const Tensor& weight, const Tensor& bias) {
    return linear_residual(x, weight, bias, uniform({2, 5}, 0, 1, {}));
  });
  const Tensor fc2 = uniform({4, 5}, 0, 1, {});
  table.insert(
      table.end(),
      {{"mlp",
        value,
        {"x is undefined"},
        [=] {
          mlp(o.none, {o.weight, {}, fc2, {}});
        }},
       {"mlp", value, {"fc1_weight is undefined"}, [=] { mlp(o.x, {}); }},
       {"mlp",
        value,
        {"fc2_weight is undefined"},
        [=] {
          mlp(o.x, {o.weight, {}, {}, {}});
        }},
       {"mlp",
        shape,
        {"fc1_weight has shape [4, 5]", "[*, 3]", "x [2, 3]"},
        [=] {
          mlp(o.x, {fc2, {}, fc2, {}});
        }},
       {"mlp",
        shape,
        {"fc2_weight has shape [5, 3]", "[*, 5]"},
        [=] {
          mlp(o.x, {o.weight, {}, o.weight, {}});
        }},
       {"mlp",
        shape,
        {"fc1_bias has shape [3]", "[5]", "fc1_weight"},
        [=] {
          mlp(o.x, {o.weight, o.gamma, fc2, {}});
        }},
       {"mlp",
        shape,
        {"fc2_bias has shape [3]", "[4]", "fc2_weight"},
        [=] {
          mlp(o.x, {o.weight, {}, fc2, o.gamma});
        }},
       {"mlp",
        shape,
        {"residual has shape [2, 3]", "[2, 4]"},
        [=] {
          mlp(o.x, {o.weight, {}, fc2, {}}, o.y);
        }},
       {"mlp",
        value,
        {"p is 1"},
        [=] {
          mlp(o.x, {o.weight, {}, fc2, {}}, {}, {1, {}});
        }},
       {"mlp",
        value,
        {"p is -1"},
        [=] {
          mlp(o.x, {o.weight, {}, fc2, {}}, {}, {}, {-1, {}});
        }},
       {"linear_residual",
        value,
        {"p is 1"},
        [=] {
          linear_residual(o.x, o.weight, {}, uniform({2, 5}, 0, 1, {}), {1, {}});
        }},
       {"linear_residual",
        shape,
        {"residual has shape [2, 3]", "[2, 5]", "x [2, 3]", "weight [5, 3]"},
        [=] { linear_residual(o.x, o.weight, o.bias, o.y); }},
       {"linear_residual", value, {"residual is undefined"}, [=] { linear_residual(o.x, o.weight, o.bias, o.none); }},
       {"linear_residual", dtype, {"residual is f64[2, 3]"}, [=] { linear_residual(o.x, o.weight, o.bias, o.x64); }},
       {"linear_residual", device, {"residual [2, 3] is on cuda:0"}, [=] {
          linear_residual(o.x, o.weight, o.bias, o.cuda);
        }}});
  return table;
}

TEST_CASE("misuse: matmul and linear") { check_misuses(product_misuses); }

}  // namespace aio::test
