#pragma once
// Whether products of our own are made by an H100's own instructions (gemm_hopper.cu) or by those of an A100
// (gemm_tensor_core.h).

namespace aio::cuda {

/// True if device `index` has compute capability 9.0 exactly and nobody has turned them off, by the environment
/// variable AIO_HOPPER_PRODUCTS=0 or by use_hopper_products(false).
bool hopper_products(int index);
void use_hopper_products(bool on);

}  // namespace aio::cuda
