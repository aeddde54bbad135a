#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "autograd/ops.h"
#include "tests/ops/property.h"

namespace aio::test {
namespace {

using Inputs = std::vector<Tensor>;

int draw_dim(const Shape& shape) { return static_cast<int>(draw(0, shape.rank() - 1)); }

/// i64 indices below `size`, as tensor and as the numbers.
Tensor draw_indices(const Shape& shape, std::int64_t size) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(shape.numel()));
  for (auto& id : ids) id = draw(0, size - 1);
  return Tensor::from(ids, shape);
}

/// The value of an i64 tensor at an index.
std::int64_t id_at(const Tensor& ids, const Shape& index) {
  return static_cast<std::int64_t>(Array(cast(ids, DType::f64)).at(index));
}

void binary_property(const char* name, Tensor (*op)(const Tensor&, const Tensor&), double (*scalar)(double, double)) {
  holds(name, [=] {
    const Shape shape = draw_shape(0, 4);
    const Operand a = Operand::draw(draw_broadcastable(shape)), b = Operand::draw(draw_broadcastable(shape), 0.4, 2);
    const Array x = a.array(), y = b.array();
    const Array expected(broadcast_shapes(name, x.shape, y.shape),
                         [&](const Shape& i) { return scalar(x.at(i), y.at(i)); });
    assert_op([=](const Inputs& in) { return op(in[0], in[1]); }, {a, b}, expected, 1e-15);
  });
}

TEST_CASE("property: arithmetic broadcasts as NumPy does") {
  binary_property("add", add, [](double x, double y) { return x + y; });
  binary_property("sub", sub, [](double x, double y) { return x - y; });
  binary_property("mul", mul, [](double x, double y) { return x * y; });
  binary_property("div", div, [](double x, double y) { return x / y; });
}

TEST_CASE("property: where and masked_fill choose by a broadcast mask") {
  holds("where", [] {
    const Shape shape = draw_shape(0, 3);
    const Operand a = Operand::draw(draw_broadcastable(shape)), b = Operand::draw(draw_broadcastable(shape));
    const Tensor condition = cast(draw_indices(draw_broadcastable(shape), 2), DType::u8);
    const Array c(cast(condition, DType::f64)), x = a.array(), y = b.array();
    const Shape result = broadcast_shapes("where", c.shape, broadcast_shapes("where", x.shape, y.shape));
    assert_op([=](const Inputs& in) { return where(condition, in[0], in[1]); }, {a, b},
              Array(result, [&](const Shape& i) { return c.at(i) != 0 ? x.at(i) : y.at(i); }), 0);
  });
  holds("masked_fill", [] {
    const Operand a = Operand::draw(draw_shape(0, 3));
    const Array x = a.array();
    const Tensor mask = cast(draw_indices(draw_broadcastable(x.shape), 2), DType::u8);
    const Array m(cast(mask, DType::f64));
    assert_op([=](const Inputs& in) { return masked_fill(in[0], mask, -7.5); }, {a},
              Array(x.shape, [&](const Shape& i) { return m.at(i) != 0 ? -7.5 : x.at(i); }), 0);
  });
}

TEST_CASE("property: matmul multiplies and broadcasts whatever the strides") {
  holds("matmul", [] {
    const Shape lead = draw_shape(0, 2);
    const std::int64_t m = draw(0, 4), k = draw(0, 5), n = draw(0, 4);
    Shape a_shape = draw_broadcastable(lead), b_shape = draw_broadcastable(lead);
    const Shape result_lead = broadcast_shapes("matmul", a_shape, b_shape);
    for (const std::int64_t size : {m, k}) a_shape.push_back(size);
    for (const std::int64_t size : {k, n}) b_shape.push_back(size);
    const Operand a = Operand::draw(a_shape), b = Operand::draw(b_shape);
    const Array x = a.array(), y = b.array();
    Shape result = result_lead;
    for (const std::int64_t size : {m, n}) result.push_back(size);
    const int row = result.rank() - 2, col = result.rank() - 1;
    const Array expected(result, [&](const Shape& i) {
      double total = 0;
      for (std::int64_t j = 0; j < k; ++j) total += x.at(with(i, col, j)) * y.at(with(i, row, j));
      return total;
    });
    assert_op([](const Inputs& in) { return matmul(in[0], in[1]); }, {a, b}, expected);
  });
}

