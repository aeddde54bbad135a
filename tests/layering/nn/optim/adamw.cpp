#include "tensor/backend.h"
void step(const Tensor& x) { backend_for(x).fill(x.view(), 0); }
