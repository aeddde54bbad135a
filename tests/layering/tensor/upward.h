// planted: this header lacks its #pragma once
#include <vector>

#include <immintrin.h>      // planted
#include <Eigen/Dense>      // planted
#include "autograd/node.h"  // planted
#include "tensor/shape.h"
