#include "autograd/op_table.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "autograd/autograd.h"
#include "autograd/node.h"
#include "autograd/ops.h"
#include "tensor/raw.h"
#include "tests/ops/declared_ops.h"

namespace aio {
namespace {

std::set<std::string> not_differentiable() {
  std::ifstream file(AIO_TEST_DATA "/ops/not_differentiable.txt");
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    std::string name;
    if (std::istringstream(line) >> name && name[0] != '#') names.insert(name);
  }
  return names;
}

TEST_CASE("op table: every op of ops.h is checked or listed as not differentiable, and nothing else is") {
  std::set<std::string> checked;
  for (const OpEntry& entry : op_table()) {
    INFO(entry.op);
    CHECK(checked.insert(entry.op).second);
    CHECK(entry.cases.size() >= 4);
  }
  const std::set<std::string> declared = test::declared_ops(), exempt = not_differentiable();
  for (const std::string& name : declared) {
    INFO(name, " has no gradient check and no line in tests/ops/not_differentiable.txt");
    CHECK(checked.count(name) + exempt.count(name) == 1);
  }
  for (const std::string& name : checked) CHECK_MESSAGE(declared.count(name) == 1, name, " is not in ops.h");
  for (const std::string& name : exempt) CHECK_MESSAGE(declared.count(name) == 1, name, " is not in ops.h");
}

TEST_CASE("op table: gradients are the derivatives") {
  for (const OpEntry& entry : op_table()) {
    const OpReport report = check_op(entry, 1);
    CHECK_MESSAGE(report.ok, report.message);
    CHECK(report.max_rel_error <= entry.tolerance);
    CHECK((entry.tolerance <= 1e-6 || !entry.why_tolerance.empty()));
  }
}

TEST_CASE("op table: each case has an input that is checked, and reaches it") {
  for (const OpEntry& entry : op_table()) {
    for (std::size_t i = 0; i < entry.cases.size(); ++i) {
      INFO(entry.op, ", ", entry.cases[i].name);
      RngStream rng(1, static_cast<std::uint32_t>(i));
      const std::vector<Tensor> inputs = entry.cases[i].inputs(rng);
      CHECK(requires_grad(entry.cases[i].function(inputs)));
    }
  }
}

// Planted errors: what the table would say if an op were wrong.
struct WrongSignNode : Node {
  WrongSignNode() : Node("wrong_sign") {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override { return {scale(grads[0], -1)}; }
};

struct MissingReductionNode : Node {
  explicit MissingReductionNode(const Shape& shape) : Node("missing_reduction"), shape_(shape) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {  // the first row instead of the sum of rows
    return {raw::reshape(raw::slice(grads[0], 0, 0, 1), shape_)};
  }
  Shape shape_;
};

OpEntry planted(const DifferentiableFn& function, const Shape& shape) {
  const auto inputs = [shape](RngStream& rng) {
    const Tensor x = uniform(shape, -1, 1, rng.next(), {DType::f64});
    set_requires_grad(x);
    return std::vector<Tensor>{x};
  };
  return {"planted", {{"case", inputs, function}}};
}

TEST_CASE("op table: a wrong sign and a missing broadcast reduction are found") {
  const auto wrong_sign = [](const std::vector<Tensor>& in) {
    return record<WrongSignNode>(raw::clone(in[0]), {in[0]});
  };
  const OpReport sign = check_op(planted(wrong_sign, {3, 2}), 1);
  CHECK_FALSE(sign.ok);
  CHECK(sign.max_rel_error > 1);
  CHECK(sign.message.find("planted, case: ") == 0);

  const auto missing_reduction = [](const std::vector<Tensor>& in) {
    return record<MissingReductionNode>(raw::clone(raw::expand(in[0], {4, 3})), {in[0]}, in[0].shape());
  };
  CHECK_FALSE(check_op(planted(missing_reduction, {3}), 1).ok);
}

TEST_CASE("op table: an op that throws has failed, and its report says why") {
  const OpReport report = check_op(planted([](const auto& in) { return add(in[0], Tensor{}); }, {3}), 1);
  CHECK_FALSE(report.ok);
  CHECK(std::isinf(report.max_rel_error));
  CHECK(report.message.find("planted, case: add: ") == 0);
}

}  // namespace
}  // namespace aio
