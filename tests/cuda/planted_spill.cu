// Needs more than the 32 registers that tests/CMakeLists.txt gives it.
__global__ void spills(float* y, const float* x) {
  float a[64];
#pragma unroll
  for (int i = 0; i < 64; ++i) a[i] = x[i * 32 + threadIdx.x];
  __syncthreads();
#pragma unroll
  for (int i = 0; i < 64; ++i) y[i * 32 + threadIdx.x] = a[63 - i] * a[i * 7 % 64];
}
