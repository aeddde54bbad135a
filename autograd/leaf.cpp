// Leaves: tensors that ask for a gradient, and the AccumulateGrad that hangs on each of them.

#include "autograd/autograd.h"
#include "autograd/node.h"
#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/storage.h"

namespace aio {

namespace {

Node* node_of(const Tensor& x) {
  return x.defined() && x.autograd() ? static_cast<OutputMeta*>(x.autograd().get())->node : nullptr;
}

/// The leaf's AccumulateGrad, or null if it has none yet; throws for tensors that cannot be leaves.
AccumulateGrad* find_leaf(const char* function, const Tensor& x) {
  check(x.defined(), ErrorCode::value, function, ": the tensor is undefined");
  Node* node = node_of(x);
  check(node == nullptr || node->is_leaf(), ErrorCode::state, function, ": ", describe(x), " is the output of ",
        node == nullptr ? "" : node->name(), ", expected a leaf (detach it first)");
  return static_cast<AccumulateGrad*>(node);
}

AccumulateGrad& find_or_make_leaf(const char* function, const Tensor& x) {
  if (AccumulateGrad* leaf = find_leaf(function, x)) return *leaf;
  check(is_float(x.dtype()), ErrorCode::dtype, function, ": ", describe(x),
        " cannot carry a gradient, expected f32, f64 or bf16 (cast it first)");
  const auto node = std::make_shared<AccumulateGrad>(x);
  x.impl().autograd = std::shared_ptr<AutogradMetaBase>(node, const_cast<OutputMeta*>(&node->output(0)));
  return *node;
}

/// True if `x` is packed and the last handle on all of its memory, so that keeping it keeps nothing else.
bool can_adopt(const Tensor& x) {
  return x.is_sole_owner() && x.is_contiguous() &&
         x.storage().bytes() == static_cast<std::size_t>(x.numel() * size_of(x.dtype()));
}

}  // namespace

AccumulateGrad::AccumulateGrad(const Tensor& leaf) : Node("leaf") {
  is_leaf_ = true;
  first_output_.describe_as(this, 0, leaf);
}

std::vector<Tensor> AccumulateGrad::backward(const std::vector<Tensor>& grads) {
  accumulate(grads[0]);
  return {};
}

void AccumulateGrad::accumulate(Tensor gradient) {
  if (!requires_grad) return;
  touched = true;
  zero = false;
  if (grad.defined()) {
    raw::axpby_(grad, 1, raw::contiguous(gradient), 1);
  } else {
    grad = can_adopt(gradient) ? std::move(gradient) : raw::clone(gradient);
  }
}

bool requires_grad(const Tensor& x) {
  const Node* node = node_of(x);
  return node != nullptr && (!node->is_leaf() || static_cast<const AccumulateGrad*>(node)->requires_grad);
}

void set_requires_grad(const Tensor& x, bool value) {
  AccumulateGrad* leaf = find_leaf("set_requires_grad", x);
  if (leaf == nullptr && !value) return;
  find_or_make_leaf("set_requires_grad", x).requires_grad = value;
}

bool is_leaf(const Tensor& x) {
  const Node* node = node_of(x);
  return node == nullptr || node->is_leaf();
}

Tensor grad(const Tensor& x) {
  const AccumulateGrad* leaf = find_leaf("grad", x);
  return leaf == nullptr ? Tensor{} : leaf->grad;
}

void set_grad(const Tensor& x, const Tensor& gradient) {
  if (!gradient.defined()) {
    if (AccumulateGrad* leaf = find_leaf("set_grad", x)) leaf->grad = Tensor{}, leaf->zero = false;
    return;
  }
  check(x.defined(), ErrorCode::value, "set_grad: the tensor is undefined");
  check(gradient.shape() == x.shape(), ErrorCode::shape, "set_grad: the gradient has shape ", gradient.shape(),
        ", expected ", x.shape(), " as the tensor has");
  check(gradient.dtype() == x.dtype(), ErrorCode::dtype, "set_grad: the gradient is ", gradient.dtype(), ", expected ",
        x.dtype(), " as the tensor is (cast it)");
  check(gradient.device() == x.device(), ErrorCode::device, "set_grad: the gradient is on ", gradient.device(),
        ", expected ", x.device());
  check(gradient.is_contiguous(), ErrorCode::shape, "set_grad: the gradient ", describe(gradient), " has strides ",
        gradient.strides(), ", expected a contiguous buffer");
  AccumulateGrad& leaf = find_or_make_leaf("set_grad", x);
  leaf.grad = gradient.autograd() ? raw::alias(gradient) : gradient;
  leaf.zero = false;
}

bool grad_touched(const Tensor& x) {
  const AccumulateGrad* leaf = find_leaf("grad_touched", x);
  return leaf != nullptr && leaf->touched;
}

void clear_grad_touched(const Tensor& x) {
  if (AccumulateGrad* leaf = find_leaf("clear_grad_touched", x)) leaf->touched = leaf->zero = false;
}

void declare_grad_zero(const Tensor& x) {
  if (AccumulateGrad* leaf = find_leaf("declare_grad_zero", x)) {
    leaf->touched = false;
    leaf->zero = leaf->grad.defined();
  }
}

void mark_grad_touched(const Tensor& x) {
  if (AccumulateGrad* leaf = find_leaf("mark_grad_touched", x)) leaf->touched = true;
}

Tensor detach(const Tensor& x) { return raw::alias(x); }

}  // namespace aio
