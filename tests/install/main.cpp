// The slope of x^2 at 3, by the installed package.
#include <autograd/autograd.h>
#include <autograd/ops.h>

#include <cstdio>

int main() {
  const aio::Tensor x = aio::Tensor::scalar(3);
  aio::set_requires_grad(x);
  aio::backward(x * x);
  std::printf("%g\n", aio::grad(x).item());
  return aio::grad(x).item() == 6 ? 0 : 1;
}