double gelu_of(double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); }

TEST_CASE("property: linear, linear_gelu and linear_residual are x W^T + b and what follows") {
  holds("linear", [] {
    Shape x_shape = draw_shape(1, 3);
    const std::int64_t in_size = x_shape.back(), out_size = draw(0, 4);
    Shape result = x_shape;
    result[result.rank() - 1] = out_size;
    const Operand x = Operand::draw(x_shape), w = Operand::draw({out_size, in_size}), b = Operand::draw({out_size}),
                  r = Operand::draw(result);
    const Array xs = x.array(), ws = w.array(), bs = b.array(), rs = r.array();
    const int last = result.rank() - 1;
    const Array t(result, [&](const Shape& i) {
      double total = bs.at({i[last]});
      for (std::int64_t j = 0; j < in_size; ++j) total += xs.at(with(i, last, j)) * ws.at({i[last], j});
      return total;
    });
    assert_op([](const Inputs& in) { return linear(in[0], in[1], in[2]); }, {x, w, b}, t);
    assert_op([](const Inputs& in) { return linear_gelu(in[0], in[1], in[2]); }, {x, w, b},
              Array(result, [&](const Shape& i) { return gelu_of(t.at(i)); }));
    assert_op([](const Inputs& in) { return linear_residual(in[0], in[1], in[2], in[3]); }, {x, w, b, r},
              Array(result, [&](const Shape& i) { return t.at(i) + rs.at(i); }));
  });
}

TEST_CASE("property: mlp is its layers one after the other") {
  holds("mlp", [] {
    const Shape x_shape = draw_shape(1, 3);
    const std::int64_t hidden = draw(0, 5), out = draw(0, 4);
    Shape result = x_shape;
    result[result.rank() - 1] = out;
    const Operand x = Operand::draw(x_shape), w1 = Operand::draw({hidden, x_shape.back()}),
                  b1 = Operand::draw({hidden}), w2 = Operand::draw({out, hidden}), b2 = Operand::draw({out}),
                  r = Operand::draw(result);
    const DropoutMask first{0.3, {7, 1, 2}}, second{0.5, {7, 1, 3}};
    const auto layers = [&](const Inputs& in) {
      const Tensor h = gelu(linear(in[0], in[1], in[2]));
      const Tensor y = linear(dropout(h, first.p, first.key), in[3], in[4]);
      return add(in[5], dropout(y, second.p, second.key));
    };
    const Array expected(layers({x.view(), w1.view(), b1.view(), w2.view(), b2.view(), r.view()}));
    assert_op(
        [&](const Inputs& in) {
          return mlp(in[0], {in[1], in[2], in[3], in[4]}, in[5], first, second);
        },
        {x, w1, b1, w2, b2, r}, expected);
  });
}

TEST_CASE("property: sum and mean reduce any set of dimensions") {
  holds("sum, mean", [] {
    const Operand a = Operand::draw(draw_shape(0, 4));
    const Array x = a.array();
    std::vector<int> dims;
    for (int i = 0; i < x.shape.rank(); ++i) {
      if (draw(0, 1) == 1) dims.push_back(draw(0, 1) == 1 ? i : i - x.shape.rank());
    }
    const bool keepdim = draw(0, 1) == 1;
    Shape kept = x.shape;
    for (const int dim : dims) kept[dim < 0 ? dim + kept.rank() : dim] = 1;
    std::vector<double> totals(static_cast<std::size_t>(kept.numel()), 0.0);
    const Array positions(kept, [n = 0.0](const Shape&) mutable { return n++; });
    Array(x.shape, [&](const Shape& i) { return totals[static_cast<std::size_t>(positions.at(i))] += x.at(i); });
    Array expected;
    expected.data = totals;
    for (int i = 0; i < kept.rank(); ++i) {
      const bool reduced =
          std::any_of(dims.begin(), dims.end(), [&](int d) { return (d + kept.rank()) % kept.rank() == i; });
      if (keepdim || !reduced) expected.shape.push_back(kept[i]);
    }
    assert_op([=](const Inputs& in) { return sum(in[0], dims, keepdim); }, {a}, expected);
    if (x.shape.numel() == 0) return;
    const auto count = static_cast<double>(x.shape.numel() / kept.numel());
    for (double& total : expected.data) total /= count;
    assert_op([=](const Inputs& in) { return mean(in[0], dims, keepdim); }, {a}, expected);
  });
}

