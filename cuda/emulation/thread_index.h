#pragma once
// threadIdx and its kin. The emulator sets them before it lets a thread run; kernels read them.

#include "cuda/emulation/emulator.h"

// NOLINTBEGIN: CUDA's names
inline aio::emulation::Dim3 threadIdx, blockIdx, blockDim, gridDim;
// NOLINTEND
