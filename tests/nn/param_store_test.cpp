// Names, loading and its report.

#include "nn/param_store.h"

#include <doctest/doctest.h>

#include "autograd/autograd.h"
#include "nn/linear.h"
#include "tensor/error.h"
#include "tensor/raw.h"

using namespace aio;
using namespace aio::nn;

TEST_CASE("param_store: names come from scopes, order from construction") {
  ParamStore store;
  const ParamScope root(store);
  const Linear a(root / "blocks" / 3 / "fc", 2, 4);
  root.param("cls_token", {1, 1, 2}, Init::zeros());
  REQUIRE(store.parameters().size() == 3);
  CHECK(store.parameters()[0].name == "blocks.3.fc.weight");
  CHECK(store.parameters()[1].name == "blocks.3.fc.bias");
  CHECK(store.parameters()[2].name == "cls_token");
  CHECK(store.numel() == 8 + 4 + 2);
  CHECK(store.get("cls_token").value.shape() == Shape{1, 1, 2});
  CHECK(requires_grad(a.weight));
  CHECK(a.weight.is_same(store.get("blocks.3.fc.weight").value));
}

TEST_CASE("param_store: misuse names the fix") {
  ParamStore store;
  CHECK_THROWS_WITH_AS(store.get("x"), doctest::Contains("the store is empty"), Error);
  const ParamScope scope(store);
  const Linear a(scope / "blocks" / 0, 2, 4);
  CHECK_THROWS_WITH_AS(Linear(scope / "blocks" / 0, 2, 4), doctest::Contains("the name blocks.0.weight is taken"),
                       Error);
  CHECK_THROWS_WITH_AS(store.get("block.0.wieght"),
                       "ParamStore: no parameter block.0.wieght (the nearest name is blocks.0.weight)", Error);
  CHECK_THROWS_WITH_AS(scope.param("", {1}, Init::zeros()), doctest::Contains("needs a name"), Error);
  CHECK_THROWS_WITH_AS(ParamStore(0, {DType::bf16, {}}), doctest::Contains("expected f32 or f64"), Error);
}

TEST_CASE("param_store: strict loading reports everything and changes nothing") {
  ParamStore store;
  const Linear layer(ParamScope(store) / "fc", 2, 4);
  store.add("ids", {2}, Init::zeros());
  const auto before = layer.weight.to_vector<float>();
  const std::map<std::string, Tensor> file{{"fc.weight", Tensor::zeros({4, 2})},
                                           {"fc.bias", Tensor::zeros({5})},
                                           {"ids", Tensor::zeros({2}, {DType::i64, {}})},
                                           {"head.weight", Tensor::zeros({1})}};
  CHECK_THROWS_WITH_AS(store.load(file),
                       "load: names and shapes do not match, nothing was changed: 1 loaded, 0 missing, 1 unexpected, "
                       "2 of wrong shape\n"
                       "  unexpected: head.weight\n"
                       "  wrong shape: fc.bias: file f32[5], model f32[4]\n"
                       "  wrong shape: ids: file i64[2], model f32[2]",
                       Error);
  CHECK(layer.weight.to_vector<float>() == before);
  CHECK_THROWS_WITH_AS(store.load({}), doctest::Contains("0 loaded, 3 missing"), Error);

  const LoadReport report = store.load(file, false);
  CHECK_FALSE(report.ok());
  CHECK(report.loaded == std::vector<std::string>{"fc.weight"});
  for (const float w : layer.weight.to_vector<float>()) CHECK(w == 0);
}

TEST_CASE("param_store: loading converts floating types, and state() round-trips") {
  ParamStore a(1), b(2), wide(3, {DType::f64, {}});
  const Linear la(ParamScope(a), 3, 2), lb(ParamScope(b), 3, 2), lw(ParamScope(wide), 3, 2);
  CHECK(la.weight.to_vector<float>() != lb.weight.to_vector<float>());
  CHECK(b.load(a.state()).ok());
  CHECK(la.weight.to_vector<float>() == lb.weight.to_vector<float>());
  CHECK(lb.weight.is_same(b.get("weight").value));  // copied into place: handles stay valid
  wide.load(a.state());
  CHECK(lw.weight.to_vector<double>()[1] == static_cast<double>(la.weight.to_vector<float>()[1]));
  std::map<std::string, Tensor> half;
  for (const auto& [name, tensor] : a.state()) half[name] = raw::cast(tensor, DType::bf16);
  b.load(half);
  CHECK(lb.weight.to_vector<float>()[1] == doctest::Approx(la.weight.to_vector<float>()[1]).epsilon(1.0 / 256));
}

TEST_CASE("param_store: initial values depend on seed and name, not on the order") {
  ParamStore a(7), b(7), c(8);
  a.add("x", {40}, Init::normal(1));
  a.add("y", {40}, Init::normal(1));
  b.add("y", {40}, Init::normal(1));
  c.add("y", {40}, Init::normal(1));
  const auto of = [](const ParamStore& s, const char* name) { return s.get(name).value.to_vector<float>(); };
  CHECK(of(a, "y") == of(b, "y"));
  CHECK(of(a, "y") != of(a, "x"));
  CHECK(of(a, "y") != of(c, "y"));
}

TEST_CASE("param_store: deferred values are what would have been drawn, or the file's") {
  const auto of = [](const ParamStore& s, const char* name) { return s.get(name).value.to_vector<float>(); };
  ParamStore drawn(7), deferred(7, {}, ParamStore::Values::deferred);
  for (ParamStore* store : {&drawn, &deferred}) {
    for (const char* name : {"a", "b.x", "b.y"}) store->add(name, {40}, Init::normal(1));
    store->add("ones", {3}, Init::ones());
  }
  const auto loaded = std::vector<float>(40, 2.5F);
  CHECK(deferred.load({{"b.y", Tensor::from(loaded, {40})}}, false).missing.size() == 3);
  deferred.draw_missing("b");
  CHECK(of(deferred, "b.x") == of(drawn, "b.x"));
  CHECK(of(deferred, "b.y") == loaded);
  const Tensor a = deferred.get("a").value;
  deferred.draw_missing();
  CHECK(a.to_vector<float>() == of(drawn, "a"));
  CHECK(of(deferred, "ones") == std::vector<float>(3, 1.0F));
  raw::copy_(a, Tensor::zeros({40}));
  deferred.draw_missing();  // nothing is missing any more
  CHECK(of(deferred, "a") == std::vector<float>(40, 0.0F));
}

TEST_CASE("param_store: freezing by substring") {
  ParamStore store;
  const Linear a(ParamScope(store) / "a", 2, 2), b(ParamScope(store) / "b", 2, 2);
  CHECK(store.set_trainable("weight", false) == 2);
  CHECK_FALSE(requires_grad(a.weight));
  CHECK(requires_grad(a.bias));
  CHECK_FALSE(store.get("b.weight").trainable);
  CHECK(store.set_trainable("b.", true) == 2);
  CHECK(requires_grad(b.weight));
  CHECK(store.set_trainable("nothing", true) == 0);
}