TEST_CASE("property: chains of views show the elements that they should") {
  holds("views", [] {
    const Operand a = Operand::draw(draw_shape(1, 4));
    Array x = a.array();
    std::vector<std::function<Tensor(const Tensor&)>> chain;
    for (auto steps = draw(1, 4); steps > 0; --steps) {
      const Array before = x;
      const int rank = before.shape.rank();
      const auto kind = draw(0, 5);
      if (kind == 0 && rank > 0) {
        std::vector<int> order(static_cast<std::size_t>(rank));
        std::iota(order.begin(), order.end(), 0);
        for (std::size_t i = order.size(); i > 1; --i) {
          std::swap(order[i - 1], order[static_cast<std::size_t>(draw(0, static_cast<std::int64_t>(i) - 1))]);
        }
        Shape shape = before.shape;
        for (int i = 0; i < rank; ++i) shape[i] = before.shape[order[static_cast<std::size_t>(i)]];
        x = Array(shape, [&](const Shape& i) {
          Shape source = i;
          for (int j = 0; j < rank; ++j) source[order[static_cast<std::size_t>(j)]] = i[j];
          return before.at(source);
        });
        chain.push_back([=](const Tensor& t) { return permute(t, order); });
      } else if (kind == 1 && rank > 0) {
        const int dim = draw_dim(before.shape);
        const std::int64_t begin = draw(0, before.shape[dim]), end = draw(begin, before.shape[dim]), step = draw(1, 3);
        x = Array(with(before.shape, dim, (end - begin + step - 1) / step),
                  [&](const Shape& i) { return before.at(with(i, dim, begin + step * i[dim])); });
        chain.push_back([=](const Tensor& t) { return slice(t, dim, begin, end, step); });
      } else if (kind == 2 && rank > 0 && before.shape.numel() > 0) {
        const int dim = draw_dim(before.shape);
        const std::int64_t index = draw(0, before.shape[dim] - 1);
        x = Array(without(before.shape, dim), [&](const Shape& i) { return before.at(inserted(i, dim, index)); });
        chain.push_back([=](const Tensor& t) { return select(t, dim, index); });
      } else if (kind == 3 && rank < kMaxRank) {
        const int dim = static_cast<int>(draw(0, rank));
        x = Array(inserted(before.shape, dim, 1), [&](const Shape& i) { return before.at(without(i, dim)); });
        chain.push_back([=](const Tensor& t) { return unsqueeze(t, dim); });
      } else if (kind == 4 && rank < kMaxRank - 1) {
        const Shape target = inserted(before.shape, 0, draw(0, 3));
        x = Array(target, [&](const Shape& i) { return before.at(i); });
        chain.push_back([=](const Tensor& t) { return expand(t, target); });
      } else {
        x.shape = Shape{before.shape.numel()};
        chain.push_back([=](const Tensor& t) { return reshape(t, {t.numel()}); });
      }
    }
    assert_op(
        [=](const Inputs& in) {
          Tensor t = in[0];
          for (const auto& step : chain) t = step(t);
          return t;
        },
        {a}, x, 0);
  });
}

