#include "autograd/op_cases/op_cases.h"
#include "autograd/ops.h"

namespace aio {

std::vector<OpEntry> random_cases() {
  // With its key fixed a random op is a pure function, so differences make sense.
  const RngKey key{20230618, 3, 5};
  const DrawShape any = [](const Shape& shape) { return values(shape); };
  std::vector<OpCase> drop = one_tensor_cases([key](const Tensor& x) { return dropout(x, 0.4, key); }, any);
  drop.push_back(make_case("p = 0 [3, 4]", {values({3, 4})},
                           [key](const std::vector<Tensor>& in) { return scale(dropout(in[0], 0, key), 1); }));
  std::vector<OpCase> path = row_cases([key](const Tensor& x) { return drop_path(x, 0.4, key); }, any);
  path.push_back(make_case("rank 1 [9]", {values({9})},
                           [key](const std::vector<Tensor>& in) { return drop_path(in[0], 0.5, key); }));
  return {{"dropout", drop}, {"drop_path", path}};
}

}  // namespace aio
