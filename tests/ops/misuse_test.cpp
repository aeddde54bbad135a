#include "tests/ops/misuse.h"

#include <set>

#include "tensor/storage.h"
#include "tests/ops/declared_ops.h"

namespace aio::test {

using enum ErrorCode;

Tensor on_cuda(const Shape& shape, DType dtype) {
  static double memory[64] = {};
  auto impl = std::make_shared<TensorImpl>();
  impl->storage = std::make_shared<Storage>(memory, sizeof memory, Device{Device::Kind::cuda, 0}, [] {});
  impl->shape = shape;
  impl->strides = contiguous_strides(shape);
  impl->dtype = dtype;
  return Tensor(impl);
}

void add_unary(std::vector<Misuse>& table, const Operands& o, const char* name,
               const std::function<void(const Tensor&)>& op) {
  table.push_back({name, value, {"is undefined"}, [=] { op(o.none); }});
  table.push_back({name, dtype, {"i64[2]", "expected a floating dtype"}, [=] { op(o.ids); }});
}

namespace {

/// Bytes and version of every operand.
struct Snapshot {
  explicit Snapshot(const Operands& operands) {
    for (const Tensor& x : operands.on_host()) {
      const auto* bytes = static_cast<const unsigned char*>(x.raw_data());
      bytes_.emplace_back(bytes, bytes + x.numel() * size_of(x.dtype()));
      versions_.push_back(x.version());
    }
  }
  friend bool operator==(const Snapshot&, const Snapshot&) = default;

 private:
  std::vector<std::vector<unsigned char>> bytes_;
  std::vector<std::uint64_t> versions_;
};

void check_misuse(const Misuse& misuse) {
  try {
    misuse.call();
    FAIL_CHECK("no error");
  } catch (const Error& error) {
    const std::string text = error.what();
    CAPTURE(text);
    CHECK(to_string(error.code()) == to_string(misuse.code));
    CHECK_MESSAGE(text.rfind(std::string(misuse.op) + ": ", 0) == 0, "the message opens with the op's name");
    for (const std::string& word : misuse.words) CHECK_MESSAGE(text.find(word) != std::string::npos, word);
  }
}

}  // namespace

void check_misuses(MisuseTable table) {
  for (const bool recording : {false, true}) {
    const Operands operands;
    if (recording) {
      for (const Tensor& x : operands.on_host()) {
        if (is_float(x.dtype())) set_requires_grad(x);
      }
    }
    const Snapshot before(operands);
    for (const Misuse& misuse : table(operands)) {
      INFO(std::string(misuse.op), ", expecting ", to_string(misuse.code), " ", misuse.words.front());
      check_misuse(misuse);
      CHECK(Snapshot(operands) == before);
    }
    for (const Tensor& x : operands.on_host()) CHECK_FALSE(grad(x).defined());
  }
}

TEST_CASE("misuse: every public op is in a table") {
  const Operands operands;
  std::set<std::string> covered;
  for (const MisuseTable table :
       {elementwise_misuses, random_misuses, reduce_misuses, sort_misuses, shape_misuses, product_misuses, norm_misuses,
        attention_misuses, index_misuses, image_misuses, loss_misuses}) {
    for (const Misuse& misuse : table(operands)) covered.insert(misuse.op);
  }
  for (const std::string& op : declared_ops()) CHECK_MESSAGE(covered.count(op) == 1, op, " has no misuse");
}

}  // namespace aio::test
