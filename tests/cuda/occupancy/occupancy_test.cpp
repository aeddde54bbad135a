// How many warps of a kernel a multiprocessor of an H100 holds at a time, from the committed registers and shared
// memory (tests/cuda/registers-*.txt) by NVIDIA's own calculator, which needs no device: its numbers are given by hand.
//
// What a kernel needs follows from what bounds it. One that reads memory must have enough bytes on the way: 3.35 TB/s
// times 0.7 us of latency is 2.3 MB, or 17.8 kB for each of 132 multiprocessors (Little's law). A warp has 512 bytes on
// the way for each load of 16 bytes that its lanes start before they wait, so it takes 17.8 kB / (512 loads) warps. One
// that computes on tensor cores must give each of the four schedulers another warp to turn to while one waits.
#include <cuda_occupancy.h>
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace {

/// Compute capability 9.0 with the H100 SXM's 132 multiprocessors.
cudaOccDeviceProp h100() {
  cudaOccDeviceProp device;
  device.computeMajor = 9;
  device.computeMinor = 0;
  device.maxThreadsPerBlock = 1024;
  device.maxThreadsPerMultiprocessor = 2048;
  device.regsPerBlock = 65536;
  device.regsPerMultiprocessor = 65536;
  device.warpSize = 32;
  device.sharedMemPerBlock = 48 << 10;
  device.sharedMemPerMultiprocessor = 228 << 10;
  device.numSms = 132;
  device.sharedMemPerBlockOptin = 227 << 10;
  device.reservedSharedMemPerBlock = 1 << 10;
  return device;
}

/// Warps that a multiprocessor holds of a kernel in blocks of `threads`.
int warps(int registers, int shared, int threads) {
  const cudaOccDeviceProp device = h100();
  const cudaOccDeviceState state;
  cudaOccFuncAttributes kernel;
  kernel.maxThreadsPerBlock = threads;
  kernel.numRegs = registers;
  kernel.sharedSizeBytes = static_cast<std::size_t>(shared);
  kernel.partitionedGCConfig = PARTITIONED_GC_OFF;
  kernel.shmemLimitConfig = FUNC_SHMEM_LIMIT_DEFAULT;
  kernel.maxDynamicSharedSizeBytes = 0;
  kernel.numBlockBarriers = 1;
  cudaOccResult result{};
  REQUIRE(cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &kernel, &state, threads, 0) == CUDA_OCC_SUCCESS);
  return result.activeBlocksPerMultiprocessor * threads / 32;
}

/// The row of a kernel of `file`.cu for compute capability 9.0, or for that alone (sm_90a).
void find(const std::string& file, const std::string& kernel, int& registers, int& shared) {
  std::ifstream table(AIO_REGISTER_TABLE);
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string stem, name, architecture;
    if (words >> stem >> name >> architecture >> registers >> shared && stem == file && name == kernel &&
        architecture.rfind("sm_90", 0) == 0)
      return;
  }
  FAIL(kernel, " of ", file, ".cu is not in ", AIO_REGISTER_TABLE);
}

/// Warps needed to keep memory busy when a lane starts `loads` loads of 16 bytes before it waits.
constexpr int for_memory(int loads) { return (17800 + 512 * loads - 1) / (512 * loads); }

}  // namespace

TEST_CASE("the calculator agrees with the programming guide") {
  CHECK(warps(32, 0, 256) == 64);            // nothing limits but the threads
  CHECK(warps(33, 0, 256) == 48);            // registers are handed out by 8: 40 x 32 a warp
  CHECK(warps(255, 0, 128) == 8);            // 2 blocks
  CHECK(warps(32, 48 << 10, 128) == 4 * 4);  // 4 x (48 + 1) KiB of 228
  CHECK(warps(16, 0, 32) == 32);             // 32 blocks at most
}

TEST_CASE("a multiprocessor of an H100 holds the warps that each kernel needs") {
  struct Case {
    const char *file, *kernel;
    int threads, least;
  };
  const Case cases[] = {
      {"attention_backward", "backward_kernel", 512, 16},  // one block, and its dynamic shared memory fits once
      {"gemm_hopper", "gemm_hopper_kernel", 384, 12},      // one block, which hands its registers on among its groups
      {"attention_tensor_core", "forward_kernel", 128, 12},
      {"attention_tensor_core", "backward_queries_kernel", 128, 8},
      {"attention_tensor_core", "backward_keys_kernel", 128, 8},
      {"layer_norm", "layer_norm_forward_kernel", 128, for_memory(1)},
      {"layer_norm", "layer_norm_backward_kernel", 128, for_memory(2)},
      {"layer_norm", "layer_norm_backward_rows", 256, for_memory(6)},  // at 768 columns three of x, three of dy
      {"adamw", "adamw_kernel", 256, for_memory(4)},
  };
  for (const Case& c : cases) {
    int registers = 0, shared = 0;
    find(c.file, c.kernel, registers, shared);
    const int held = warps(registers, shared, c.threads);
    MESSAGE(std::string(c.kernel), ": ", registers, " registers, ", shared, " bytes shared, ", held, " warps, needs ",
            c.least);
    CHECK(held >= c.least);
  }
}