TEST_CASE("property: concat and split are each other's inverse") {
  holds("concat", [] {
    const Shape shape = draw_shape(1, 3);
    const int dim = draw_dim(shape);
    std::vector<Operand> operands;
    std::vector<std::int64_t> sizes;
    for (auto parts = draw(1, 4); parts > 0; --parts) {
      sizes.push_back(draw(0, 3));
      operands.push_back(Operand::draw(with(shape, dim, sizes.back())));
    }
    const auto total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
    const Array expected(with(shape, dim, total), [&](const Shape& i) {
      std::int64_t within = i[dim];
      std::size_t part = 0;
      while (within >= sizes[part]) within -= sizes[part++];
      return operands[part].array().at(with(i, dim, within));
    });
    assert_op([=](const Inputs& in) { return concat(in, dim); }, operands, expected, 0);
    assert_op([=](const Inputs& in) { return concat(split(concat(in, dim), sizes, dim), dim); }, operands, expected, 0);
  });
}

TEST_CASE("property: roll and temporal_roll move in circles") {
  holds("roll", [] {
    const Operand a = Operand::draw(draw_shape(1, 3));
    const Array x = a.array();
    const int dim = draw_dim(x.shape);
    const std::int64_t n = x.shape[dim], shift = draw(-7, 7);
    assert_op([=](const Inputs& in) { return roll(in[0], dim, shift); }, {a},
              Array(x.shape, [&](const Shape& i) { return x.at(with(i, dim, ((i[dim] - shift) % n + n) % n)); }), 0);
  });
  holds("temporal_roll", [] {
    const Operand a = Operand::draw({draw(0, 2), draw(1, 4), draw(1, 4), draw(1, 3)});
    const Array x = a.array();
    const std::int64_t frames = x.shape[1];
    std::vector<std::int64_t> shift(static_cast<std::size_t>(x.shape[2]));
    for (auto& s : shift) s = draw(-5, 5);
    const Tensor shifts = Tensor::from(shift, {x.shape[2]});
    assert_op([=](const Inputs& in) { return temporal_roll(in[0], shifts); }, {a},
              Array(x.shape,
                    [&](const Shape& i) {
                      const std::int64_t t = i[1] - shift[static_cast<std::size_t>(i[2])];
                      return x.at(with(i, 1, (t % frames + frames) % frames));
                    }),
              0);
  });
}

TEST_CASE("property: lookups pick rows") {
  holds("index_select", [] {
    const Operand a = Operand::draw(draw_shape(1, 3));
    const Array x = a.array();
    const int dim = draw_dim(x.shape);
    const std::int64_t n = x.shape[dim] == 0 ? 0 : draw(0, 5);
    const Tensor ids = draw_indices({n}, x.shape[dim]);
    assert_op([=](const Inputs& in) { return index_select(in[0], dim, ids); }, {a},
              Array(with(x.shape, dim, n), [&](const Shape& i) { return x.at(with(i, dim, id_at(ids, {i[dim]}))); }),
              0);
  });
  holds("select_rows", [] {
    const std::int64_t batch = draw(0, 3), rows = draw(1, 4), n = draw(0, 5);
    const Operand a = Operand::draw({batch, rows, draw(1, 3)});
    const Array x = a.array();
    const Tensor ids = draw_indices({batch, n}, rows);
    assert_op([=](const Inputs& in) { return select_rows(in[0], ids); }, {a},
              Array(with(x.shape, 1, n),
                    [&](const Shape& i) {
                      return x.at(with(i, 1, id_at(ids, {i[0], i[1]})));
                    }),
              0);
  });
  holds("embedding", [] {
    const Operand table = Operand::draw({draw(1, 5), draw(1, 3)});
    const Array x = table.array();
    const Shape shape = draw_shape(0, 3);
    const Tensor ids = draw_indices(shape, x.shape[0]);
    Shape result = shape;
    result.push_back(x.shape[1]);
    assert_op([=](const Inputs& in) { return embedding(in[0], ids); }, {table},
              Array(result,
                    [&](const Shape& i) {
                      return x.at({id_at(ids, without(i, i.rank() - 1)), i.back()});
                    }),
              0);
  });
}

