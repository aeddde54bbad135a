#pragma once
#include "autograd/ops.h"  // planted
#include "tensor/tensor.h"