/// f of every row (last dimension) of x.
Array by_rows(const Array& x, const std::function<std::vector<double>(const std::vector<double>&)>& f) {
  Array y = x;
  const auto cols = static_cast<std::ptrdiff_t>(x.shape.back());
  for (auto row = y.data.begin(); row != y.data.end(); row += cols) {
    const std::vector<double> result = f({row, row + cols});
    std::copy(result.begin(), result.end(), row);
  }
  return y;
}

std::vector<double> softmax_of(std::vector<double> x) {
  double total = 0;
  for (double& v : x) total += v = std::exp(v);
  for (double& v : x) v /= total;
  return x;
}

TEST_CASE("property: normalisations of rows") {
  holds("softmax, log_softmax", [] {
    const Operand a = Operand::draw(draw_shape(1, 3), 0, 5);
    const Array x = a.array();
    const Array y = by_rows(x, softmax_of);
    assert_op([](const Inputs& in) { return softmax(in[0]); }, {a}, y);
    Array logs = y;
    for (double& v : logs.data) v = std::log(v);
    assert_op([](const Inputs& in) { return log_softmax(in[0]); }, {a}, logs);
  });
  holds("l2_normalize", [] {
    const Operand a = Operand::draw(draw_shape(1, 3), 0.1, 2);
    const double eps = draw(0, 1) == 0 ? 1e-12 : 50;  // 50: more than any norm here
    assert_op([=](const Inputs& in) { return l2_normalize(in[0], eps); }, {a},
              by_rows(a.array(), [=](std::vector<double> x) {
                double squares = 0;
                for (const double v : x) squares += v * v;
                for (double& v : x) v /= std::max(std::sqrt(squares), eps);
                return x;
              }));
  });
  holds("layer_norm", [] {
    const Operand a = Operand::draw(draw_shape(1, 3));
    const Shape channels{a.view().shape().back()};
    const Operand gamma = Operand::draw(channels), beta = Operand::draw(channels);
    const Array g = gamma.array(), b = beta.array();
    const double eps = 0.1;  // rows may be constant: a small eps would make their derivative huge
    assert_op([=](const Inputs& in) { return layer_norm(in[0], in[1], in[2], eps); }, {a, gamma, beta},
              by_rows(a.array(), [&](std::vector<double> x) {
                const auto n = static_cast<double>(x.size());
                const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
                double var = 0;
                for (const double v : x) var += (v - mean) * (v - mean) / n;
                for (std::size_t i = 0; i < x.size(); ++i) {
                  x[i] = (x[i] - mean) / std::sqrt(var + eps) * g.data[i] + b.data[i];
                }
                return x;
              }));
  });
}

TEST_CASE("property: cross_entropy is the mean of -log p[target] over the targets that count") {
  holds("cross_entropy", [] {
    Shape shape = draw_shape(0, 2);
    if (shape.numel() == 0) shape = {3};
    const std::int64_t classes = draw(1, 5);
    const Tensor targets = draw_indices(shape, classes);
    shape.push_back(classes);
    const Operand a = Operand::draw(shape, 0, 5);
    const Array p = by_rows(a.array(), softmax_of);
    const auto ids = targets.to_vector<std::int64_t>();
    const std::int64_t ignored = draw(0, 1) == 0 ? -100 : ids.back() == 0 ? 1 : 0;  // the last target counts
    double total = 0, count = 0;
    for (std::size_t r = 0; r < ids.size(); ++r) {
      if (ids[r] == ignored) continue;
      total -= std::log(p.data[r * static_cast<std::size_t>(classes) + static_cast<std::size_t>(ids[r])]);
      count += 1;
    }
    assert_op([=](const Inputs& in) { return cross_entropy(in[0], targets, ignored); }, {a},
              Array({}, [=](const Shape&) { return total / count; }));
  });
}

}  // namespace
}  // namespace aio::test
